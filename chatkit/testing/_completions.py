"""Answers in the words of Chat Completions: the chunks of a stream, or one whole completion.

Shapes after https://platform.openai.com/docs/api-reference/chat and, for what other servers do differently,
after recorded streams of the providers behind the Hugging Face router.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from ._answers import Answer, ToolCall
from ._requests import RecordedRequest

# Fixed, so that the same script always sends the same bytes.
CREATED = 1_700_000_000


def deltas(text: str | Sequence[str]) -> list[str]:
    """Return the deltas that `text` is streamed in."""
    return [text] if isinstance(text, str) else list(text)


def chunk_objects(answer: Answer, request: RecordedRequest) -> Iterator[dict[str, Any]]:
    """Yield the chunks in which `answer` is streamed."""
    frame = _frame(answer, request, "chat.completion.chunk")
    where = _usage_place(answer, request)
    written = ""
    for delta in _delta_objects(answer, request):
        if answer.role == "every":
            delta = {"role": "assistant", **delta}
        chunk = {**frame, "choices": [_choice(delta, None)]}
        if where == "cumulative":
            written += "".join(value for value in delta.values() if isinstance(value, str))
            chunk["usage"] = usage_object(answer, request, written)
        yield chunk
    if answer.fails is not None:
        yield failure_object(answer)
        return
    yield from _closing_chunks(answer, request, frame, where)


def completion_object(answer: Answer, request: RecordedRequest) -> dict[str, Any]:
    """Return `answer` as one whole completion."""
    if answer.fails is not None:
        return failure_object(answer)
    calls = [_whole_call(call, place, request) for place, call in enumerate(answer.tool_calls)]
    text, reasoning = "".join(deltas(answer.text)), "".join(deltas(answer.reasoning))
    message: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None}
    if reasoning:
        message[answer.reasoning_field] = reasoning
    if calls:
        message["tool_calls"] = calls
    if answer.annotations:
        message["annotations"] = [dict(annotation) for annotation in answer.annotations]
    choice = {"index": 0, "message": message, "finish_reason": finish_reason(answer)}
    whole = {**_frame(answer, request, "chat.completion"), "choices": [choice]}
    return whole if answer.usage is None else {**whole, "usage": usage_object(answer, request)}


def failure_object(answer: Answer) -> dict[str, Any]:
    """Return the error with which an answer that fails ends."""
    return {"error": {"message": answer.fails, "type": "server_error", "param": None, "code": None}}


def finish_reason(answer: Answer) -> str | None:
    """Return the finish reason that is sent."""
    if answer.finish_reason != "auto":
        return answer.finish_reason
    return "tool_calls" if answer.tool_calls else "stop"


def usage_object(answer: Answer, request: RecordedRequest, written: str | None = None) -> dict[str, Any]:
    """Return the token counts: one token for every four characters, over the whole history sent."""
    if answer.usage_body is not None:
        return dict(answer.usage_body)
    if written is None:
        written = "".join([*deltas(answer.reasoning), *deltas(answer.text), *map(argument_text, answer.tool_calls)])
    prompt, completion = tokens(json.dumps(request.messages, ensure_ascii=False)), tokens(written)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def tokens(text: str) -> int:
    """Return how many tokens `text` is said to have: one for every four characters."""
    return -(-len(text) // 4)


def _usage_place(answer: Answer, request: RecordedRequest) -> str | None:
    if answer.usage != "asked":
        return answer.usage
    options = request.field("stream_options")
    wanted = isinstance(options, dict) and options.get("include_usage") is True
    return "separate" if wanted else None


def _frame(answer: Answer, request: RecordedRequest, kind: str) -> dict[str, Any]:
    model = request.model if answer.model is None else answer.model
    name = f"chatcmpl-{request.number}" if answer.id is None else answer.id
    frame = {"id": name, "object": kind, "created": CREATED, "model": model}
    return frame if answer.fingerprint is None else {**frame, "system_fingerprint": answer.fingerprint}


def _choice(delta: Mapping[str, Any], reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": dict(delta), "finish_reason": reason}


def _closing_chunks(
    answer: Answer, request: RecordedRequest, frame: dict[str, Any], where: str | None
) -> Iterator[dict[str, Any]]:
    reason = finish_reason(answer)
    usage = {"usage": usage_object(answer, request)} if where else {}
    if reason is not None:
        inline = usage if where in ("finish", "cumulative") else {}
        yield {**frame, "choices": [_choice({}, reason)], **inline}
    if where == "separate":
        yield {**frame, "choices": [], **usage}


def _delta_objects(answer: Answer, request: RecordedRequest) -> Iterator[dict[str, Any]]:
    if answer.role == "first":
        yield {"role": "assistant", "content": ""}
    for piece in deltas(answer.reasoning):
        yield {answer.reasoning_field: piece}
    for piece in deltas(answer.text):
        yield {"content": piece}
    for fragment in _call_fragments(answer, request):
        yield {"tool_calls": [fragment]}
    for annotation in answer.annotations:
        yield {"annotations": [dict(annotation)]}


def _call_fragments(answer: Answer, request: RecordedRequest) -> Iterator[dict[str, Any]]:
    calls = [_fragments(call, place, request) for place, call in enumerate(answer.tool_calls)]
    if not answer.interleave:
        return chain.from_iterable(calls)
    return (one for rank in zip_longest(*calls) for one in rank if one is not None)


def _fragments(call: ToolCall, place: int, request: RecordedRequest) -> list[dict[str, Any]]:
    whole = _whole_call(call, place, request)
    arguments = whole["function"].pop("arguments")
    name = call.name if "name" not in call.omit else ""
    names = slices(name, call.name_fragment) or [""]
    pieces = [arguments] if call.as_object else slices(arguments, call.fragment)
    # The name is complete before the first piece of the arguments, as every server has it.
    first = {**whole, "function": {**whole["function"], "arguments": ""}}
    if "name" not in call.omit:
        first["function"]["name"] = names[0]
    rest = [_later(call, whole, name=piece) for piece in names[1:]]
    if call.fragment is None and not rest:
        first["function"]["arguments"] = arguments
        return [first]
    return [first, *rest, *(_later(call, whole, arguments=piece) for piece in pieces)]


def _later(call: ToolCall, whole: dict[str, Any], **function: Any) -> dict[str, Any]:
    if call.repeat:
        return {**whole, "function": {**whole["function"], **function}}
    index = {"index": whole["index"]} if "index" in whole else {}
    return {**index, "function": function}


def _whole_call(call: ToolCall, place: int, request: RecordedRequest) -> dict[str, Any]:
    arguments = call.arguments if call.as_object else argument_text(call)
    whole: dict[str, Any] = {
        "index": place if call.index is None else call.index,
        "id": f"call_{request.number}_{place}" if call.id is None else call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }
    if "name" in call.omit:
        del whole["function"]["name"]
    return {key: value for key, value in whole.items() if key not in call.omit}


def argument_text(call: ToolCall) -> str:
    """Return the arguments of a call as text."""
    return call.arguments if isinstance(call.arguments, str) else json.dumps(dict(call.arguments))


def slices(text: str, size: int | None) -> list[str]:
    """Return `text` in pieces of `size` characters, or in one."""
    step = size or len(text) or 1
    return [text[start : start + step] for start in range(0, len(text), step)]
