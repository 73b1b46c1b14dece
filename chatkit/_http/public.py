"""Addresses that may be fetched: http(s) URLs whose host lies on the public internet.

Sources: the IANA registries of special-purpose IPv4 and IPv6 addresses; RFC 3056 (6to4), 4380 (Teredo), 5214 (ISATAP),
6052 (NAT64), 6598 (CGNAT); the WHATWG URL standard for what a host "ends in a number" means.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

from chatkit._errors import MediaError

Address: TypeAlias = IPv4Address | IPv6Address

_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f\\<>\"]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_NUMBER = re.compile(r"(0[xX][0-9A-Fa-f]*|[0-9]+)\.?")
_LONGEST_HOST = 254  # RFC 1035, and a dot at its end
_PORTS = {"http": 80, "https": 443}
_SAFE = "/?#[]@!$&'()*+,;=:%~-._"

_CLOSED_V4 = [
    (ipaddress.IPv4Network(network), why)
    for network, why in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private network"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),
        ("169.254.169.254/32", "cloud metadata"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private network"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private network"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
]
# Of IPv6 only this is public at all; what is closed inside of it leads back into IPv4, or nowhere.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = [
    (ipaddress.IPv6Network(network), why)
    for network, why in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "reserved"),
        ("fc00::/7", "private network"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart, in the form in which it is asked for.

    Args:
        scheme: "http" or "https".
        host: The host's name in ASCII, or an address without brackets.
        port: The port.
        path: Path and query, quoted.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """What of the URL may be shown: a path or a query can be secret."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.origin + self.path


def target_of(url: object) -> Target:
    """Check a URL and take it apart; nothing is looked up.

    Raises:
        MediaError: when it is no http(s) URL, or holds a user name; the message has no more of it than its scheme.
    """
    if not isinstance(url, str):
        raise MediaError(f"A URL is a text that begins with http:// or https://, not {type(url).__name__}.")
    if fault := _fault_of(url):
        del url
        raise MediaError(fault)
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, _ascii_host(parts), parts.port or _PORTS[scheme], quote(path, safe=_SAFE))


def _fault_of(url: str) -> str:
    scheme = _SCHEME.match(url)
    if scheme is None:
        return "The URL has no scheme: it must begin with http:// or https://."
    if scheme[1].lower() not in _PORTS:
        return f"URLs of the scheme {scheme[1].lower()!r} are not used: only http and https are, and data: for images."
    if _FORBIDDEN.search(url):
        return "The URL contains white space or a character that no URL may have."
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and bool(_ascii_host(parts))
    except ValueError:  # an IDNA error is one, too
        usable = False
    if not usable:
        return "The URL has no usable host or port."
    if "@" in parts.netloc:
        return "The URL holds a user name or password, which would be handed on."
    return ""


def _ascii_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return "" if "%" in host else str(ipaddress.IPv6Address(host))
    host = host if host.isascii() else host.encode("idna").decode("ascii")
    return host if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host) and host.strip(".") else ""


def host_fault(host: str) -> str:
    """Why a host must not even be looked up; empty when it may.

    Systems read 2130706433, 0x7f.1 and 0177.0.0.1 as addresses, each in its own way.
    """
    bare = host.rstrip(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        return "a private address (loopback)"
    if ":" in host or not _NUMBER.fullmatch(bare.rpartition(".")[2]):
        return ""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return "a number in an unusual form, as a private address could be"
    return ""


def closed_to_the_public(address: Address) -> str:
    """Why an address is none of the public internet, such as "loopback"; empty when it is."""
    if isinstance(address, IPv4Address):
        return next((why for network, why in _CLOSED_V4 if address in network), "")
    if found := next((why for network, why in _CLOSED_V6 if address in network), ""):
        return found
    if address not in _OPEN_V6:
        return "reserved"
    # An interface identifier that holds an IPv4 address leads to that one.
    return "ISATAP" if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE else ""
