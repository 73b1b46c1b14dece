"""The attempts to get one answer: who is asked now, who comes next, and when to give up.

The chat's own provider is asked first, then its fallbacks in their order, each at once. When all have failed, those
that may do better later are asked again, from the first, each as often as the policy for retries allows. Every answer
begins with the chat's own provider anew: nothing sticks to a fallback that helped once.

Nothing here sends or waits: what comes next is told as an event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatkit._engine.conversation import Conversation
from chatkit._engine.failures import Failure, is_loading, passes_on, reason_of, service_of
from chatkit._errors import APIError
from chatkit._providers.addresses import host_of
from chatkit._providers.provider import Provider
from chatkit._turns.details import FailedAttempt
from chatkit._turns.events import ModelLoading, Retrying
from chatkit._turns.turns import AssistantTurn

_MAX_CONCESSIONS = 4


@dataclass(slots=True, eq=False)
class _Candidate:
    """One of those who may answer.

    Args:
        place: 0 is the chat's own provider, 1 its first fallback.
        conceded: How many quirks of its server were given in to.
        asked: How many times it was asked and failed.
        loads: How many of these times it was still loading the model, which does not count against the policy.
        waited: Seconds waited for it while it was loading.
        error: What it came to last.
        left: Seconds until it may be asked again; None is never.
        patient: Whether it must not be asked sooner, because it said so itself.
        loading: Whether it was still loading when it was last asked.
    """

    place: int
    conceded: int = 0
    asked: int = 0
    loads: int = 0
    waited: float = 0.0
    error: Failure | None = None
    left: float | None = None
    patient: bool = False
    loading: bool = False

    def wait(self, left: float, seconds: float) -> None:
        """Note that a pause was made, when so much was left until it may be asked again."""
        self.left = left - seconds
        if self.loading:
            self.waited += seconds


class Attempts:
    """The attempts to get one answer.

    Args:
        talk: The conversation; what is conceded to a server is remembered there.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._all = [_Candidate(place) for place in range(1 + len(talk.fallbacks))]
        self._now, *self._next = self._all
        self._failed: list[tuple[_Candidate, FailedAttempt]] = []

    @property
    def provider(self) -> Provider:
        """Who is asked now."""
        return self._provider(self._now)

    def concede(self, error: APIError) -> bool:
        """Give in to what a server refused, where that is a known quirk.

        Returns:
            Whether the same server is to be asked anew.
        """
        conceding = self.provider.conceding(error) if self._now.conceded < _MAX_CONCESSIONS else None
        if conceding is None:
            return False
        self._now.conceded += 1
        place = self._now.place
        if place == 0:
            self._talk.provider = conceding
        else:
            others = self._talk.fallbacks
            self._talk.fallbacks = (*others[: place - 1], conceding, *others[place:])
        return True

    def fail(self, error: Failure) -> None:
        """Note what the one asked now came to."""
        now, provider, retries = self._now, self.provider, self._talk.retries
        self._failed.append((now, FailedAttempt(provider.asked_model, service_of(provider), reason_of(error))))
        now.error, now.left, now.asked = error, None, now.asked + 1
        if not isinstance(error, APIError):
            return
        error.attempts = now.asked
        now.loading = retries.wait_for_model > 0 and is_loading(error, provider)
        now.patient = now.loading or error.retry_after is not None
        if now.loading:
            now.left = retries.loading_delay(error, now.waited, now.loads)
            now.loads += 1
        else:
            now.left = retries.delay(error, now.asked - now.loads, self._talk.jitter)

    def follow(self) -> Retrying | ModelLoading | None:
        """Go on after a failure: to the next one at once, or after a pause to a further round.

        Returns:
            What is to be told, with the pause to make; None to give up.
        """
        failed = self._now
        moves_on = failed.error is not None and passes_on(failed.error)
        if moves_on and self._next:
            self._now = self._next.pop(0)
            return self._retrying(failed, 0.0)
        waiting = [(one.left, one) for one in (self._all if moves_on else [failed]) if one.left is not None]
        if not waiting:
            return None
        pause = min(left for left, _ in waiting)
        due = [one for left, one in waiting if left <= pause or not one.patient]
        self._now, self._next = due[0], [*due[1:], *self._next]
        told = self._loading(pause) if self._now.loading else self._retrying(failed, pause)
        for left, one in waiting:
            one.wait(left, pause)
        return told

    def answered(self, turn: AssistantTurn) -> AssistantTurn:
        """The answer; those others who failed before it are noted on it."""
        others = tuple(attempt for one, attempt in self._failed if one is not self._now)
        return replace(turn, attempts=others) if others else turn

    def given_up(self, error: Failure) -> Failure:
        """The error that all comes to: the last one, with the others in its hint."""
        if isinstance(error, APIError):
            error.attempts = len(self._failed)
        error.hint = " ".join(filter(None, [error.hint, self._patience(error), self._others()]))
        return error

    def _patience(self, error: Failure) -> str:
        if not is_loading(error, self.provider):
            return ""
        if self._talk.retries.wait_for_model:
            return f"It was waited for {self._now.waited:.3g} s, as wait_for_model= says."
        return "wait_for_model=True waits until it is ready."

    def _others(self) -> str:
        told = [self._told(one, one.error) for one in self._all if one is not self._now and one.error is not None]
        return f"Tried before: {'; '.join(told)}." if told else ""

    def _provider(self, one: _Candidate) -> Provider:
        return self._talk.fallbacks[one.place - 1] if one.place else self._talk.provider

    def _told(self, one: _Candidate, error: Failure) -> str:
        provider = self._provider(one)
        return f"{provider.asked_model} at {host_of(provider.base_url)}: {reason_of(error).rstrip('.')}"

    def _retrying(self, failed: _Candidate, delay: float) -> Retrying:
        attempt, error = len(self._failed), str(failed.error)
        if self._now is failed:
            return Retrying(attempt, delay, error)
        before, provider = self._provider(failed), self.provider
        same = (before.name, before.base_url) == (provider.name, provider.base_url)
        return Retrying(attempt, delay, error, provider.asked_model, None if same else service_of(provider))

    def _loading(self, delay: float) -> ModelLoading:
        return ModelLoading(self._now.waited, self._talk.retries.wait_for_model, delay, str(self._now.error))
