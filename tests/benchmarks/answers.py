"""What the server of the benchmarks says, by the name of a scenario; the clients check what they get against it.

A scenario is a word and sometimes a number: how many chunks or tool calls, how many characters of an answer, or how
many bytes the pieces of the big event have.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

REPLY = "The capital of France is Paris, a city on the Seine. Ask on if there is more that you want to know."
QUESTION = "What is the capital of France?"
FIRST_CHUNKS = 5
BIG_EVENT = 8 * 1024 * 1024
SLOWNESS = 0.05
GAP = 0.0005
SCENARIOS = (
    "whole",
    "slow",
    "first",
    "chunks-2000",
    "chunks-4000",
    "chunks-10000",
    "paced-2000",
    "turn-512",
    "turn-5120",
    "turn-25600",
    "tools-100",
    "event-1024",
    "event-65536",
)

_HEAD = {"id": "chatcmpl-benchmark-0123456789", "created": 1764000000, "model": "benchmark"}
_USAGE = {"prompt_tokens": 12, "completion_tokens": 24, "total_tokens": 36}


@dataclass(frozen=True)
class Answer:
    """An answer, or several to be given in turn, ready to be sent.

    Args:
        responses: Whole HTTP responses.
        delay: Seconds before a response begins.
        pieces: The same as the one response, cut where the server shall wait for `gap`.
        gap: Seconds between two pieces.
    """

    responses: tuple[bytes, ...]
    delay: float = 0.0
    pieces: tuple[bytes, ...] = ()
    gap: float = 0.0


def word(index: int) -> str:
    """The text of one chunk."""
    return f" word{index % 1000:03}"


def text_of(scenario: str) -> str:
    """The text that the answer of a scenario holds."""
    kind, _, number = scenario.partition("-")
    if kind in ("chunks", "paced"):
        return "".join(map(word, range(int(number))))
    if kind == "first":
        return "".join(map(word, range(FIRST_CHUNKS)))
    if kind == "turn":
        return prose(int(number))
    if kind == "event":
        return prose(BIG_EVENT)
    return REPLY


def prose(size: int) -> str:
    """English-looking text of a length, with the line breaks and quotation marks that JSON has to escape."""
    line = 'He said "yes" to the plan, and the others went on with what they had begun before noon.\n'
    return (line * (size // len(line) + 1))[:size]


def render(scenario: str) -> Answer:
    """Render the answer of a scenario."""
    kind, _, number = scenario.partition("-")
    if kind == "chunks":
        return Answer((_streamed(int(number)),))
    if kind == "paced":
        count = int(number)
        return Answer((), pieces=(_SSE_HEAD, *_events(count)), gap=GAP)
    if kind == "first":
        return Answer((_streamed(FIRST_CHUNKS),))
    if kind == "tools":
        return Answer((*map(_tool_call, range(int(number))), _whole({"content": REPLY})))
    if kind == "event":
        return Answer((_big_event(int(number)),))
    return Answer((_whole({"content": text_of(scenario)}),), delay=SLOWNESS if kind == "slow" else 0.0)


_SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"X-Request-Id: req-benchmark\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def _whole(message: dict[str, Any], finish: str = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish}
    body = json.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}X-Request-Id: req-benchmark\r\n\r\n".encode() + body


def _tool_call(index: int) -> bytes:
    function = {"name": "add", "arguments": json.dumps({"a": index, "b": 1})}
    call = {"id": f"call_{index:08}", "type": "function", "function": function}
    return _whole({"content": None, "tool_calls": [call]}, "tool_calls")


def _streamed(count: int) -> bytes:
    return _SSE_HEAD + b"".join(_events(count))


def _events(count: int) -> list[bytes]:
    """One HTTP chunk per event, as real servers send them."""
    events = [_event({"role": "assistant", "content": ""})]
    events += [_event({"content": word(index)}) for index in range(count)]
    events += [_event({}, "stop"), _http_chunk(_data({**_CHUNK, "choices": [], "usage": _USAGE}))]
    return [*events, _http_chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n"]


_CHUNK = {**_HEAD, "object": "chat.completion.chunk", "system_fingerprint": "fp_benchmark"}


def _event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _http_chunk(_data({**_CHUNK, "choices": [choice]}))


def _big_event(piece: int) -> bytes:
    """One event of 8 MB in HTTP chunks of a size."""
    choice = {"index": 0, "delta": {"content": prose(BIG_EVENT)}, "finish_reason": "stop"}
    data = _data({**_CHUNK, "choices": [choice]}) + b"data: [DONE]\n\n"
    chunks = (_http_chunk(data[start : start + piece]) for start in range(0, len(data), piece))
    return _SSE_HEAD + b"".join(chunks) + b"0\r\n\r\n"


def _data(value: Any) -> bytes:
    return f"data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def _http_chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
