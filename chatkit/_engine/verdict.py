"""Judging an answer that shall be of a type: is it, is it not, or is the conversation over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from chatkit._errors import (
    ContentFilterFinishReasonError,
    IncompleteOutputError,
    LengthFinishReasonError,
    RefusalError,
)
from chatkit._turns.contents import Content, ContentJson, ContentText, ContentThinking
from chatkit._turns.turns import AssistantTurn
from chatkit._types.answer import Answer
from chatkit._types.paths import NotOfTypeError
from chatkit._types.reading import BrokenJsonError, NoJsonError, read_json

Kind: TypeAlias = Literal["good", "wrong", "nothing", "cut off", "refused", "tools"]
_LONGEST_REFUSAL = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth.

    Args:
        kind: "good" (it is of the type), "wrong" (it is JSON, but not of the type, or broken), "nothing" (there is no
            JSON in it), "cut off" (at max_tokens), "refused" (by the model or a filter), "tools" (it asks for tools).
        turn: The answer in the form in which the history may hold it; nothing in it waits for a tool, except in
            "tools".
        value: The value, when it is good.
        several: Whether more answers followed, which were passed over.
        problems: What is wrong, by JSON path.
        error: What to raise for an answer that was cut off or refused.
    """

    kind: Kind
    turn: AssistantTurn
    value: Any = None
    several: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    error: IncompleteOutputError | None = None


def judge(turn: AssistantTurn, answer: Answer[Any]) -> Verdict:
    """Say what a whole answer is worth. How it ended is looked at before what it says.

    Args:
        turn: The answer; it may be a call of the tool that stands for the answer.
        answer: What it should look like.
    """
    text = _text_of(turn, answer.name)
    plain = _with(turn, *([ContentText(text)] if text else []))
    ending = _ending(plain, text)
    if ending is not None:
        return ending
    try:
        reading = read_json(text, arrays=answer.arrays)
        value = answer.value(reading.data)
    except NoJsonError as error:
        return Verdict("nothing", plain, problems={"$": str(error)})
    except BrokenJsonError as error:
        return Verdict("wrong", plain, problems={"$": str(error)})
    except NotOfTypeError as error:
        return Verdict("wrong", plain, problems=error.problems)
    final = _with(turn, ContentJson(reading.data, reading.text))
    if turn.tool_requests:
        final = replace(final, finish_reason="stop")
    return Verdict("good", final, value, reading.several)


def _text_of(turn: AssistantTurn, name: str) -> str:
    for request in turn.tool_requests:
        if request.name == name:
            return request.raw or json.dumps(dict(request.arguments or {}), ensure_ascii=False)
    return turn.text


def _with(turn: AssistantTurn, *said: Content) -> AssistantTurn:
    """The turn with something else in place of what it says; its thinking stays."""
    thinking = [item for item in turn.contents if isinstance(item, ContentThinking)]
    return replace(turn, contents=(*thinking, *said))


def _ending(turn: AssistantTurn, text: str) -> Verdict | None:
    if turn.finish_reason == "length":
        error: IncompleteOutputError = LengthFinishReasonError(
            "The typed answer was cut off at max_tokens or at the end of the model's context.",
            hint="Raise max_tokens, or ask for less at once.",
            turn=turn,
        )
        return Verdict("cut off", turn, error=error)
    if turn.finish_reason != "content_filter":
        return None
    # A refusal is told in a field of its own; the server's finish reason then is an ordinary one.
    if turn.raw_finish_reason != "content_filter":
        error = RefusalError(f"The model refused to answer: {text[:_LONGEST_REFUSAL]}", turn=turn)
    else:
        error = ContentFilterFinishReasonError(
            "A content filter ended the typed answer.", hint="Reword what you ask for.", turn=turn
        )
    return Verdict("refused", turn, error=error)
