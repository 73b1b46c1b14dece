"""Tool calls of a chat that wait for approval, and going on with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from chatkit._chat.state import ChatState
from chatkit._display.choosing import EchoMode
from chatkit._display.watching import Watcher
from chatkit._engine.asks import Script
from chatkit._engine.limits import Limits, check_limits
from chatkit._engine.loop import ToolMode, is_concurrent, resume
from chatkit._engine.streams import AsyncStream, Stream
from chatkit._turns.approvals import PendingApproval, Verdict, verdicts_of, waiting_requests
from chatkit._turns.reply import Reply

Approver: TypeAlias = Callable[[PendingApproval], Verdict | Awaitable[Verdict]]
# A call by its id, by its token, or as it was shown.
Named: TypeAlias = str | PendingApproval
Approved: TypeAlias = bool | Named | Iterable[Named]
Denied: TypeAlias = bool | Named | Iterable[Named] | Mapping[str, str]


class Approving(ChatState):
    """What a chat may run only after a yes."""

    def pending_approvals(self) -> list[PendingApproval]:
        """The tool calls that wait for a yes or a no, oldest first.

        They are the calls of the last answer that have no result. They are part of the turns, so they are saved,
        loaded and forked with them, and nothing runs before `resume()` says so. Saying something else instead
        answers them all with an error that the model reads.
        """
        return [PendingApproval(request) for request in waiting_requests(self._talk.history.turns)]

    def resume(
        self,
        *,
        approve: Approved = (),
        deny: Denied = (),
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> Reply:
        """Decide on tool calls that wait, run those approved, and go on with the answer.

        The twins are `resume_async`, `stream_resume` and `stream_resume_async`.

        Args:
            approve: The calls that may run: their ids, their tokens, `PendingApproval` values, or True for all. A
                token and a value are held against what would run, its name and its arguments.
            deny: The calls that must not, likewise; a mapping from ids or tokens to reasons tells the model why.
            echo: As for `chat`.
            tool_mode: As for `chat`.
            limits: As for `chat`.

        Returns:
            As for `chat`. Calls that were not decided on go on waiting, and the answer with them.

        Raises:
            ConfigError: when nothing waits, nothing is decided, a call is named that does not wait, one is both
                approved and denied, or a token does not fit the call. Nothing was run then.
            ChatkitError: as for `chat`.
        """
        shown, allowed = self._showing(echo), check_limits(limits)
        script = self._resume(approve, deny, tool_mode, allowed, stream=shown.stream)
        return self._reply(self._hear(script, shown.display, allowed))

    async def resume_async(
        self,
        *,
        approve: Approved = (),
        deny: Denied = (),
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> Reply:
        """Decide on tool calls that wait, and go on. The twin of `resume`, with the same arguments."""
        shown, allowed = self._showing(echo), check_limits(limits)
        script = self._resume(approve, deny, tool_mode, allowed, stream=shown.stream)
        return self._reply(await self._hear_async(script, shown.display, allowed))

    def stream_resume(
        self,
        *,
        approve: Approved = (),
        deny: Denied = (),
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> Stream:
        """Decide on tool calls that wait, and iterate over the answer while it arrives.

        The arguments are those of `resume`, the answer is that of `stream`.
        """
        allowed = check_limits(limits)
        script = self._resume(approve, deny, tool_mode, allowed, stream=True)
        return Stream(self._call(script, allowed), Watcher(None))

    def stream_resume_async(
        self,
        *,
        approve: Approved = (),
        deny: Denied = (),
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> AsyncStream:
        """Decide on tool calls that wait, and go on with `async for`.

        The twin of `stream_resume`, with the same arguments.
        """
        allowed = check_limits(limits)
        script = self._resume(approve, deny, tool_mode, allowed, stream=True)
        return AsyncStream(self._call_async(script, allowed), Watcher(None))

    def on_approval(self, callback: Approver) -> Callable[[], None]:
        """Be asked about each tool call that needs approval, instead of having the answer pause.

        At an interactive prompt and in a notebook the user is asked when no callback decides.

        Args:
            callback: Takes the `PendingApproval` and gives True, False, a reason to deny it, or None to leave it to
                the next callback and at last to `resume()`; plain or async. The newest callback is asked first.

        Returns:
            A function that removes the callback.
        """
        return self._talk.approvers.add(callback)

    def _resume(self, approve: Any, deny: Any, tool_mode: ToolMode, limits: Limits, *, stream: bool) -> Script:
        verdicts = verdicts_of(self.pending_approvals(), approve, deny)
        concurrent = is_concurrent(tool_mode)
        return resume(self._talk, verdicts, stream=stream, concurrent=concurrent, limits=limits)
