"""What a server says when it refuses: its words, its codes, and what kind of trouble they mean.

Servers that call themselves compatible agree on nothing here, so every form seen in the wild is read: OpenAI, vLLM,
llama.cpp, text-generation-inference, FastAPI, problem+json, Mistral, Cloudflare, Google, and gateways' web pages.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LONGEST = 500
_PAGE = 64 * 1024
# No pattern here may look far ahead in vain, as "<[^>]*>" does: on a hostile page that takes quadratic time.
_TITLE = re.compile(r"<(title|h1)\b[^<>]*>([^<]+)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BREAKS = re.compile(r"[\r\n]+")
_NAME = re.compile(r"(?!error$)[A-Za-z][\w.-]*")
# Where in a request something is wrong, and what: FastAPI's words, and those of zod, which the Hugging Face router's
# Responses server checks with.
_BLAMES: tuple[tuple[str, str, Any], ...] = (("loc", "msg", (list, str)), ("path", "message", list))
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_STATUS_OF_CODE = {
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found": 404,
    "not_found_error": 404,
    "request_too_large": 413,
    "validation": 422,
    "template_error": 422,
    "tool_error": 422,
    "generation": 424,
    "insufficient_quota": 429,
    "overloaded": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "api_error": 500,
    "incomplete_generation": 500,
    "internal": 500,
    "internal_server_error": 500,
    "server_error": 500,
    "healthcheck": 503,
    "unavailable": 503,
    "unavailable_error": 503,
    "deadline_exceeded": 504,
    "overloaded_error": 529,
}
_CONTEXT_CODES = ("context_length_exceeded", "exceed_context_size_error")
_CONTEXT_WORDS = re.compile(
    r"maximum context length|context[ _]length[ _]exceeded|exceeds? the (available )?context|context window"
    r"|longer than the maximum model length|prompt is too long|greater than the context length"
    r"|inputs?`? (tokens \+ `?max_new_tokens`? must be <=|must have less than)|reduce the length of the messages",
    re.IGNORECASE,
)
_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance")
_QUOTA_WORDS = re.compile(
    r"insufficient[ _](quota|balance|credits?|funds)|included credits|out of credits|credit balance|depleted your",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A server's complaint, taken apart.

    Args:
        body: The decoded JSON value, or the text.
        status: The HTTP status, or the one that the body stands for; None when nobody knows.
    """

    body: Any
    status: int | None
    words: str = field(init=False)
    code: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", server_words(self.body))
        object.__setattr__(self, "code", next(filter(_NAME.fullmatch, _codes(self.body)), None))

    @property
    def param(self) -> str | None:
        """The parameter that the server blames."""
        named = (node.get("param") for node in _nodes(self.body))
        return next((visible(param) for param in named if isinstance(param, str) and param), None)

    @property
    def estimate(self) -> float | None:
        """Seconds until a model is loaded, as Hugging Face tells them."""
        told = (node.get("estimated_time") for node in _nodes(self.body))
        plain = (time for time in told if isinstance(time, int | float) and not isinstance(time, bool))
        return next((float(time) for time in plain if 0 <= time < 1e6), None)

    @property
    def is_page(self) -> bool:
        """Whether this is no API speaking, but a web page or bare text: usually the wrong address."""
        return isinstance(self.body, str)

    @property
    def is_about_context(self) -> bool:
        """Whether the conversation is too long for the model."""
        named = self.code in _CONTEXT_CODES or bool(_CONTEXT_WORDS.search(self.words))
        return named and self.status in (None, 400, 413, 422, 500)

    @property
    def is_about_quota(self) -> bool:
        """Whether a quota or credit is used up, so that waiting a little does not help."""
        return self.status == 402 or self.code in _QUOTA_CODES or bool(_QUOTA_WORDS.search(self.words))


def read_body(text: str) -> Any:
    """The JSON value of a body, or its text where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text[:_PAGE]


def told_status(payload: Any) -> int | None:
    """The HTTP status that an error payload stands for, by its numbers, else by its names."""
    codes = list(_codes(payload))
    numbers = [int(code) for code in codes if re.fullmatch(r"[45]\d\d", code, re.ASCII)]
    names = [_STATUS_OF_CODE[code.lower()] for code in codes if code.lower() in _STATUS_OF_CODE]
    return next(iter(numbers + names), None)


def server_words(body: object) -> str:
    """Find what a server says about an error.

    Args:
        body: A decoded JSON value, or a text, which may be a web page.

    Returns:
        At most 500 characters, control characters made visible; empty when it says nothing.
    """
    text = visible(_words(body, depth=4))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def visible(text: str) -> str:
    """A text on one line, in which nothing can move a terminal's cursor or turn its writing around."""
    lines = (line.strip() for line in _BREAKS.split(text[:_PAGE].replace("\t", " ")))
    flat = " ".join(filter(None, lines))
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), flat)


def _words(body: object, depth: int) -> str:
    if isinstance(body, str):
        return _text_of_page(body[:_PAGE]) if body.lstrip()[:1] == "<" else body
    if not depth:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (_words(item, depth - 1) for item in body[:20])))
    if not isinstance(body, dict):
        return ""
    for place, said, kind in _BLAMES:
        if said in body and isinstance(body.get(place), kind):
            return _blamed(body[place], body[said])
    found = (_words(body.get(name), depth - 1) for name in ("error", "message", "detail", "title", "errors", "msg"))
    return next(filter(None, found), "")


def _blamed(place: Any, said: Any) -> str:
    """One entry of a list of what is wrong with a request, by where it is."""
    parts = place if isinstance(place, list) else [place]
    return ": ".join(filter(None, [".".join(map(str, parts)), str(said)]))


def _text_of_page(page: str) -> str:
    title = _TITLE.search(page)
    return html.unescape(title[2] if title else _TAG.sub(" ", page)).strip()


def _nodes(body: object) -> Iterator[dict[str, Any]]:
    """The places of a body that may hold codes, the inner ones first."""
    if isinstance(body, dict):
        errors = body.get("errors")
        inner = [body.get("error"), *(errors[:1] if isinstance(errors, list) else [])]
        yield from (node for node in inner if isinstance(node, dict))
        yield body


def _codes(body: object) -> Iterator[str]:
    for node in _nodes(body):
        for name in ("code", "type", "error_type", "status", "status_code"):
            value = node.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                yield visible(str(value)[:100])
