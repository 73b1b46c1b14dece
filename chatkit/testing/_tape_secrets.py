"""Keys, cookies and tokens: how a recorder knows them, and how it takes them out of what it writes."""

import base64
import binascii
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._tape_events import events_cleaned

MASK = "[key removed]"

Redact = Callable[[str], str]

_KEPT_OF_REQUESTS = ("accept", "content-type")
# Not the plural: x-ratelimit-remaining-tokens is a number that a client may act on.
_SECRET_NAME = re.compile(
    r"(^|[-_.])(api[-_]?key|apikey|key|keyid|credential|token|secret|password|passwd|pwd|sig|signature|auth"
    r"|authorization|cookie2?|session|session[-_]?id|assertion|jwt|code)$",
    re.IGNORECASE,
)
# These tell whose account it was; and the framing is made anew when the tape is played.
_DROPPED_OF_ANSWERS = re.compile(
    r"set-cookie2?|openai-(organization|project)|www-authenticate|proxy-authenticate|transfer-encoding|content-length"
    r"|content-encoding|connection|keep-alive|trailer|upgrade",
    re.IGNORECASE,
)
# Keys that a server hands out stand under these names; nobody knows them before.
_HANDED_OUT = re.compile(
    rb'("(?:access_token|refresh_token|id_token|client_secret|api_key)"\s*:\s*")((?:[^"\\]|\\.)*)(?=")', re.DOTALL
)
# What is shorter is a word, like the "ollama" that some give as a key, and would be taken out of every sentence.
_SHORTEST = 8


class Secrets:
    """The secrets of all requests so far, and the taking out of them. Its repr tells none.

    Args:
        redact: The user's own function, applied to every text after the rest.
    """

    def __init__(self, redact: Redact | None = None) -> None:
        self._forms: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None
        self._redact = redact

    def __repr__(self) -> str:
        return "Secrets()"

    def learn(self, url: str, headers: Mapping[str, Any], proxies: Mapping[str, str] | None = None) -> None:
        """Note what a request carries that must not be shown."""
        found = [*_of_url(url), *_of_headers(headers)]
        for proxy in (proxies or {}).values():
            found += _of_url(proxy)
        forms = {form for secret in found for form in _forms(secret)}
        if not forms <= self._forms:
            # Made anew, not changed: another thread may be at work with the old ones.
            self._forms = self._forms | forms
            words = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile(b"|".join(re.escape(word) for word in words))

    def clean(self, text: str) -> str:
        """A text without secrets."""
        return self.clean_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def clean_bytes(self, data: bytes) -> bytes:
        """Bytes without secrets."""
        return b"".join(self.clean_pieces([data]))

    def clean_pieces(self, pieces: Sequence[bytes]) -> list[bytes]:
        """Pieces of one body without secrets, also where a secret lies across several."""
        cleaned = self._without_known(_handed_out_removed(pieces))
        if self._pattern is not None:
            # What a model says word by word stands in many events.
            changes = events_cleaned(b"".join(cleaned), self._without_known)
            cleaned = replaced(cleaned, changes)
        return cleaned if self._redact is None else _redacted(cleaned, self._redact)

    def _without_known(self, pieces: Sequence[bytes]) -> list[bytes]:
        if self._pattern is None:
            return list(pieces)
        return _masked(pieces, [match.span() for match in self._pattern.finditer(b"".join(pieces))])

    def clean_url(self, url: str) -> str:
        """A URL without user, password, and the values of parameters that are keys."""
        try:
            parts = urllib.parse.urlsplit(url)
        except ValueError:
            return self.clean(url)
        query = "&".join(_clean_parameter(item) for item in parts.query.split("&")) if parts.query else ""
        netloc = parts.netloc.rpartition("@")[2]
        return self.clean(urllib.parse.urlunsplit((parts.scheme, netloc, parts.path, query, "")))

    def clean_request_headers(self, headers: Mapping[str, Any]) -> dict[str, str]:
        """The few headers of a request that matter and are harmless."""
        kept = {name.lower(): _text(value) for name, value in headers.items()}
        return {name: self.clean(kept[name]) for name in _KEPT_OF_REQUESTS if name in kept}

    def clean_answer_headers(self, headers: Iterable[tuple[str, str]]) -> list[list[str]]:
        """The headers of an answer without cookies, keys, and what only its framing is about."""
        kept = []
        for name, value in headers:
            if not (_DROPPED_OF_ANSWERS.fullmatch(name) or _SECRET_NAME.search(name)):
                is_address = name.lower() in ("location", "content-location")
                kept.append([name, self.clean_url(value) if is_address else self.clean(value)])
        return kept


def _of_headers(headers: Mapping[str, Any]) -> list[str]:
    found = []
    for name, given in headers.items():
        value = _text(given).strip()
        if name.lower() == "cookie":
            found += [item.partition("=")[2].strip() for item in value.split(";")]
        elif _SECRET_NAME.search(name):
            scheme, _, rest = value.rpartition(" ")
            found += [rest, *(_of_basic(rest) if scheme.lower() == "basic" else ())]
    return found


def _of_basic(encoded: str) -> list[str]:
    try:
        pair = base64.b64decode(encoded).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return []
    return [pair, pair.partition(":")[2]]


def _of_url(url: str) -> list[str]:
    try:
        parts = urllib.parse.urlsplit(url)
        found = [part for part in (parts.password,) if part]
    except ValueError:
        return []
    items = [item.partition("=") for item in parts.query.split("&")]
    found += [value for name, _, value in items if _SECRET_NAME.search(urllib.parse.unquote(name))]
    return found + [urllib.parse.unquote(item) for item in found]


def _forms(secret: str) -> set[bytes]:
    """The ways in which a secret is written: as it is, in JSON, in a URL, in base64."""
    if len(secret) < _SHORTEST or secret == MASK:
        return set()
    in_json = json.dumps(secret)[1:-1]
    plain = secret.encode("utf-8", "surrogateescape")
    encoded = [base64.b64encode(plain).rstrip(b"="), base64.urlsafe_b64encode(plain).rstrip(b"=")]
    in_url = [urllib.parse.quote(secret, safe="", errors="replace"), urllib.parse.quote_plus(secret, errors="replace")]
    texts = [in_json, in_json.replace("/", "\\/"), *in_url]
    return {plain, *(text.encode() for text in texts), *encoded}


def _clean_parameter(item: str) -> str:
    name, equals, _ = item.partition("=")
    return f"{name}={MASK}" if equals and _SECRET_NAME.search(urllib.parse.unquote(name)) else item


def _handed_out_removed(pieces: Sequence[bytes]) -> list[bytes]:
    return _masked(pieces, [match.span(2) for match in _HANDED_OUT.finditer(b"".join(pieces))])


def _masked(pieces: Sequence[bytes], spans: Sequence[tuple[int, int]]) -> list[bytes]:
    return replaced(pieces, [(first, last, MASK.encode()) for first, last in spans])


def replaced(pieces: Sequence[bytes], changes: Sequence[tuple[int, int, bytes]]) -> list[bytes]:
    """Pieces with spans of the whole replaced; what is new goes into the piece where its span begins.

    Args:
        pieces: The pieces.
        changes: Start, end and what stands there from now on, in order.
    """
    if not changes:
        return list(pieces)
    made, start = [], 0
    for piece in pieces:
        out, at, end = bytearray(), start, start + len(piece)
        for first, last, new in changes:
            if last <= at or first >= end:
                continue
            out += piece[at - start : max(first - start, 0)]
            out += new if first >= start else b""
            at = min(last, end)
        made.append(bytes(out + piece[at - start :]))
        start = end
    return made


def _redacted(pieces: Sequence[bytes], redact: Redact) -> list[bytes]:
    """Apply the user's function to the whole; where it changes the length, the ends of the pieces move."""
    whole = b"".join(pieces)
    text = whole.decode("utf-8", "surrogateescape")
    changed = redact(text)
    if changed == text:
        return list(pieces)
    left = changed.encode("utf-8", "surrogateescape")
    made = []
    for piece in pieces[:-1]:
        made.append(left[: len(piece)])
        left = left[len(piece) :]
    return [*made, left]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
