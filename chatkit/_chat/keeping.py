"""A chat kept: saved to a file and loaded again, told as messages, and exported for people to read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chatkit._chat.remembering import Remembering
from chatkit._display.choosing import EchoMode
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._turns.inputs import whole_history

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from requests import Session


class Keeping(Remembering):
    """What of a chat is kept."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the chat to a file: system prompt, turns, model, fallbacks, limits and metadata, in versioned JSON.

        No key and no header is in it, but `api_args` and `params` are, as they are; tools are saved by name. Tool calls
        that wait for approval are part of the turns, and wait in the loaded chat too. The file is whole or not there
        at all, and a new one can be read by its owner only.

        Args:
            path: Where to; the folder must exist.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when something in it cannot be said in JSON, such as an object in `metadata`.
            ConfigError: when its provider, or a fallback, is one of your own making.
            OSError: when the file cannot be written; an old one is unharmed.
        """
        from chatkit._chat.saved import chat_record
        from chatkit._record.chat import save_chat

        self._talk.busy.check()
        save_chat(path, chat_record(self._talk))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        tools: Iterable[Callable[..., Any]] = (),
        credentials: Callable[[], Any] | None = None,
        api_headers: Mapping[str, str] | None = None,
        timeout: TimeLimits | float | None = None,
        session: Session | None = None,
        echo: EchoMode | bool | None = None,
    ) -> Self:
        """Load a chat that was saved. Nothing is sent and nothing runs by it.

        Args:
            path: The file.
            tools: The functions and tools of the chat: those whose names were saved, and others if wanted. A tool
                that was saved and is not given here is left out, with a warning.
            credentials: As for the constructors. It is used for the address that the file names: give it for files
                you trust. Without it a key is looked for where the service looks for it, and sent to that service's
                own hosts only, whatever address the file names. Fallbacks at other addresses never get it; one that
                had a key of its own is without it, and says so when it is asked.
            api_headers: As for the constructors; they are not saved, and are for the chat's own address only.
            timeout: As for the constructors.
            session: As for the constructors.
            echo: As for the constructors.

        Raises:
            HistoryError: when it is no saved chat, damaged, of a newer version, or too large; it names the place.
            ConfigError: when something else given cannot be used.
            OSError: when the file cannot be read.
        """
        from chatkit._chat.saved import conversation_of
        from chatkit._record.chat import load_chat
        from chatkit._record.files import path_name

        talk = conversation_of(
            load_chat(path),
            f"{path_name(path)}: $",
            tools=tools,
            credentials=credentials,
            api_headers=api_headers,
            timeout=timeout,
        )
        return cls(talk, LazyTransport(session), echo=echo)

    def to_messages(self) -> list[dict[str, Any]]:
        """The conversation as messages in OpenAI's form, system prompt included, as the strictest server takes them."""
        from chatkit._providers.openai_messages import to_messages

        system = self._talk.system
        return to_messages(self._talk.history.turns, system=system.text if system is not None else None)

    def from_messages(self, messages: Iterable[Any]) -> Self:
        """Replace the turns by messages in OpenAI's form; a system message among them becomes the system prompt.

        Args:
            messages: Dicts, or messages of openai-python. See the function `from_messages` for what they may hold.

        Returns:
            The chat itself.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when something in them cannot be understood; the chat is unchanged.
        """
        from chatkit._providers.openai_messages import from_messages

        system, history = whole_history(from_messages(messages))
        self._put(history, system)
        return self

    def export(self, path: str | os.PathLike[str], *, title: str = "Chat", include_system_prompt: bool = False) -> Path:
        """Write the conversation to a file for people to read: `.md`, `.html` (one file) or `.ipynb`.

        Args:
            path: Where to; the ending of its name says in which form.
            title: Any text.
            include_system_prompt: Whether the system prompt is in it.

        Returns:
            The path.

        Raises:
            ConfigError: when the ending is not known.
            OSError: when the file cannot be written.
        """
        from chatkit._render.export import export

        return export(self, path, title=title, include_system_prompt=include_system_prompt)
