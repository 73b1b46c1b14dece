"""Where a server is: a command to run or an address to call, checked before anything is started or sent."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from chatkit._errors import ConfigError

_IS_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\<>\"{}|^`]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class Command:
    """A server that is started and spoken to over its standard input and output.

    Args:
        words: The program and its arguments.
        env: Variables on top of the few that a server inherits.
        cwd: Where it runs; None means here.
    """

    words: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: str | None = None

    @property
    def label(self) -> str:
        """What to call the server before it has told its name."""
        return PurePath(self.words[0]).name


@dataclass(frozen=True, slots=True)
class Address:
    """A server that is called over streamable HTTP.

    Args:
        url: Its http(s) URL.
        headers: Sent with every request.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def label(self) -> str:
        """What to call the server before it has told its name."""
        return urlsplit(self.url).netloc

    @property
    def is_exposed(self) -> bool:
        """Whether headers would travel unencrypted, and farther than this machine."""
        parts = urlsplit(self.url)
        return bool(self.headers) and parts.scheme.lower() == "http" and not is_this_machine(parts.hostname)


Source: TypeAlias = Command | Address


def read_source(
    source: str | Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    headers: Mapping[str, str] | None = None,
) -> Source:
    """Tell a command from an address and check it.

    Raises:
        ConfigError: when it is neither, or what goes with it does not fit.
    """
    if isinstance(source, str) and _IS_URL.match(source.strip()):
        if env is not None or cwd is not None:
            raise ConfigError("env= and cwd= are for servers that are started, not for a URL.")
        return Address(_checked_url(source.strip()), _checked_headers(headers or {}))
    if headers is not None:
        raise ConfigError("headers= is for servers at a URL; a command gets what it needs by env=.")
    return Command(_words(source), _checked_env(env or {}), None if cwd is None else str(cwd))


def _words(source: Any) -> tuple[str, ...]:
    words: Any = source
    if isinstance(source, str):
        try:
            words = shlex.split(source)
        except ValueError as error:
            fault = str(error)
        else:
            fault = ""
        if fault:
            raise ConfigError(f"The command cannot be split into words: {fault}.", hint="Give a list of words.")
    elif not isinstance(source, list | tuple):
        raise ConfigError(f"An MCP server is a command or a URL, not {type(source).__name__}.")
    if not words or not all(isinstance(word, str) and "\0" not in word for word in words) or not words[0].strip():
        raise ConfigError("The command of an MCP server must be a program's name and, as texts, its arguments.")
    return tuple(words)


def _checked_env(env: Mapping[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ConfigError(f"env= must map texts to texts; {name!r} does not.")
        if not name or "=" in name or "\0" in name + value:
            raise ConfigError(f"env= has the name {name!r}, which with its value cannot be a variable.")
    return dict(env)


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"headers= has the name {name!r}, which cannot be a header's.")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(f"The header {name!r} must be a text of printable ASCII characters.")
    return dict(headers)


def _checked_url(url: str) -> str:
    # The URL may hold a password, so what is at fault is named and the URL itself is not shown.
    fault = _fault_of(url)
    if fault:
        del url
        raise ConfigError(f"The URL of an MCP server {fault}")
    return url


def _fault_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "has no usable host or port."
    if parts.scheme.lower() not in ("http", "https"):
        return f"must begin with http:// or https://, not {parts.scheme}://."
    if "@" in parts.netloc:
        return "must not hold a user name or password; use headers= instead."
    if not host or port == 0:
        return "has no usable host or port."
    if _FORBIDDEN.search(url):
        return "contains white space or a character that no URL may have."
    return ""


def is_this_machine(host: object) -> bool:
    """Whether a host is an address of this very machine."""
    if host == "localhost":
        return True
    try:
        return isinstance(host, str) and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
