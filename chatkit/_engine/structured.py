"""How a typed answer is got: tools first, then the answer, down a ladder of ways, with repairs.

A pure generator like the loop of ordinary answers, run by the same drivers. Only one exchange comes into the history:
the user's words, and the answer as JSON. What was tried and came to nothing is not in it, unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Generic, TypeAlias, TypeVar

from chatkit._engine.asks import Ask
from chatkit._engine.conversation import Conversation
from chatkit._engine.ladder import Ladder, refuses_way
from chatkit._engine.limits import Limits, Meter
from chatkit._engine.pricing import cleared, costed, note
from chatkit._engine.reaching import reach
from chatkit._engine.tool_rounds import run_tools
from chatkit._engine.verdict import Verdict, judge
from chatkit._errors import APIError, IncompleteOutputError, StructuredOutputError
from chatkit._http.messages import Request
from chatkit._providers.provider import Provider
from chatkit._turns.accounting import total_usage
from chatkit._turns.events import Event, Retrying, TurnEnded, TurnStarted
from chatkit._turns.lawful import Said
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit._types.answer import Answer
from chatkit._types.wanted import Wanted

T = TypeVar("T")
_Judging: TypeAlias = Generator[Event | Ask, Any, Verdict]
_Telling: TypeAlias = Generator[Event | Ask, Any, None]
_SHOWN = 3
_TOLD = 20
# Sent where the user said nothing, since the last word must not be the model's; it does not come into the history.
_GO_ON = UserTurn("Give the answer now.")


class Wish(Generic[T]):
    """A typed answer that is asked for, and what came of it.

    Args:
        answer: What it looks like.
        ladder: The ways to ask for it.
        repairs: How many times the model may correct itself.
        keep_repairs: Whether the answers that did not fit stay in the history.

    Attributes:
        turns: All whole answers that came, those included that are not in the history.
        verdict: The last judgement; the answer is there when it is good.
    """

    def __init__(self, answer: Answer[T], ladder: Ladder, repairs: int = 1, keep_repairs: bool = False) -> None:
        self.answer = answer
        self.ladder = ladder
        self.repairs = repairs
        self.keep_repairs = keep_repairs
        self.turns: list[AssistantTurn] = []
        self.verdict: Verdict | None = None

    @property
    def granted(self) -> bool:
        """Whether the answer is there."""
        return self.verdict is not None and self.verdict.kind == "good"

    @property
    def value(self) -> T:
        """The answer.

        Raises:
            IncompleteOutputError: when it is not there, or not yet.
        """
        if self.verdict is None or self.verdict.kind != "good":
            raise IncompleteOutputError("The typed answer is not there (yet).")
        value: T = self.verdict.value
        return value


def converse_typed(
    talk: Conversation,
    user: UserTurn | None,
    wish: Wish[Any],
    *,
    stream: bool,
    concurrent: bool,
    limits: Limits | None = None,
) -> _Telling:
    """One call of `chat_structured()`: let the model use its tools, then ask for the answer until it is of the type.

    Args:
        talk: The conversation; it is moved on.
        user: What the user says; None when it is all said.
        wish: What is asked for; it is told what came of it.
        stream: Whether answers shall come in pieces.
        concurrent: Whether the tools of one answer run at once.
        limits: What the call may use up.
    """
    asking = _Asking(talk, user, wish, talk.meter(limits), stream)
    if talk.toolbox.definitions:
        yield from asking.use_tools(concurrent)
    if not wish.granted:
        yield from asking.answer()


class _Asking:
    """One call, in the middle of it."""

    def __init__(self, talk: Conversation, user: UserTurn | None, wish: Wish[Any], meter: Meter, stream: bool) -> None:
        self._talk = talk
        self._wish = wish
        self._meter = meter
        self._stream = stream
        # What comes into the history with the next answer; what goes into the next request behind it; what is told.
        self._user = user
        self._then: list[Said] = []
        self._opening = user or UserTurn()

    def use_tools(self, concurrent: bool) -> _Telling:
        """Let the model use tools until it wants none. What it says then is kept only if it is the answer."""
        while (verdict := (yield from self._once(None))).kind == "tools":
            results = yield from run_tools(self._talk, verdict.turn, self._meter, concurrent=concurrent)
            if results is None:
                raise IncompleteOutputError(
                    "Tool calls wait for approval, so that there is no typed answer yet.",
                    hint="Decide on them with resume(), then ask for the answer again.",
                    turn=verdict.turn,
                )
            self._user, self._opening = None, results
        if verdict.kind == "refused":
            self._raise(verdict)

    def answer(self) -> _Telling:
        """Ask for the answer, and let the model correct itself as often as it may."""
        repairs = self._wish.repairs
        while (verdict := (yield from self._way_down())).kind != "good":
            if verdict.error is not None:
                self._raise(verdict)
            if not repairs:
                raise self._exhausted(verdict)
            repairs -= 1
            yield self._again(_in_short(verdict))
            self._repair(verdict)
        if not verdict.turn.attempts:
            # What a fallback knows says nothing of the server that was to answer.
            self._wish.ladder.remember(self._talk.provider)

    def _way_down(self) -> _Judging:
        """An answer in the best way that the server knows; steps down while it refuses or ignores them."""
        ladder = self._wish.ladder
        while True:
            answer, way = self._wish.answer, ladder.way
            wanted = Wanted(answer.name, answer.description, answer.schema, way, ladder.strict)
            try:
                verdict = yield from self._once(wanted)
            except APIError as error:
                failure: APIError | None = error
            else:
                failure = None
                if verdict.kind != "nothing" or not ladder.step_down():
                    return verdict
            if failure is not None and not (refuses_way(failure, way) and ladder.step_down(failure)):
                raise failure
            what = "refused" if failure is not None else "ignored"
            yield self._again(f"the server {what} the way {way!r}; now {ladder.way!r}")

    def _once(self, wanted: Wanted | None) -> _Judging:
        """Send one request, judge the answer, and commit it if it is to stay."""
        talk, wish = self._talk, self._wish
        yield from cleared(talk, self._meter)
        yield TurnStarted(self._opening)
        with talk.history.draft(self._user) as draft:
            turn = yield from reach(talk, draft, lambda provider: self._worded(provider, wanted))
            turn = yield from costed(talk, self._meter, turn)
            note(talk, self._meter, turn)
            wish.turns.append(turn)
            asks = wanted is None and bool(turn.tool_requests)
            verdict = wish.verdict = Verdict("tools", turn) if asks else judge(turn, wish.answer)
            if self._stays(verdict, wanted):
                draft.finish(verdict.turn)
        if draft.turn is not None:
            # As it stands in the history: its requests may have got ids of their own.
            verdict = wish.verdict = replace(verdict, turn=draft.turn)
            yield TurnEnded(draft.turn)
        return verdict

    def _worded(self, provider: Provider, wanted: Wanted | None) -> Request:
        talk = self._talk
        turns = talk.history.sendable(self._user, *self._then)
        if not turns or isinstance(turns[-1], AssistantTurn):
            turns = [*turns, _GO_ON]
        if wanted is None:
            return provider.request(turns, system=talk.system, tools=talk.toolbox.definitions, stream=self._stream)
        return provider.request(turns, system=talk.system, tools=(), stream=self._stream, wanted=wanted)

    def _stays(self, verdict: Verdict, wanted: Wanted | None) -> bool:
        if verdict.kind in ("good", "refused", "tools"):
            return True
        if wanted is None:
            return False  # sentences after the last tool; the answer itself is still to come
        if verdict.kind == "cut off":
            return True
        return self._wish.keep_repairs and (verdict.kind == "wrong" or self._wish.ladder.at_end)

    def _repair(self, verdict: Verdict) -> None:
        """Put what is wrong into words for the model."""
        request = UserTurn(_complaint(verdict, self._wish.answer))
        if self._wish.keep_repairs:
            self._user = self._opening = request
        else:
            self._then += [verdict.turn, request]

    def _again(self, why: str) -> Retrying:
        return Retrying(len(self._wish.turns) or 1, 0.0, why)

    def _raise(self, verdict: Verdict) -> None:
        assert verdict.error is not None
        verdict.error.turn = verdict.turn
        raise verdict.error

    def _exhausted(self, verdict: Verdict) -> StructuredOutputError:
        turns = self._wish.turns
        tries = "1 answer" if len(turns) == 1 else f"{len(turns)} answers"
        return StructuredOutputError(
            f"The model gave no answer of the type asked for, in {tries}: {_in_short(verdict)}.",
            hint="`errors` tells all that is wrong by JSON path, `raw` is the last answer's text; repairs= lets the "
            "model correct itself more often.",
            raw=verdict.turn.text,
            errors=dict(verdict.problems),
            turn=verdict.turn,
            usage=total_usage(turns),
        )


def _in_short(verdict: Verdict) -> str:
    texts = [f"{path}: {text}" for path, text in list(verdict.problems.items())[:_SHOWN]]
    more = len(verdict.problems) - len(texts)
    return "; ".join(texts) + (f"; and {more} more" if more else "")


def _complaint(verdict: Verdict, answer: Answer[Any]) -> str:
    root = answer.root_path
    lines = [f"- {root}{path[1:]}: {text}" for path, text in list(verdict.problems.items())[:_TOLD]]
    return "\n".join(
        [
            "This answer cannot be used. What is wrong with it, by JSON path:",
            *lines,
            "Give the whole answer again, corrected: one JSON object that conforms to the schema, and nothing else.",
        ]
    )
