"""A reply: an answer worded for one request, ready to be sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ._answers import Answer, ErrorAnswer, EventsAnswer, RawAnswer
from ._completions import chunk_objects, completion_object
from ._delivery import Delivery
from ._events import event_bytes, json_text
from ._requests import RecordedRequest

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """The status, headers and body pieces of one HTTP response.

    Args:
        pieces: The body's pieces in order.
        status: The HTTP status.
        headers: The headers, but for those that tell the framing.
        live: Whether the body is sent piece by piece, as a stream is.
        delivery: How the bytes travel.
    """

    pieces: Iterable[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    delivery: Delivery = field(default_factory=Delivery)


Scripted: TypeAlias = Answer | ErrorAnswer | EventsAnswer | RawAnswer | Reply | str
"""Whatever can be scripted; a string is short for `Answer(string)`."""


def reply_to(request: RecordedRequest, scripted: Scripted) -> Reply:
    """Word `scripted` as the reply to `request`."""
    match scripted:
        case str():
            return _answer_reply(Answer(scripted), request)
        case Answer():
            return _answer_reply(scripted, request)
        case ErrorAnswer():
            return _error_reply(scripted)
        case EventsAnswer():
            return _events_reply(scripted)
        case RawAnswer():
            return _raw_reply(scripted)
        case Reply():
            return scripted
    raise TypeError(f"not an answer: {scripted!r}")


def error_body(message: str, *, kind: str = "invalid_request_error", param: str | None = None) -> Any:
    """Return an error object as Chat Completions servers word it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": None}}


def _answer_reply(answer: Answer, request: RecordedRequest) -> Reply:
    if request.stream:
        events = chunk_objects(answer, request)
        stream = EventsAnswer(
            events,
            answer.done and answer.fails is None,
            200,
            answer.headers,
            answer.content_type,
            answer.style,
            answer.delivery,
        )
        return _events_reply(stream)
    headers = _headers(answer.content_type, _JSON, answer.headers)
    body = json_text(completion_object(answer, request), ascii_only=answer.style.ascii)
    return Reply([body.encode()], 200, headers, delivery=answer.delivery)


def _events_reply(answer: EventsAnswer) -> Reply:
    headers = _headers(answer.content_type, "text/event-stream", answer.headers)
    pieces = event_bytes(answer.events, answer.style, done=answer.done)
    return Reply(pieces, answer.status, {"cache-control": "no-cache", **headers}, True, answer.delivery)


def _error_reply(answer: ErrorAnswer) -> Reply:
    body = answer.body
    if body is None:
        kind = "server_error" if answer.status >= 500 else "invalid_request_error"
        body = error_body(f"scripted error {answer.status}", kind=kind)
    plain = isinstance(body, str | bytes)
    headers = _headers(answer.content_type, "text/plain; charset=utf-8" if plain else _JSON, answer.headers)
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json_text(body)).encode()
    return Reply([raw], answer.status, headers, delivery=answer.delivery)


def _raw_reply(answer: RawAnswer) -> Reply:
    whole = isinstance(answer.body, bytes)
    pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
    headers = _headers(answer.content_type, "", answer.headers)
    return Reply(pieces, answer.status, headers, not whole, answer.delivery)


def _headers(content_type: str | None, usual: str, added: Mapping[str, str]) -> dict[str, str]:
    kind = usual if content_type is None else content_type
    lowered = {name.lower(): value for name, value in added.items()}
    return {"content-type": kind, **lowered} if kind else lowered
