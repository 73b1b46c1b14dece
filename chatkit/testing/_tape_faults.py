"""Errors of the way, such as a refused connection: written down by the names of their classes, and raised again."""

from __future__ import annotations

import builtins
import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

_PLACES: dict[str, Any] = {
    "requests": requests.exceptions,
    "urllib3": urllib3.exceptions,
    "http": http.client,
    "socket": socket,
    "ssl": ssl,
    "builtins": builtins,
}
# Of a bad certificate: what is wrong with it.
_DETAILS = ("verify_message", "reason")


def told_fault(error: BaseException) -> list[dict[str, str]]:
    """An error and what it wraps, outermost first, as it stands on a tape."""
    told = []
    for item in _chain(error):
        entry = {"error": f"{type(item).__module__.partition('.')[0]}.{type(item).__name__}", "message": str(item)}
        if isinstance(item, ssl.SSLError):
            entry |= {name: str(getattr(item, name)) for name in _DETAILS if getattr(item, name, None)}
        told.append(entry)
    return told


def raised_again(told: list[dict[str, str]], request: Any) -> Exception:
    """The error that a tape tells of, as a client would meet it."""
    inner: list[BaseException] = []
    for entry in reversed(told):
        kind = _class_of(entry.get("error", ""))
        # Not as they are made by themselves: many of them want a connection for it, and there is none.
        made = kind.__new__(kind)
        made.args = (entry.get("message", ""), *inner)
        for name in _DETAILS:
            if issubclass(kind, ssl.SSLError):
                setattr(made, name, entry.get(name, ""))
        inner = [made]
    outer = inner[0] if inner else None
    if isinstance(outer, requests.RequestException):
        outer.request, outer.response = request, None
        return outer
    return outer if isinstance(outer, FAULTS) else requests.ConnectionError(outer, request=request)


def _class_of(name: str) -> type[BaseException]:
    place, _, name = name.partition(".")
    found = getattr(_PLACES.get(place), name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else OSError


def _chain(error: BaseException) -> Iterator[BaseException]:
    item: Any = error
    seen: set[int] = set()
    while isinstance(item, BaseException) and id(item) not in seen:
        seen.add(id(item))
        yield item
        wrapped = [arg for arg in item.args if isinstance(arg, BaseException)]
        reason = getattr(item, "reason", None)
        item = next(iter(wrapped), None) or (reason if isinstance(reason, BaseException) else None)
        item = item or _before(seen, error)


def _before(seen: set[int], error: BaseException) -> Any:
    """What an error came from, where it does not carry it in itself."""
    item: Any = error
    while isinstance(item, BaseException):
        if id(item) not in seen:
            return item
        item = item.__cause__ or item.__context__
    return None
