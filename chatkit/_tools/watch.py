"""Whether a tool call is still wanted, and who hears how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatkit._errors import Cancelled
from chatkit._turns.contents import ContentToolRequest


class TimedOut(Exception):
    """A driver says to a call that its tool took too long."""


@dataclass(slots=True)
class Halt:
    """Whether the calls of a run that have not begun should not begin any more.

    Args:
        stop: Tells that they should not; once it has said so it is not asked again.
        reached: Also set when a call of the run ended in an exception.
        stopped: Set when `stop` said so.
    """

    stop: Callable[[], bool] | None = None
    reached: bool = False
    stopped: bool = False

    def __call__(self) -> bool:
        return self.reached or self.asked()

    def asked(self) -> bool:
        """Whether somebody wants the run to end; calls that are under way heed it, too."""
        if self.stop is not None and not self.stopped:
            self.stopped = self.stop()
        return self.stopped


def _nobody(value: Any) -> None:
    """Hear of progress when nobody else does."""


@dataclass(slots=True, eq=False)
class Watch:
    """What links a call under way to whoever waits for it.

    Args:
        request: The call.
        halt: The state of the run.
        timeout: Seconds it may take; None means no limit.
        apart: Whether its tool must not run in the waiting thread: it may be left behind, or speaks while it runs.
        tell: Is told of progress; set by the driver.
        over: Whether nobody waits any more, since the call ended, timed out or was left.
        leave: Called when it is left; set by who can end it from afar.
    """

    request: ContentToolRequest
    halt: Halt
    timeout: float | None = None
    apart: bool = False
    tell: Callable[[Any], None] = _nobody
    over: bool = False
    leave: Callable[[], Any] | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the call should end early."""
        return self.over or self.halt.asked()

    def check(self) -> None:
        """Make sure that the call is still wanted.

        Raises:
            Cancelled: when it is not.
        """
        if self.cancelled:
            raise Cancelled(f"The call of tool `{self.request.name}` is not wanted any more.")

    def report(self, value: Any) -> None:
        """Tell of progress, unless nobody listens any more."""
        if not self.over:
            self.tell(value)

    def end(self) -> None:
        """Stop waiting for the call."""
        self.over = True
        leave = self.leave
        if leave is not None:
            # An event loop that has just been closed has nothing left to end.
            with contextlib.suppress(RuntimeError):
                leave()
