"""Deadlines: the wall-clock limits of a call and of its chat, kept by the drivers, since the loop reads no clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from chatkit._engine.limits import Limits
from chatkit._errors import LimitError
from chatkit._http.messages import Request


class Deadline:
    """The moment at which a call must be over; there may be none.

    Args:
        budgets: Whose limit it is ("call" or "chat"), the seconds that are left of it, and the limit itself.
        clock: Gives seconds.
    """

    __slots__ = ("_at", "_clock", "_limit", "_scope")

    def __init__(
        self, budgets: Iterable[tuple[str, float, float]] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._scope, left, self._limit = min(budgets, key=lambda budget: budget[1], default=("", 0.0, 0.0))
        self._at = clock() + left if self._scope else None

    @classmethod
    def of(cls, call: Limits, chat: Limits, spent: float) -> Deadline:
        """The deadline that the limits of a call and of its chat set, when the chat has spent some seconds already."""
        budgets = []
        if call.seconds is not None:
            budgets.append(("call", call.seconds, call.seconds))
        if chat.seconds is not None:
            budgets.append(("chat", chat.seconds - spent, chat.seconds))
        return cls(budgets)

    @property
    def passed(self) -> bool:
        """Whether it is too late."""
        return self._at is not None and self._clock() >= self._at

    def left(self) -> float | None:
        """The seconds that are left, 0 when it is too late; None without a limit."""
        return None if self._at is None else max(0.0, self._at - self._clock())

    def check(self) -> None:
        """Make sure that there is time left.

        Raises:
            LimitError: when there is not.
        """
        if self.passed:
            raise self.error()

    def bound(self, request: Request) -> Request:
        """The request with a total time limit that ends at the deadline.

        Raises:
            LimitError: when that has passed.
        """
        if self._at is None:
            return request
        left = self._at - self._clock()
        if left <= 0:
            raise self.error()
        total = request.limits.total
        return replace(request, limits=replace(request.limits, total=left if total is None else min(total, left)))

    def pause(self, seconds: float) -> float:
        """The seconds to wait, which is no use when the deadline comes first.

        Raises:
            LimitError: when it does.
        """
        if self._at is not None and self._clock() + seconds >= self._at:
            raise self.error()
        return seconds

    def error(self) -> LimitError:
        """The error that tells that it is too late."""
        return LimitError(
            f"The {self._scope}'s limit of {self._limit:g} seconds is reached.",
            hint="Raise seconds in limits=Limits(...) if that is right; the chat can go on.",
            name="seconds",
            scope=self._scope,
            limit=self._limit,
            used=self._limit,
        )


NO_DEADLINE = Deadline()
