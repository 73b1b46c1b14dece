"""The recorded form of a transcript: what was said, expected and found, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatkit import _errors
from chatkit._chat.exchanges import Exchange
from chatkit._chat.expecting import Expectation, Outcome
from chatkit._chat.prompts import Prompt
from chatkit._errors import ChatkitError, ConfigError, HistoryError
from chatkit._providers.params import params
from chatkit._record.kinds import fields_of, items, number, optional, plain, plain_object, refused, text
from chatkit._record.replay import ROOT, stamped, unstamped
from chatkit._record.shapes import Shape
from chatkit._record.turns import turn_of, turn_record, turns_of, turns_record
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, UserTurn

_TEXT = optional(text)
_EXPECTATION = Shape(Expectation, name=text, value=plain, line=optional(number))


def transcript_record(transcript: Any) -> dict[str, Any]:
    """The record of a transcript.

    Args:
        transcript: A `Transcript`.

    Raises:
        HistoryError: when something in it cannot be said in JSON; it names the place.
    """
    error = transcript.error
    return stamped(
        {
            "type": "transcript",
            "title": text(transcript.title, f"{ROOT}.title"),
            "model": text(transcript.model, f"{ROOT}.model"),
            "system_prompt": _TEXT(transcript.system_prompt, f"{ROOT}.system_prompt"),
            "ok": transcript.ok,
            "error": None if error is None else {"type": type(error).__name__, "message": str(error)},
            "settings": plain_object(transcript.settings, f"{ROOT}.settings"),
            "exchanges": [
                _exchange_record(item, f"{ROOT}.exchanges[{place}]") for place, item in enumerate(transcript.exchanges)
            ],
        }
    )


def fields_of_transcript(record: Any) -> dict[str, Any]:
    """What the transcript of a record is made of.

    Raises:
        HistoryError: when it is none; it names the place.
    """
    given = unstamped(record, ROOT)
    if given.get("type") != "transcript":
        raise refused(f"{ROOT}.type", "'transcript'", given.get("type"))
    exchanges = [
        _exchange_of(item, f"{ROOT}.exchanges[{place}]")
        for place, item in enumerate(items(given.get("exchanges"), f"{ROOT}.exchanges"))
    ]
    return {
        "exchanges": tuple(exchanges),
        "title": text(given.get("title", "Chat"), f"{ROOT}.title"),
        "model": text(given.get("model", ""), f"{ROOT}.model"),
        "system_prompt": _TEXT(given.get("system_prompt"), f"{ROOT}.system_prompt"),
        "error": _error_of(given.get("error"), f"{ROOT}.error"),
        "settings": plain_object(given.get("settings", {}), f"{ROOT}.settings"),
    }


def _exchange_record(item: Exchange, at: str) -> dict[str, Any]:
    prompt = item.prompt
    told = {
        "user": turn_record(prompt.turn, f"{at}.user"),
        "schema": prompt.schema,
        "params": None if prompt.params is None else dict(prompt.params.items()) | dict(prompt.params.extra),
        "tool_choice": prompt.tool_choice,
        "given": prompt.answer,
        "seconds": number(item.seconds, f"{at}.seconds"),
        # Each turn of the user would otherwise be there twice, with all its images.
        "turns": turns_record(item.turns[1:], f"{at}.turns"),
        "begun": bool(item.turns),
        "answered": item.answer is not None,
        "expect": [_EXPECTATION.write(one, f"{at}.expect") for one in prompt.expect],
        "problems": [outcome.problem for outcome in item.outcomes],
    }
    return {name: value for name, value in told.items() if value not in (None, [])}


def _exchange_of(record: Any, at: str) -> Exchange:
    given = fields_of(record, at)
    prompt = _prompt_of(given, at)
    later = turns_of(given.get("turns", []), f"{at}.turns")
    problems = [text(problem, f"{at}.problems") for problem in items(given.get("problems", []), f"{at}.problems")]
    last = next((turn for turn in reversed(later) if isinstance(turn, AssistantTurn)), None)
    last = last if given.get("answered") else None
    return Exchange(
        prompt,
        (prompt.turn, *later) if given.get("begun") else tuple(later),
        None if last is None else prompt.data_of(last) if prompt.type is not None else Reply(last),
        tuple(Outcome(one, problem) for one, problem in zip(prompt.expect, problems, strict=False)),
        number(given.get("seconds", 0.0), f"{at}.seconds"),
    )


def _prompt_of(given: Mapping[str, Any], at: str) -> Prompt:
    user = turn_of(given.get("user"), f"{at}.user")
    if not isinstance(user, UserTurn):
        raise refused(f"{at}.user", "a user turn", user.role)
    expected = items(given.get("expect", []), f"{at}.expect")
    held = given.get("params")
    try:
        return Prompt(
            list(user.contents),
            type=given.get("schema"),
            expect=[_EXPECTATION.read(one, f"{at}.expect") for one in expected],
            params=None if held is None else params(**fields_of(held, f"{at}.params")),
            tool_choice=_TEXT(given.get("tool_choice"), f"{at}.tool_choice"),
            answer=_TEXT(given.get("given"), f"{at}.given"),
        )
    except ConfigError as error:
        trouble = str(error)
    raise HistoryError(f"{at} makes no prompt: {trouble}")


def _error_of(record: Any, at: str) -> ChatkitError | None:
    if record is None:
        return None
    told = fields_of(record, at)
    found: Any = getattr(_errors, str(told.get("type")), None)
    kind = found if isinstance(found, type) and issubclass(found, ChatkitError) else ChatkitError
    return kind(text(told.get("message", ""), f"{at}.message"))
