"""The recorded form of turns: plain objects that begin with the role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.contents import CONTENTS
from chatkit._record.kinds import Kind, count, fields_of, integer, items, number, optional, refused, text
from chatkit._record.shapes import Shape
from chatkit._turns.details import FailedAttempt, Source, TokenLogProb
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn, Usage, UserTurn

MOST_TURNS = 100_000
"""How many turns one record may hold."""
TURN_TYPES = (SystemTurn, UserTurn, AssistantTurn)
_COUNT, _NUMBER, _TEXT = optional(count), optional(number), optional(text)
_USAGE = Shape(
    Usage, input_tokens=_COUNT, output_tokens=_COUNT, cached_tokens=_COUNT, reasoning_tokens=_COUNT, image_tokens=_COUNT
)
_INTEGER = optional(integer)
_SOURCE = Shape(Source, url=text, title=_TEXT, start=_INTEGER, end=_INTEGER)
_ATTEMPT = Shape(FailedAttempt, model=text, service=text, error=text)


def _list_of(shape: Shape) -> Kind:
    return Kind(
        lambda values, at: [shape.write(value, f"{at}[{place}]") for place, value in enumerate(items(values, at))],
        lambda record, at: tuple(shape.read(item, f"{at}[{place}]") for place, item in enumerate(items(record, at))),
    )


_TOP_LOG_PROB = Shape(TokenLogProb, token=text, log_prob=number)
_LOG_PROB = Shape(TokenLogProb, token=text, log_prob=number, top=_list_of(_TOP_LOG_PROB))
_SHAPES = {
    "system": Shape(SystemTurn, contents=CONTENTS),
    "user": Shape(UserTurn, contents=CONTENTS),
    "assistant": Shape(
        AssistantTurn,
        contents=CONTENTS,
        usage=Kind(_USAGE.write, _USAGE.read),
        cost=_NUMBER,
        finish_reason=_TEXT,
        raw_finish_reason=_TEXT,
        duration=_NUMBER,
        time_to_first_token=_NUMBER,
        model=_TEXT,
        served_by=_TEXT,
        request_id=_TEXT,
        response_id=_TEXT,
        interrupted=_TEXT,
        requested_model=_TEXT,
        inference_id=_TEXT,
        log_probs=_list_of(_LOG_PROB),
        sources=_list_of(_SOURCE),
        attempts=_list_of(_ATTEMPT),
    ),
}


def turn_record(turn: Any, at: str) -> dict[str, Any]:
    """The recorded form of a turn.

    Raises:
        HistoryError: when it is none, or holds what a turn cannot; it names the place.
    """
    if type(turn) not in TURN_TYPES:
        raise refused(at, "one of chatkit's own turns", turn)
    return {"role": turn.role} | _SHAPES[turn.role].write(turn, at)


def turn_of(record: Any, at: str) -> Turn:
    """The turn that a record tells of.

    Raises:
        HistoryError: when it is no such record; it names the place.
    """
    role = fields_of(record, at).get("role")
    if not isinstance(role, str) or role not in _SHAPES:
        raise refused(f"{at}.role", f"one of {', '.join(map(repr, _SHAPES))}", role)
    turn: Turn = _SHAPES[role].read(record, at, "role")
    return turn


def turns_record(turns: Iterable[Any], at: str) -> list[dict[str, Any]]:
    """The recorded form of turns, which may be `MOST_TURNS` at most."""
    return [turn_record(turn, f"{at}[{place}]") for place, turn in enumerate(_not_too_many(list(turns), at))]


def turns_of(record: Any, at: str) -> list[Turn]:
    """The turns that a list of records tells of, `MOST_TURNS` at most."""
    return [turn_of(item, f"{at}[{place}]") for place, item in enumerate(_not_too_many(items(record, at), at))]


def _not_too_many(turns: list[Any], at: str) -> list[Any]:
    if len(turns) > MOST_TURNS:
        raise HistoryError(f"{at} holds {len(turns)} turns; at most {MOST_TURNS} can be recorded.")
    return turns
