"""Reading Chat Completions answers: JSON texts in, events out, a turn at the end.

A streamed chunk and a whole completion are read by the same code: a whole one is a stream of one chunk. Deltas of
the known fields are concatenated; nothing is merged generically, which would lose a delta equal to the text before.

Source of the wire format: OpenAI's Chat Completions API, and what servers that call themselves compatible send.
"""

from __future__ import annotations

import json
from typing import Any

from chatkit._errors import APIError, APIResponseError, APIStreamError, StreamError, StreamInterruptedError
from chatkit._http.messages import Head, Piece
from chatkit._providers.calls import ToolCalls
from chatkit._providers.spoken import Spoken, joined
from chatkit._providers.usage import read_cost, read_usage
from chatkit._turns.events import Event
from chatkit._turns.turns import AssistantTurn

_FINISH = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_length": "length",
}
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the scanner that json.loads wraps


class ChatDecoder:
    """Reads one answer.

    Args:
        head: The head of the answer.
        model: The model asked for.
    """

    def __init__(self, head: Head, model: str) -> None:
        self.at = head.sent_at
        self.begun = False
        self.done = False
        self._head = head
        self._asked = model
        self._spoken = Spoken()
        self._calls = ToolCalls()
        self._usage: Any = None
        self._finish: str | None = None
        self._refused = False
        self._whole = False
        self._missing = ""
        self._model = self._id = ""
        self._first_at: float | None = None
        self._count = 0

    def feed(self, piece: Piece) -> list[Event]:
        """Take one piece of the answer.

        Raises:
            APIError: when it is not what an answer is made of, or reports an error.
        """
        data = piece.data
        if self.done:
            return []
        if data[:1] != "{":
            if not data or data.isspace():
                return []
            if data.startswith("[DONE]"):
                self.done = True
                return self._noted(self._flushed())
        self._count += 1
        chunk = self._parse(data)
        if type(chunk) is not dict:
            raise self._bad_event(f"it is a JSON {type(chunk).__name__} instead of an object")
        if "choices" not in chunk or "error" in chunk or piece.event == "error":
            self._check_error(chunk, piece.event)
        return self._noted(self._chunk(chunk))

    def finish(self) -> AssistantTurn:
        """The whole answer, once all of it was fed.

        Raises:
            APIResponseError: when nothing was said at all.
            StreamInterruptedError: when the answer broke off.
            APIStreamError: when the server ended it with an error.
        """
        if self._finish == "error":
            raise APIStreamError(f"{self._who()} ended the answer with an error.", **self._where())
        if self._finish is None and not (self.begun and (self.done or self._whole)):
            raise self._interrupted() if self.begun else self._empty()
        if self._whole and not self.begun and self._missing:
            raise self._empty()
        return self._turn(None)

    def partial(self, reason: str) -> AssistantTurn | None:
        """What there is of the answer, marked with the reason why it is no more; None when there is nothing."""
        return self._turn(reason) if self.begun else None

    def broken(self, error: APIError) -> APIError:
        """The error to raise for one that ended the answer: after the first piece it is an interruption."""
        if not self.begun or isinstance(error, TimeoutError | StreamError):
            return error
        return self._interrupted(error)

    def _noted(self, events: list[Event]) -> list[Event]:
        if events and not self.begun:
            self.begun = True
            self._first_at = self.at
        return events

    def _parse(self, data: str) -> Any:
        try:
            # The scanner alone takes a third of the time of json.loads; what is not plain goes there.
            value, end = _scan(data, 0)
            if end == len(data):
                return value
        except (ValueError, RecursionError, StopIteration):
            pass
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            reason = str(error)[:100]
        start = self._head.redact(data[:80])
        if self._count == 1:
            raise APIResponseError(
                f"{self._who()} answered with invalid JSON ({reason}): {start!r}.", kind="bad_json", **self._where()
            )
        raise StreamError(
            f"Event {self._count} of the stream is not valid JSON ({reason}): {start!r}.",
            kind="bad_json",
            **self._where(),
        )

    def _check_error(self, chunk: dict[str, Any], event: str) -> None:
        from chatkit._providers.explain import is_error_payload, reported_error

        if is_error_payload(chunk, event):
            raise reported_error(
                json.loads(self._head.redact(json.dumps(chunk))),
                headers=self._head.headers,
                url=self._head.url,
                model=self._asked,
                begun=self.begun,
            )

    def _chunk(self, chunk: dict[str, Any]) -> list[Event]:
        if not self._model or not self._id:
            self._id = self._id or _string(chunk.get("id"))
            self._model = self._model or _string(chunk.get("model"))
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        choices = chunk.get("choices")
        if not choices:
            self._missing = self._missing or "choices"
            return []
        if not isinstance(choices, list):
            raise self._bad_event(f"choices is a JSON {type(choices).__name__} instead of a list")
        choice = _first_choice(choices)
        return self._choice(choice) if type(choice) is dict else []

    def _choice(self, choice: dict[str, Any]) -> list[Event]:
        if choice.get("finish_reason"):
            self._finish = str(choice["finish_reason"])
        delta = choice.get("delta")
        if delta is None:
            delta = choice.get("message")
            self._whole = "message" in choice
        events: list[Event] = []
        if type(delta) is dict:
            self._delta(delta, events)
        else:
            self._missing = self._missing or "choices[0].message"
        if self._finish:
            # What was held back belongs in front of the end; some servers mark it with nothing else.
            self._spoken.flush(events)
        return events

    def _delta(self, delta: dict[str, Any], events: list[Event]) -> None:
        content = delta.get("content")
        # What is wrong is found before anything of the chunk is kept, since nothing of it will be told.
        if content is not None and not isinstance(content, str | list):
            raise self._bad_event(f"choices[0].delta.content is a JSON {type(content).__name__} instead of text")
        fragments = self._fragments(delta) if len(delta) > 1 or content is None else ()
        thoughts = delta.get("reasoning_content") or delta.get("reasoning")
        if thoughts:
            self._spoken.think(joined(thoughts), events)
        if type(content) is str:
            self._spoken.say(content, events)
        elif isinstance(content, list):
            self._spoken.say_parts(content, events)
        elif self._whole and content is None and not thoughts:
            self._missing = "choices[0].message.content"
        if delta.get("refusal"):
            self._refused = True
            self._spoken.text(str(delta["refusal"]), events)
        events += [self._calls.feed(fragment, whole=self._whole) for fragment in fragments]

    def _fragments(self, delta: dict[str, Any]) -> list[dict[str, Any]]:
        """The pieces of tool calls in a delta; older servers send one object where a list belongs."""
        calls = delta.get("tool_calls")
        if not calls:
            legacy = delta.get("function_call")
            calls = [{"function": legacy}] if legacy else []
        fragments = calls if isinstance(calls, list) else [calls]
        for fragment in fragments:
            if not isinstance(fragment, dict) or not isinstance(fragment.get("function") or {}, dict):
                wrong = fragment.get("function") if isinstance(fragment, dict) else fragment
                raise self._bad_event(f"choices[0].delta.tool_calls holds a JSON {type(wrong).__name__}")
        return fragments

    def _flushed(self) -> list[Event]:
        events: list[Event] = []
        self._spoken.flush(events)
        return events

    def _turn(self, interrupted: str | None) -> AssistantTurn:
        contents = [*self._spoken.contents(), *self._calls.requests()]
        raw = self._finish
        reason = "content_filter" if self._refused else _FINISH.get(raw, raw) if raw else "unknown"
        headers, sent = self._head.headers, self._head.sent_at
        return AssistantTurn(
            tuple(contents),
            usage=read_usage(self._usage),
            cost=read_cost(self._usage),
            finish_reason=reason if interrupted is None else raw,
            raw_finish_reason=raw,
            duration=self.at - sent,
            time_to_first_token=self._first_at - sent if self._first_at is not None else None,
            model=self._model or None,
            served_by=headers.get("x-inference-provider"),
            request_id=headers.get("x-request-id") or headers.get("inference-id"),
            response_id=self._id or None,
            interrupted=interrupted,
        )

    def _interrupted(self, cause: APIError | None = None) -> StreamInterruptedError:
        size = self._spoken.size
        how = "broke off" if cause is not None else "ended without a finish reason"
        calls = "; the tool calls in it were not run" if self._calls else ""
        return StreamInterruptedError(
            f"The answer of {self._who()} {how} after {size} characters{calls}.",
            cause_type=type(cause).__name__ if cause is not None else None,
            **self._where(),
        )

    def _empty(self) -> APIResponseError:
        field = f" (`{self._missing}` is missing)" if self._missing else ""
        return APIResponseError(
            f"{self._who()} gave an empty answer, with no content{field}, for model {self._asked!r}.",
            kind="missing_field" if self._missing and self._whole else "empty",
            retryable=not self._whole,
            **self._where(),
        )

    def _bad_event(self, what: str) -> StreamError:
        return StreamError(f"Event {self._count} of the stream: {what}.", kind="bad_event", **self._where())

    def _where(self) -> dict[str, Any]:
        headers = self._head.headers
        return {"model": self._asked, "url": self._head.url, "request_id": headers.get("x-request-id")}

    def _who(self) -> str:
        return self._head.url.partition("://")[2].partition("/")[0] or "The server"


def _first_choice(choices: list[Any]) -> Any:
    return next((item for item in choices if isinstance(item, dict) and item.get("index", 0) == 0), None)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
