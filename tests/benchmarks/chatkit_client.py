"""chatkit, as anybody would use it, behind the same face as the other clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any, TextIO

from chatkit import Chat, chat_openai_compatible


class Client:
    """A conversation. See `raw_client.Client`.

    Args:
        base_url: Where the server is, with the scenario in its path.
    """

    def __init__(self, base_url: str) -> None:
        self.chat = chat_openai_compatible(
            base_url, model="benchmark", credentials=lambda: "benchmark-key", echo="none", max_tool_rounds=1000
        )

    def afresh(self) -> Client:
        """A new conversation over the same connections."""
        twin = Client.__new__(Client)
        twin.chat = self.chat.clone().set_turns([])
        return twin

    def apart(self) -> Client:
        """A conversation for another thread."""
        return self.afresh()

    def answer(self, prompt: str) -> str:
        """Ask for a whole answer in a conversation of its own."""
        return str(self._asking().chat(prompt))

    def say(self, text: str) -> str:
        """Go on with the conversation and wait for the whole answer."""
        return str(self.chat.chat(text))

    def stream(self, prompt: str) -> Iterator[str]:
        """Ask for a streamed answer in a conversation of its own and give its texts."""
        return iter(self._asking().stream(prompt))

    def echo(self, prompt: str, out: TextIO) -> str:
        """Ask for a streamed answer and show each piece of it at once."""
        with redirect_stdout(out):
            return str(self._asking().chat(prompt, echo="output"))

    def offer(self, tool: Callable[..., Any]) -> None:
        """Offer a tool to the model."""
        self.chat.register_tool(tool)

    def use_tool(self, prompt: str) -> str:
        """Go on with the conversation, calling the tool as often as the model wants it."""
        return str(self.chat.chat(prompt))

    def _asking(self) -> Chat:
        # A chat keeps its turns; for a question that stands alone it has to forget the one before.
        return self.chat.set_turns([])
