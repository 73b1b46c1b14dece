"""Answers in the words of the Responses API: the events of a stream, or the response that they build up.

Shapes after https://platform.openai.com/docs/api-reference/responses and, for what the server of the Hugging Face
router does differently, after huggingface/responses.js, src/routes/responses.ts.
"""

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

from ._answers import Answer, EventsAnswer, RawAnswer, ToolCall
from ._completions import CREATED, argument_text, deltas, finish_reason, slices, tokens
from ._events import NamedEvent, json_text
from ._requests import RecordedRequest
from ._responses_rules import Flavour

Event = dict[str, Any]

_ECHOED = ("instructions", "max_output_tokens", "metadata", "text")
_CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}


def responses_answer(answer: Answer, request: RecordedRequest, flavour: Flavour) -> EventsAnswer | RawAnswer:
    """Word `answer` for a Responses request: as a stream when it asked for one, as one JSON object otherwise."""
    writer = ResponseWriter(answer, request, flavour)
    if request.stream:
        events: Iterator[Any] = writer.events()
        if flavour == "openai":
            events = (NamedEvent(event["type"], event) for event in events)
        return EventsAnswer(
            events,
            done=False,
            headers=answer.headers,
            content_type=answer.content_type,
            style=answer.style,
            delivery=answer.delivery,
        )
    body = json_text(writer.whole(), ascii_only=answer.style.ascii).encode()
    kind = "application/json" if answer.content_type is None else answer.content_type
    return RawAnswer(body, headers=answer.headers, content_type=kind, delivery=answer.delivery)


class ResponseWriter:
    """Writes one response. As in the real server, a whole answer is a stream of which only the end is sent.

    Args:
        answer: What to say.
        request: What was asked.
        flavour: Whose habits to take on.
    """

    def __init__(self, answer: Answer, request: RecordedRequest, flavour: Flavour) -> None:
        self._answer = answer
        self._request = request
        self._openai = flavour == "openai"
        self._numbers = itertools.count()
        self._output: list[dict[str, Any]] = []
        self._response = self._begun()

    def events(self) -> Iterator[Event]:
        """Yield the events in which the answer is streamed."""
        yield self._event("response.created", response=self._response)
        yield self._event("response.in_progress", response=self._response)
        yield from self._thoughts()
        yield from self._words()
        for call in self._answer.tool_calls:
            yield from self._call(call)
        if not self._openai and self._output:
            yield from self._closing()
        yield from self._end()

    def whole(self) -> dict[str, Any]:
        """Return the response as it is at its end."""
        for _ in self.events():
            pass
        return self._response

    def _event(self, kind: str, **fields: Any) -> Event:
        # What an event tells is what was so at its time: the response grows on.
        return copy.deepcopy({"type": kind, "sequence_number": next(self._numbers), **fields})

    def _begun(self) -> dict[str, Any]:
        answer, request = self._answer, self._request
        response = {
            "id": f"resp_{request.number}" if answer.id is None else answer.id,
            "object": "response",
            "created_at": CREATED,
            "status": "in_progress",
            "error": None,
            "model": request.model if answer.model is None else answer.model,
            "output": self._output,
            "temperature": _default(request.field("temperature"), 1),
            "top_p": _default(request.field("top_p"), 1),
            "tool_choice": request.field("tool_choice") or "auto",
            "tools": request.field("tools") or [],
            **{name: request.field(name) for name in _ECHOED},
        }
        more = {"incomplete_details": None, "usage": None} if self._openai else {"usage": _usage(0, 0)}
        return {**response, **more}

    def _name(self, kind: str) -> str:
        return f"{kind}_{self._request.number}_{len(self._output)}"

    def _add(self, item: dict[str, Any]) -> Event:
        self._output.append(item)
        # The router's server tells place 0 for whatever is no call.
        place = len(self._output) - 1 if self._openai or item["type"] == "function_call" else 0
        return self._event("response.output_item.added", output_index=place, item=item)

    def _on(self, kind: str, **fields: Any) -> Event:
        """An event about the item being written."""
        return self._event(kind, item_id=self._output[-1]["id"], output_index=len(self._output) - 1, **fields)

    def _thoughts(self) -> Iterator[Event]:
        pieces = deltas(self._answer.reasoning)
        if not pieces:
            return
        summary = self._openai  # its own models' thoughts are told as a summary only
        kind = "reasoning_summary" if summary else "reasoning"
        item: dict[str, Any] = {"type": "reasoning", "status": "in_progress", "content": [], "summary": []}
        yield self._add({"id": self._name("rs"), **item})
        item = self._output[-1]
        part = {"type": "summary_text" if summary else "reasoning_text", "text": ""}
        item["summary" if summary else "content"] = [part]
        where = {"summary_index": 0} if summary else {"content_index": 0}
        added = "response.reasoning_summary_part.added" if summary else "response.content_part.added"
        yield self._on(added, **where, part=part)
        for piece in pieces:
            part["text"] += piece
            yield self._on(f"response.{kind}_text.delta", **where, delta=piece)
        if summary or self._answer.text:
            yield from self._closing()

    def _words(self) -> Iterator[Event]:
        pieces = deltas(self._answer.text)
        if not pieces:
            return
        message = {"type": "message", "role": "assistant", "status": "in_progress", "content": []}
        yield self._add({"id": self._name("msg"), **message})
        part: dict[str, Any] = {"type": "output_text", "text": "", "annotations": []}
        self._output[-1]["content"] = [part]
        yield self._on("response.content_part.added", content_index=0, part=part)
        for piece in pieces:
            part["text"] += piece
            yield self._on("response.output_text.delta", content_index=0, delta=piece)
        if self._openai:
            yield from self._annotations(part)
            yield from self._closing()

    def _annotations(self, part: dict[str, Any]) -> Iterator[Event]:
        for place, annotation in enumerate(self._answer.annotations):
            part["annotations"].append(dict(annotation))
            where = {"content_index": 0, "annotation_index": place}
            yield self._on("response.output_text.annotation.added", **where, annotation=dict(annotation))

    def _call(self, call: ToolCall) -> Iterator[Event]:
        usual = f"call_{self._request.number}_{len(self._output)}"
        key = usual if call.id is None else call.id
        item = {
            "id": self._name("fc"),
            "type": "function_call",
            "call_id": "" if "id" in call.omit else key,
            "name": call.name,
            "arguments": "",
        }
        yield self._add(item)
        for piece in slices(argument_text(call), call.fragment):
            item["arguments"] += piece
            yield self._on("response.function_call_arguments.delta", delta=piece)
        if self._openai:
            yield from self._closing()

    def _closing(self) -> Iterator[Event]:
        """The events that close the item being written.

        The router's server closes the thoughts when words follow, and the last item of all; never one before a call.
        """
        item = self._output[-1]
        if item["type"] == "function_call":
            yield self._on("response.function_call_arguments.done", arguments=item["arguments"])
        else:
            yield from self._closing_part(item)
        item["status"] = "completed"
        place = len(self._output) - 1
        yield self._event("response.output_item.done", output_index=place, item=item)

    def _closing_part(self, item: dict[str, Any]) -> Iterator[Event]:
        summary = bool(item.get("summary"))
        (part,) = item["summary"] if summary else item["content"]
        kind = {"output_text": "output_text", "reasoning_text": "reasoning_text"}.get(
            part["type"], "reasoning_summary_text"
        )
        where = {"summary_index": 0} if summary else {"content_index": 0}
        yield self._on(f"response.{kind}.done", **where, text=part["text"])
        done = "response.reasoning_summary_part.done" if summary else "response.content_part.done"
        yield self._on(done, **where, part=part)

    def _end(self) -> Iterator[Event]:
        reason = finish_reason(self._answer)
        self._response["usage"] = self._counted()
        if self._answer.fails is not None:
            self._response["error"] = {"code": "server_error", "message": self._answer.fails}
            yield self._ended("failed")
        elif self._openai and reason in _CUT:
            self._response["incomplete_details"] = {"reason": _CUT[reason]}
            yield self._ended("incomplete")
        elif reason is not None:
            yield self._ended("completed")

    def _ended(self, status: str) -> Event:
        self._response["status"] = status
        return self._event(f"response.{status}", response=self._response)

    def _counted(self) -> dict[str, Any] | None:
        answer = self._answer
        if answer.usage_body is not None:
            return _translated(answer.usage_body)
        if answer.usage is None:
            return None if self._openai else _usage(0, 0)
        # The router's server asks for no usage: there is one only where the provider volunteers it.
        if not self._openai and answer.usage == "asked":
            return _usage(0, 0)
        prompt = json.dumps([self._request.field("instructions"), self._request.field("input")], ensure_ascii=False)
        written = "".join([*deltas(answer.reasoning), *deltas(answer.text), *map(argument_text, answer.tool_calls)])
        thought = tokens("".join(deltas(answer.reasoning))) if self._openai else 0
        return _usage(tokens(prompt), tokens(written), reasoning=thought)


def _usage(taken: int, given: int, *, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
    return {
        "input_tokens": taken,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": given,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": taken + given,
    }


def _translated(body: Any) -> dict[str, Any]:
    """A usage object, which may be written in the words of Chat Completions."""
    if "prompt_tokens" not in body:
        return dict(body)
    cached = (body.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    thought = (body.get("completion_tokens_details") or {}).get("reasoning_tokens", 0)
    return _usage(body["prompt_tokens"], body.get("completion_tokens", 0), cached=cached, reasoning=thought)


def _default(value: Any, usual: float) -> Any:
    return usual if value is None else value
