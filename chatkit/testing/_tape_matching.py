"""Whether a request is the one that stands on a tape, and where it first differs."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ._tape_bytes import untold
from ._tape_secrets import MASK

_SHOWN = 60
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def first_difference(recorded: dict[str, Any], asked: dict[str, Any]) -> str | None:
    """Say where a request first differs from a recorded one, or None when it is the same.

    Args:
        recorded: The `request` of an exchange.
        asked: A request worded in the same way.
    """
    if recorded["method"] != asked["method"]:
        return f"the method is {asked['method']}, not {recorded['method']}"
    if _place(recorded["url"]) != _place(asked["url"]):
        return f"the URL is {asked['url']}, not {recorded['url']}"
    before, now = recorded.get("body"), asked.get("body")
    if before is None or now is None:
        return None if before is now else f"there is {'no' if now is None else 'a'} body"
    if "streamed" in before or "streamed" in now:
        return None
    if "json" in before and "json" in now:
        try:
            return _difference(before["json"], now["json"], "")
        except RecursionError:
            return None if before == now else "the body, deep inside"
    one, other = _plain(before), _plain(now)
    if _is_same(one, other):
        return None
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    place = min(len(one), len(other)) if start is None else start
    return f"the body, from its byte {place} on, is {_shown(other[place:])}, not {_shown(one[place:])}"


def is_alike(recorded: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether method and URL are the same."""
    return recorded["method"] == asked["method"] and _place(recorded["url"]) == _place(asked["url"])


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _place(url: str) -> tuple[str, ...]:
    """A URL for comparing; the port of a server on this machine does not count, for test servers take a free one."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return (url,)
    if is_loopback(host):
        return (parts.scheme, "loopback", parts.path, parts.query)
    return (parts.scheme, parts.netloc.lower(), parts.path, parts.query)


def _difference(before: Any, now: Any, place: str) -> str | None:
    if isinstance(before, dict) and isinstance(now, dict):
        return _first(_keys(before, now, place))
    if isinstance(before, list) and isinstance(now, list):
        items = zip(before, now, strict=False)
        found = _first(_difference(one, other, f"{place}[{number}]") for number, (one, other) in enumerate(items))
        return found or _lengths(before, now, place)
    if _is_same(before, now):
        return None
    return f"{place or 'the body'} is {_shown(now)}, not {_shown(before)}"


def _keys(before: dict[str, Any], now: dict[str, Any], place: str) -> Iterable[str | None]:
    for key in [*now, *(key for key in before if key not in now)]:
        inside = _inside(place, key)
        if key not in before:
            yield f"{inside} is new: {_shown(now[key])}"
        elif key not in now:
            yield f"{inside} is missing: {_shown(before[key])}"
        else:
            yield _difference(before[key], now[key], inside)


def _lengths(before: list[Any], now: list[Any], place: str) -> str | None:
    if len(before) == len(now):
        return None
    number = min(len(before), len(now))
    if len(now) > number:
        return f"{place}[{number}] is new: {_shown(now[number])}"
    return f"{place}[{number}] is missing: {_shown(before[number])}"


def _plain(body: dict[str, Any]) -> str:
    """A body's bytes, one character each."""
    told = json.dumps(body["json"]) if "json" in body else body.get("text", body)
    return untold(told).decode("latin-1")


def _inside(place: str, key: str) -> str:
    if not _WORD.fullmatch(key):
        return f"{place}[{key!r}]"
    return f"{place}.{key}" if place else key


def _first(found: Iterable[str | None]) -> str | None:
    return next((item for item in found if item is not None), None)


def _is_same(before: Any, now: Any) -> bool:
    if isinstance(before, str) and isinstance(now, str) and MASK in before:
        # Where the tape has no key any more, any other may stand.
        return re.fullmatch(".*".join(map(re.escape, before.split(MASK))), now, re.DOTALL) is not None
    return before == now and isinstance(before, bool) == isinstance(now, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
