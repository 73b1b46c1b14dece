"""The verbs of a chat that move it on: say something, and wait for the answer or watch it arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatkit._chat.state import ChatState
from chatkit._display.choosing import EchoMode
from chatkit._display.watching import Watcher
from chatkit._engine.asks import Script
from chatkit._engine.call import Call
from chatkit._engine.limits import Limits, check_limits
from chatkit._engine.loop import ToolMode, converse, is_concurrent
from chatkit._engine.streams import AsyncStream, Stream
from chatkit._engine.tool_choice import check_tool_choice
from chatkit._turns.contents import Content
from chatkit._turns.inputs import user_turn
from chatkit._turns.reply import Reply


class Talking(ChatState):
    """What a chat says and hears."""

    def chat(
        self,
        *contents: str | Content | None,
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
        tool_choice: str | None = None,
    ) -> Reply:
        """Say something and wait for the whole answer; tools that the model asks for are run on the way.

        The answer is streamed when it is echoed, and asked for as a whole otherwise. The twins are `chat_async`,
        `stream` and `stream_async`.

        Args:
            *contents: Texts and other contents; at least one.
            echo: What is printed, for this call: "none", "output" or "all".
            tool_mode: Whether several tools of one answer run one after the other or at once, in threads.
            limits: What this call may use up: rounds, tool calls, tokens, cost, seconds.
            tool_choice: "auto" leaves calling tools to the model, "none" rules it out for this call, "required"
                demands one, and the name of a tool demands that one. A demand counts for the first answer; after it
                the model is free, or it could never come to an end. A few servers, such as Ollama, do not heed
                demands. None leaves it to the server, which is "auto" nearly everywhere.

        Returns:
            The text of the last answer, a `str` that also carries its `turn`. When tool calls wait for approval,
            `pending` has them and the call ends there: go on with `resume()`.

        Raises:
            ConfigError: when nothing was given, something that is no content, or a `tool_choice` that cannot be.
            ChatBusyError: when the chat is in the middle of another call.
            APIError: when the server cannot be reached or gives no proper answer.
            IncompleteOutputError: when an answer that asked for tools was cut off.
            LimitError: when a limit is reached; `ToolLoopLimitError` when the model keeps asking for tools.
            Cancelled: when `cancel()` was called.
        """
        shown = self._showing(echo)
        allowed = check_limits(limits)
        script = self._converse(contents, tool_mode, allowed, tool_choice, stream=shown.stream)
        return self._reply(self._hear(script, shown.display, allowed))

    async def chat_async(
        self,
        *contents: str | Content | None,
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
        tool_choice: str | None = None,
    ) -> Reply:
        """Say something and await the whole answer. The twin of `chat`, without an echo unless one is asked for.

        Args:
            *contents: As for `chat`.
            echo: What is printed, for this call.
            tool_mode: Whether several tools of one answer run one after the other or at once.
            limits: What this call may use up.
            tool_choice: As for `chat`.

        Returns:
            As for `chat`.

        Raises:
            ChatkitError: as for `chat`.
        """
        shown = self._showing(echo)
        allowed = check_limits(limits)
        script = self._converse(contents, tool_mode, allowed, tool_choice, stream=shown.stream)
        return self._reply(await self._hear_async(script, shown.display, allowed))

    def stream(
        self,
        *contents: str | Content | None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
        tool_choice: str | None = None,
    ) -> Stream:
        """Say something and iterate over the answer while it arrives. Nothing is sent before the first step.

        Args:
            *contents: As for `chat`.
            tool_mode: As for `chat`.
            limits: As for `chat`.
            tool_choice: As for `chat`.

        Returns:
            A `Stream`: iterate over it for the text, or over its `events()`; it is a context manager too.

        Raises:
            ConfigError: when nothing was given, something that is no content, or a `tool_choice` that cannot be.
                While iterating: as for `chat`, but `cancel()` just ends it.
        """
        allowed = check_limits(limits)
        script = self._converse(contents, tool_mode, allowed, tool_choice, stream=True)
        return Stream(self._call(script, allowed), Watcher(None))

    def stream_async(
        self,
        *contents: str | Content | None,
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
        tool_choice: str | None = None,
    ) -> AsyncStream:
        """Say something and iterate over the answer with `async for`. The twin of `stream`; not to be awaited itself.

        Args:
            *contents: As for `chat`.
            tool_mode: As for `chat_async`.
            limits: As for `chat`.
            tool_choice: As for `chat`.

        Returns:
            An `AsyncStream`: iterate over it for the text, or over its `events()`; also for `async with`.

        Raises:
            ConfigError: as for `stream`. While iterating: as for `chat`, but `cancel()` just ends it.
        """
        allowed = check_limits(limits)
        script = self._converse(contents, tool_mode, allowed, tool_choice, stream=True)
        return AsyncStream(self._call_async(script, allowed), Watcher(None))

    def cancel(self, reason: str = "cancelled") -> None:
        """End the call that is going on, from any thread; harmless when there is none.

        What has arrived stays as a partial turn that is marked with the reason. `chat()` then raises `Cancelled`;
        an iteration just ends.

        Args:
            reason: Why.
        """
        call = self._talk.busy.holder
        if isinstance(call, Call):
            call.cancel(reason)

    def _end(self, reason: str) -> None:
        call = self._talk.busy.holder
        if isinstance(call, Call):
            call.end(reason)

    def _converse(
        self, contents: Iterable[Any], tool_mode: ToolMode, limits: Limits, tool_choice: str | None, *, stream: bool
    ) -> Script:
        return converse(
            self._talk,
            user_turn(contents),
            stream=stream,
            concurrent=is_concurrent(tool_mode),
            limits=limits,
            tool_choice=check_tool_choice(tool_choice, self._talk.toolbox.tools),
        )
