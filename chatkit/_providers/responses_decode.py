"""Reading Responses answers: JSON texts in, events out, a turn at the end.

An event of a stream and a whole answer are read by the same code: a whole one is a stream of one event. What kind of
event it is stands in its JSON; the name that it travels under is not looked at.

Source of the wire format: https://platform.openai.com/docs/api-reference/responses-streaming, and what the Hugging
Face router sends (https://github.com/huggingface/responses.js).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from chatkit._errors import APIError
from chatkit._http.messages import Head, Piece
from chatkit._providers.arriving import Arriving
from chatkit._providers.notes import read_log_probs
from chatkit._providers.responses_items import Call, Kind, Part, call_in, number, part_in, said_in, string
from chatkit._providers.responses_ledger import Ledger, Told, key_of
from chatkit._turns.events import Event

# Event -> what is said, and the field that tells which part of its item it is.
_DELTAS: dict[str, tuple[Kind, str]] = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("thinking", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
}
# Event -> the same, and the field that holds all of the text.
_DONE: dict[str, tuple[Kind, str, str]] = {
    "response.output_text.done": ("text", "content_index", "text"),
    "response.refusal.done": ("refusal", "content_index", "refusal"),
    "response.reasoning_text.done": ("thinking", "content_index", "text"),
    "response.reasoning_summary_text.done": ("summary", "summary_index", "text"),
}
_PARTS = {"response.content_part.done": "content_index", "response.reasoning_summary_part.done": "summary_index"}
_ENDS = ("response.completed", "response.incomplete")
_FAILURES = ("response.failed", "response.cancelled")
_APPROVAL = "mcp_approval_request"
_NOT_YET = ("queued", "in_progress", "")
_STATUS = re.compile(r"([45]\d\d) ")


class ResponsesDecoder(Arriving):
    """Reads one answer.

    Args:
        head: The head of the answer.
        model: The model asked for.
    """

    def __init__(self, head: Head, model: str) -> None:
        super().__init__(head, model)
        self._ledger = Ledger()
        self._asked_for = 0

    def feed(self, piece: Piece) -> list[Event]:
        """Take one piece of the answer.

        Raises:
            APIError: when it is not what an answer is made of, or reports an error.
        """
        data = piece.data
        if self.done:
            return []
        if data[:1] != "{" and (told := self._without_words(data)) is not None:
            return told
        payload = self._object(data)
        events: list[Event] = []
        kind = payload.get("type")
        if type(kind) is str and kind.startswith("response."):
            self._event(kind, payload, events)
        else:
            self._body(payload, piece.event, events)
        return self._noted(events)

    def _event(self, kind: str, payload: dict[str, Any], events: list[Event]) -> None:
        if kind in _DELTAS:
            self._grow(_DELTAS[kind], payload, events)
        elif kind == "response.function_call_arguments.delta":
            self._grow_call(payload, events)
        elif kind in _DONE or kind in _PARTS:
            self._part_done(kind, payload, events)
        elif kind.startswith("response.output_"):
            self._item(kind, payload, events)
        elif kind == "response.function_call_arguments.done":
            self._call(kind, call_in({"item_id": "", **payload}), events)
        else:
            response = payload.get("response")
            self._response(kind, response if isinstance(response, dict) else payload, events)

    def _body(self, payload: dict[str, Any], event: str, events: list[Event]) -> None:
        """A whole answer, an error, or something that is neither."""
        if payload.get("object") == "response" or "output" in payload:
            self._whole = True
            ends = {"failed": _FAILURES[0], "cancelled": _FAILURES[1], "incomplete": _ENDS[1]}
            self._response(ends.get(string(payload.get("status")), _ENDS[0]), payload, events)
            return
        from chatkit._providers.explain import is_error_payload

        if is_error_payload(payload, "error" if payload.get("type") == "error" else event):
            raise self._failure(payload)
        self._missing = self._missing or "output"

    def _response(self, kind: str, response: dict[str, Any], events: list[Event]) -> None:
        self._id = string(response.get("id")) or self._id
        self._model = string(response.get("model")) or self._model
        self._usage = _known(response.get("usage")) or self._usage
        if kind in _FAILURES or response.get("error"):
            raise self._failure({"error": response.get("error") or {"message": f"The server says {kind}."}})
        if kind in _ENDS:
            self._end(kind.removeprefix("response."), response, events)

    def _end(self, how: str, response: dict[str, Any], events: list[Event]) -> None:
        output, status = response.get("output"), string(response.get("status"))
        if isinstance(output, list):
            self._complete([said for item in output for said in said_in(item)], events)
        self._flush(events)
        self.done = True
        if self._whole and not (isinstance(output, list) and (output or status not in _NOT_YET)):
            self._missing = "output"
            return
        details = response.get("incomplete_details")
        reason = string(details.get("reason")) if isinstance(details, dict) else ""
        ordinary = "tool_calls" if self._calls else _APPROVAL if _is_asked_of(output) else "stop"
        self._finish = reason or (how if how == "incomplete" else ordinary)
        self._raw_finish = reason or status or how

    def _failure(self, payload: dict[str, Any]) -> APIError:
        error = payload.get("error")
        if isinstance(error, dict) and (told := _STATUS.match(string(error.get("message")))):
            # The router asks another server, and tells of every refusal as its own error, with the status in words.
            payload = {**payload, "error": {**error, "status": told[1]}}
        return self._reported(payload)

    def _grow(self, how: tuple[Kind, str], payload: dict[str, Any], events: list[Event]) -> None:
        (kind, index), delta = how, self._delta(payload)
        key = kind, string(payload.get("item_id")), number(payload.get(index))
        told = self._ledger.growing(key) or self._ledger.enter(key, Told(kind, self._spoken.size))
        if log_probs := payload.get("logprobs"):
            told.noted = True
            self._log_probs += read_log_probs(log_probs)
        self._tell(told, delta, events)

    def _grow_call(self, payload: dict[str, Any], events: list[Event]) -> None:
        delta, key = self._delta(payload), key_of(call_in({"item_id": "", **payload}))
        if not delta:
            return
        told = self._ledger.growing(key)
        if told is None:
            told = self._begin(Call(key[1], "", "", ""), events)
        self._ask(told, delta, events)

    def _delta(self, payload: dict[str, Any]) -> str:
        delta = payload.get("delta")
        if delta is not None and not isinstance(delta, str):
            raise self._bad_event(f"delta is a JSON {type(delta).__name__} instead of text")
        return delta or ""

    def _part_done(self, kind: str, payload: dict[str, Any], events: list[Event]) -> None:
        item = string(payload.get("item_id"))
        if kind in _PARTS:
            part = part_in(payload.get("part"), item, number(payload.get(_PARTS[kind])))
        else:
            what, index, field = _DONE[kind]
            part = Part(what, item, number(payload.get(index)), string(payload.get(field)), payload)
        if part is not None:
            self._report(kind, part, events)

    def _item(self, kind: str, payload: dict[str, Any], events: list[Event]) -> None:
        item = payload.get("item")
        if kind == "response.output_item.added" and isinstance(item, dict):
            self._added(item, events)
        elif kind == "response.output_item.done":
            for said in said_in(item):
                self._say(kind, said, events)
        elif kind == "response.output_text.annotation.added":
            key = "text", string(payload.get("item_id")), number(payload.get("content_index"))
            told = self._ledger.known(key)
            self._cite([payload.get("annotation")], told.at if told is not None else None, events)

    def _added(self, item: dict[str, Any], events: list[Event]) -> None:
        call = call_in(item) if item.get("type") == "function_call" else None
        known = self._ledger.known(key_of(call)) if call is not None else None
        if call is not None and known is not None and call.item and known.is_silent(call.name):
            return  # told twice
        self._ledger.forget(string(item.get("id")))
        if call is not None:
            # What it holds of the arguments comes again in deltas, or when it is done.
            self._begin(call, events)

    def _say(self, report: str, said: Part | Call, events: list[Event]) -> None:
        if isinstance(said, Call):
            self._call(report, said, events)
        else:
            self._report(report, said, events)

    def _report(self, report: str, part: Part, events: list[Event]) -> None:
        """Take a part of which all is told, and tell what is left of it."""
        key = key_of(part)
        told = self._ledger.reported(report, key, part.text)
        if told is None:
            told = self._ledger.enter(key, Told(part.kind, self._spoken.size))
            told.reports.add(report)
        self._tell(told, told.rest_of(part.text), events)
        self._note(part, told, events)

    def _call(self, report: str, asked: Call, events: list[Event]) -> None:
        """Take a call of which all is told, and tell what is left of it."""
        told = self._ledger.reported(report, key_of(asked), asked.text, asked.name)
        if told is None:
            told = self._begin(asked, events)
            told.reports.add(report)
        rest, name = told.rest_of(asked.text), "" if told.name else asked.name
        if rest or name:
            told.name = told.name or name
            self._ask(told, rest, events, name=name)

    def _complete(self, said: Iterable[Part | Call], events: list[Event]) -> None:
        """Take a whole answer, and tell what is left of it."""
        parts = [one for one in said if isinstance(one, Part)]
        for part, before, rest in self._ledger.outstanding(parts):
            told = before or Told(part.kind, self._spoken.size)
            self._tell(told, rest, events)
            self._note(part, told, events)
        for asked in said:
            if isinstance(asked, Call):
                self._call("response", asked, events)

    def _tell(self, told: Told, text: str, events: list[Event]) -> None:
        if not text:
            return
        if told.kind == "summary" and not told.pieces:
            # Each part of a summary is a paragraph, or more; line breaks before any thought are left out.
            self._spoken.think("\n\n", events)
        told.pieces.append(text)
        if told.kind == "text":
            self._spoken.say(text, events)
        elif told.kind == "refusal":
            self._refused = True
            self._spoken.text(text, events)
        else:
            self._spoken.think(text, events)

    def _begin(self, asked: Call, events: list[Event]) -> Told:
        told = self._ledger.enter(key_of(asked), Told("call", self._asked_for, asked.name))
        self._asked_for += 1
        function = {"name": asked.name}
        events.append(self._calls.feed({"index": told.at, "id": asked.call, "function": function}, whole=True))
        return told

    def _ask(self, told: Told, text: str, events: list[Event], name: str = "") -> None:
        told.pieces.append(text)
        events.append(self._calls.feed({"index": told.at, "function": {"name": name, "arguments": text}}))

    def _note(self, part: Part, told: Told, events: list[Event]) -> None:
        """Keep what stands beside a text that is done."""
        self._cite(part.notes.get("annotations"), told.at, events)
        if not told.noted and (log_probs := part.notes.get("logprobs")):
            told.noted = True
            self._log_probs += read_log_probs(log_probs)


def _is_asked_of(output: Any) -> bool:
    """Whether the server waits for a yes to a call of its own, such as one of a remote MCP server."""
    items = output if isinstance(output, list) else ()
    return any(isinstance(item, dict) and item.get("type") == _APPROVAL for item in items)


def _known(usage: Any) -> Any:
    """Token counts, unless all are 0: that is what the router says when it was told none."""
    counts = [usage.get(name) for name in ("input_tokens", "output_tokens")] if isinstance(usage, dict) else []
    return usage if any(counts) else None
