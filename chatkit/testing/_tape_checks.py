"""Whether what stands on a tape can be played: tapes come from other people, too."""

from __future__ import annotations

from typing import Any, get_args

from ._tape_bytes import untold
from ._tape_wire import End, Framing


def fault_of(exchange: dict[str, Any]) -> str:
    """What is wrong with an exchange of a tape; nothing when it can be played."""
    request = exchange.get("request")
    if not (isinstance(request, dict) and _are_texts(request.get("method"), request.get("url"))):
        return "an exchange has no request with a method and a URL"
    if not _is_request_body(request.get("body", {"streamed": True})):
        return "the body of a request is neither JSON nor text nor base64"
    if "fault" in exchange:
        fault = exchange["fault"]
        is_told = isinstance(fault, list) and all(
            isinstance(entry, dict) and _are_texts(*entry.values()) for entry in fault
        )
        return "" if is_told else "its fault is not told as errors with a name and a message"
    answer = exchange.get("response")
    return _fault_of_answer(answer) if isinstance(answer, dict) else "an exchange has neither a response nor a fault"


def _fault_of_answer(answer: dict[str, Any]) -> str:
    status, missing = answer.get("status"), answer.get("missing", 0)
    checks = {
        "the status is no number from 200 to 999": isinstance(status, int) and 200 <= status <= 999,
        "the reason is no line of text": _is_line(answer.get("reason")),
        "the headers are not pairs of lines of text": _are_headers(answer.get("headers")),
        "the framing is unknown": answer.get("framing") in list(get_args(Framing)),
        "the end is unknown": answer.get("end") in list(get_args(End)),
        "a time is no number": _is_number(answer.get("at")),
        "what is missing is no number of bytes": isinstance(missing, int) and missing >= 0,
        "the body is not a list of pieces with their times": _is_body(answer.get("body")),
    }
    return next((fault for fault, is_right in checks.items() if not is_right), "")


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and "\n" not in value and "\r" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < 1e12


def _are_headers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and _is_line(pair[0]) and _is_line(pair[1]) for pair in value
    )


def _is_request_body(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return "json" in value or "streamed" in value or _is_told(value.get("text", value))


def _is_told(value: Any) -> bool:
    try:
        untold(value)
    except ValueError:
        return False
    return True


def _is_body(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, list) and len(item) == 2 and _is_number(item[0]) and _is_told(item[1]) for item in value
    )
