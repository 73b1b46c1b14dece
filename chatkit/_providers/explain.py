"""From what a server said to the error that says it to the user. Pure: nothing is sent, read or waited for here.

The texts that come here have been through the transport, which masks every key that was sent with the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chatkit._errors import (
    APIError,
    APIStatusError,
    APIStreamError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContextLengthError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from chatkit._http.retry import retry_after_seconds
from chatkit._providers.addresses import shown_url
from chatkit._providers.complaint import Complaint, read_body, server_words, told_status, visible
from chatkit._providers.hints import Circumstances, hint_for

__all__ = ["is_error_payload", "reported_error", "server_words", "status_error"]

_CLASSES: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
# What HTTPStatus does not know: Cloudflare's own, and the status of overloaded model servers.
_PHRASES = {520: "Unknown Error", 522: "Connection Timed Out", 524: "A Timeout Occurred", 529: "Overloaded"}
_REQUEST_IDS = ("x-request-id", "x-amzn-trace-id", "cf-ray", "inference-id")


def status_error(
    status: int,
    headers: Mapping[str, str],
    body_text: str,
    *,
    url: str,
    model: str | None,
    source: str = "",
    retry_after: float | None = None,
    size: int | None = None,
    largest: int | None = None,
) -> APIStatusError:
    """Explain an answer with an error status.

    Args:
        status: The HTTP status, 400 or more.
        headers: The answer's headers, names in lower case.
        body_text: The body as far as it was read, keys masked.
        url: Where the request went.
        model: The model asked for.
        source: Where the key came from; empty when none was sent.
        retry_after: Seconds the server asks to wait, if that is known already; otherwise it is read from the headers.
        size: Bytes of the request's body, if known.
        largest: Bytes of its largest attachment, if known.

    Returns:
        The error to raise. It may be sent again if `retryable`: 408, 409, 429 and 5xx except 501 and 505, unless a
        quota or credit is used up; the header `x-should-retry` overrules all that.
    """
    complaint = Complaint(read_body(body_text), status)
    told = retry_after if retry_after is not None else retry_after_seconds(headers)
    wait = complaint.estimate if told is None else told
    case = Circumstances(url, model, source, wait, size, largest)
    return _error_of_status(complaint, status, headers, case, "answered")


def reported_error(
    payload: object,
    *,
    headers: Mapping[str, str] | None = None,
    url: str,
    model: str | None,
    source: str = "",
    begun: bool = False,
) -> APIError:
    """Explain an error that a server reported in a body or stream that began as a success.

    Args:
        payload: The decoded JSON value, keys masked.
        headers: The answer's headers, names in lower case.
        url: Where the request went.
        model: The model asked for.
        source: Where the key came from; empty when none was sent.
        begun: Whether a part of the answer had already been told. Then nothing may be sent again.

    Returns:
        Before anything was told: what the same error would have been as an HTTP status, by the codes in it.
        Afterwards, or when no code is known: an `APIStreamError`.
    """
    given = headers or {}
    complaint = Complaint(payload, told_status(payload))
    # Some upstreams send retry-after with every success, so on a success only the body's estimate counts.
    case = Circumstances(url, model, source, complaint.estimate)
    status = complaint.status or (400 if complaint.is_about_context else 0)
    if status and not begun:
        return _error_of_status(complaint, status, given, case, "reported")
    return APIStreamError(
        f"{case.host} reported an error{' in the middle of the answer' if begun else ''}{_for(model)}.",
        code=complaint.code or (str(complaint.status) if complaint.status else None),
        **_details(complaint, given, case),
    )


def is_error_payload(payload: object, event: str = "message") -> bool:
    """Whether a decoded event or body reports an error instead of being an answer.

    Args:
        payload: The decoded JSON value.
        event: The name of the server-sent event it came with.
    """
    if event == "error":
        return True
    if not isinstance(payload, dict):
        return False
    if payload.get("error") or payload.get("object") == "error":
        return True
    return "choices" not in payload and any(payload.get(name) for name in ("detail", "message", "errors"))


def _error_of_status(
    complaint: Complaint, status: int, headers: Mapping[str, str], case: Circumstances, verb: str
) -> APIStatusError:
    kind = _CLASSES.get(status, InternalServerError if status >= 500 else APIStatusError)
    if complaint.is_about_context:
        kind = ContextLengthError
    return kind(
        f"{case.host} {verb} {f'{status} {_phrase(status)}'.strip()}{_for(case.model)}{_about(complaint)}.",
        status_code=status,
        body=complaint.body,
        code=complaint.code,
        param=complaint.param,
        retryable=_retryable(status, complaint, headers),
        retry_after=case.wait,
        **_details(complaint, headers, case),
    )


def _details(complaint: Complaint, headers: Mapping[str, str], case: Circumstances) -> dict[str, Any]:
    ids = (headers.get(name, "").strip() for name in _REQUEST_IDS)
    request_id = next(filter(None, ids), None)
    return {
        "server_message": complaint.words,
        "hint": hint_for(complaint, case),
        "model": case.model,
        "url": shown_url(case.url),
        "request_id": visible(request_id[:200]) if request_id else None,
    }


def _retryable(status: int, complaint: Complaint, headers: Mapping[str, str]) -> bool:
    verdict = headers.get("x-should-retry", "").strip().lower()
    if verdict in ("true", "false"):
        return verdict == "true"
    if complaint.is_about_quota or complaint.is_about_context:
        return False
    return status in (408, 409, 429) or (status >= 500 and status not in (501, 505))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return _PHRASES.get(status, "")


def _about(complaint: Complaint) -> str:
    """What the server blames, unless its own words say so."""
    param = complaint.param
    return f", about {visible(param[:100])!r}" if param and param not in complaint.words else ""


def _for(model: str | None) -> str:
    return f" for model {model!r}" if model else ""
