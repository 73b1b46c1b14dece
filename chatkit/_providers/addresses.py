"""Addresses of servers: checked when given, and shown without anything secret.

A URL may hold a password or a key, so no frame that raises an error here still holds the URL it is about.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from chatkit._errors import ConfigError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_ALMOST = re.compile(r"(?i)(https?)(?::/*|/+)")
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f\\<>\"{}|^`]")
_DOUBLED = re.compile(r"/(v\d+)(/\1)+(?=/|$)")
_HOST = re.compile(r"[A-Za-z0-9._~-]+")
# Greedy up to the last @: a password may hold any of the characters that end a host.
_SAFE_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)?(?:.*@)?([^?#]*).*", re.DOTALL)
_ENDPOINT = re.compile(r"/(chat/completions|responses)$")


def check_base_url(url: str) -> str:
    """Bring a server's address into its normal form.

    Args:
        url: `http://` or `https://`, a host, and usually `/v1`. The full address of the chat endpoint is understood
            too.

    Returns:
        The address without a slash at its end.

    Raises:
        ConfigError: when requests could not be sent there; it names the part at fault and, where it can, the
            address to use.
    """
    normal, fault = _normal_form(url)
    if fault:
        del url
        raise ConfigError(f"base_url {fault}")
    return normal


def host_of(url: str) -> str:
    """The host of a URL, with its port unless that is the usual one; empty when there is none."""
    parts, port = _parts(url)
    if parts is None or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def hostname_of(url: str) -> str:
    """The host of a URL alone, in lower case; empty when there is none."""
    parts, _ = _parts(url)
    return (parts.hostname or "") if parts else ""


def port_of(url: str) -> int | None:
    """The port that a URL leads to, or None."""
    parts, port = _parts(url)
    return port or (_DEFAULT_PORTS.get(parts.scheme) if parts else None)


def shown_url(url: str) -> str:
    """A URL as far as it may be shown: scheme, host and path, without user, password and query."""
    parts, _ = _parts(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path}" if parts and parts.netloc else _safe(url)


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine: localhost, 127.0.0.0/8 or ::1."""
    host = hostname_of(url)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(url: str) -> tuple[SplitResult | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        return None, None


def _normal_form(url: object) -> tuple[str, str]:
    """The normal form, or what is wrong."""
    if not isinstance(url, str):
        return "", f"must be a text such as 'http://localhost:8000/v1', not {type(url).__name__}."
    text = url.strip()
    fault = _fault_of_text(text) or _fault_of_host(text)
    if fault:
        return "", fault
    parts = urlsplit(text)
    path = _ENDPOINT.sub("", parts.path.rstrip("/")).rstrip("/")
    server, single = f"{parts.scheme}://{_ascii_host(host_of(text))}", _DOUBLED.sub(r"/\1", path)
    if single != path:
        return "", f"'{server}{path}' names the version twice: use '{server}{single}'."
    return server + path, ""


def _fault_of_text(text: str) -> str:
    """What is wrong before a URL can be taken apart."""
    shown = _safe(text)
    if not text:
        return "is empty."
    if _FORBIDDEN.search(text):
        also = " A system prompt is given as system_prompt=." if " " in text.strip() else ""
        return f"{shown!r} contains white space or a character that no URL may have.{also}"
    scheme = _SCHEME.match(text)
    if not scheme:
        return f"'{shown}' has no scheme: did you mean '{_suggested(shown)}'?"
    if scheme[1].lower() not in _DEFAULT_PORTS:
        rest = shown.partition("://")[2]
        return f"has the scheme '{scheme[1]}', but only http and https can be used: did you mean 'http://{rest}'?"
    if "?" in text or "#" in text:
        return f"'{shown}' must not have a query or a fragment (what follows ? or #)."
    return ""


def _fault_of_host(text: str) -> str:
    """What is wrong with user, host or port."""
    shown = _safe(text)
    authority = text.partition("://")[2].partition("/")[0]
    if "@" in authority:
        host = authority.rpartition("@")[2]
        return f"must not hold a user name or password (before '@{host}'); use credentials= instead."
    parts, port = _parts(text)
    if parts is None or port == 0:
        return f"'{shown}' has no usable host or port: a port is a number from 1 to 65535."
    if not parts.hostname:
        return f"'{shown}' has no host."
    fault = _fault_of_name(parts.hostname)
    return f"has the host '{parts.hostname}', {fault}" if fault else ""


def _fault_of_name(host: str) -> str:
    if ":" in host:
        return ""  # an IPv6 address, which urlsplit has checked
    labels = host.removesuffix(".").split(".")
    if any(len(label) > 63 for label in labels):
        return "of which a part between dots is longer than 63 characters."
    if not all(labels):
        return "of which a part between dots is empty."
    try:
        known = _HOST.fullmatch(_ascii_host(host))
    except UnicodeError:
        known = None
    return "" if known else "which cannot be written as a host name of the Internet (IDNA)."


def _ascii_host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _suggested(shown: str) -> str:
    """The URL that was probably meant."""
    given = _ALMOST.match(shown)
    rest = shown[given.end() :] if given else shown.lstrip(":/")
    scheme = given[1].lower() if given else "http" if is_loopback(f"http://{rest}") else "https"
    return f"{scheme}://{rest}"


def _safe(text: str) -> str:
    """A text that should have been a URL, without what could be a password, a query or a fragment."""
    scheme, rest = _SAFE_PARTS.fullmatch(text).groups("")  # type: ignore[union-attr]  # it matches any text
    return scheme + rest
