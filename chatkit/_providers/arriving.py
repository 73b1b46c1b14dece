"""What is known of one answer while it is read, whatever the wire format: its parts, its end, its faults, its turn."""

from __future__ import annotations

import json
from typing import Any

from chatkit._errors import APIError, APIResponseError, APIStreamError, StreamError, StreamInterruptedError
from chatkit._http.messages import Head
from chatkit._providers.calls import ToolCalls
from chatkit._providers.notes import read_source
from chatkit._providers.spoken import Spoken
from chatkit._providers.usage import read_cost, read_usage
from chatkit._turns.details import Source, TokenLogProb
from chatkit._turns.events import Event, SourceCited
from chatkit._turns.turns import AssistantTurn

_FINISH = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
}
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the scanner that json.loads wraps


class Arriving:
    """One answer as far as it came. The decoders of the wire formats are its kinds, and fill it in.

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
        self._sources: list[Source] = []
        self._log_probs: list[TokenLogProb] = []
        self._usage: Any = None
        # Why the answer ended: the word that is brought into its normal form, and the server's own where they differ.
        self._finish: str | None = None
        self._raw_finish: str | None = None
        self._refused = False
        self._whole = False
        self._missing = ""
        self._model = self._id = ""
        self._first_at: float | None = None
        self._count = 0

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

    def _without_words(self, data: str) -> list[Event] | None:
        """What a piece tells that is blank, or the mark of the end; None when it is neither."""
        if not data or data.isspace():
            return []
        if not data.startswith("[DONE]"):
            return None
        self.done = True
        return self._noted(self._flushed())

    def _object(self, data: str) -> dict[str, Any]:
        """The JSON object that an event, or a whole body, holds."""
        self._count += 1
        value = self._value(data)
        if type(value) is not dict:
            raise self._bad_event(f"it is a JSON {type(value).__name__} instead of an object")
        return value

    def _value(self, data: str) -> Any:
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

    def _reported(self, payload: Any) -> APIError:
        """The error that a server reports in an answer that began well."""
        from chatkit._providers.explain import reported_error

        return reported_error(
            json.loads(self._head.redact(json.dumps(payload))),
            headers=self._head.headers,
            url=self._head.url,
            model=self._asked,
            begun=self.begun,
        )

    def _flushed(self) -> list[Event]:
        events: list[Event] = []
        self._flush(events)
        return events

    def _flush(self, events: list[Event]) -> None:
        """Tell what was held back."""
        self._spoken.flush(events)
        events += self._calls.flush()

    def _cite(self, annotations: Any, at: int | None, events: list[Event]) -> None:
        """Keep the pages that annotations cite, each once; `at` is where the text begins that they count from."""
        for annotation in annotations if isinstance(annotations, list) else ():
            source = read_source(annotation, at)
            if source is None or source in self._sources:
                continue
            if source.start is None and any(source.url == known.url for known in self._sources):
                continue
            self._sources.append(source)
            events.append(SourceCited(source))

    def _turn(self, interrupted: str | None) -> AssistantTurn:
        contents = [*self._spoken.contents(), *self._calls.requests()]
        why, raw = self._finish, self._raw_finish or self._finish
        reason = "content_filter" if self._refused else _FINISH.get(why, why) if why else "unknown"
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
            request_id=headers.get("x-request-id") or headers.get("inference-id") or headers.get("x-amzn-trace-id"),
            response_id=self._id or None,
            interrupted=interrupted,
            requested_model=self._asked,
            inference_id=headers.get("inference-id"),
            log_probs=tuple(self._log_probs) or None,
            sources=tuple(self._sources),
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

    def _bad_event(self, what: str) -> APIError:
        if self._whole:
            what = what.replace("].delta", "].message")
            return APIResponseError(f"{self._who()} gave what is no answer: {what}.", kind="bad_json", **self._where())
        return StreamError(f"Event {self._count} of the stream: {what}.", kind="bad_event", **self._where())

    def _where(self) -> dict[str, Any]:
        headers = self._head.headers
        return {"model": self._asked, "url": self._head.url, "request_id": headers.get("x-request-id")}

    def _who(self) -> str:
        return self._head.url.partition("://")[2].partition("/")[0] or "The server"
