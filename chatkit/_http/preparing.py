"""Requests made ready for sending: prepared once, signed anew each time, with the proxies and certificates they need.

A request is prepared once per URL and set of headers; a send changes the body, its length and the key. A caller's own
`requests.Session` prepares every request itself, which makes it the hook for headers, cookies and custom fetching.
"""

from __future__ import annotations

import inspect
import ipaddress
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Session
from requests.utils import select_proxy

from chatkit._http.messages import Request
from chatkit._http.redaction import Redactor
from chatkit._waiting import wait_for

# A chat whose parameters change has new headers each time; what is older is not asked for again.
_MOST = 32


class Prepared(NamedTuple):
    """A request for requests to send, and how: `proxies`, `verify`, `cert` and `stream`."""

    message: PreparedRequest
    settings: dict[str, Any]

    @property
    def proxy(self) -> str:
        """Host and port of the proxy on the way, without its user and password; empty when there is none."""
        url = select_proxy(self.message.url or "", self.settings["proxies"]) or ""
        return urlsplit(url if "://" in url else f"http://{url}").netloc.rpartition("@")[2]


class Preparer:
    """Prepares requests.

    Args:
        session: A caller's own session, or None.
    """

    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._known: dict[tuple[str, int], tuple[Mapping[str, str], Prepared]] = {}

    def prepare(self, request: Request) -> Prepared:
        """Make a request ready, but for its key."""
        if self._session is not None:
            return self._prepare_with(self._session, request)
        template = self._template(request)
        message = template.message.copy()
        if request.method == "POST":
            message.body = request.body
            message.headers["Content-Length"] = str(len(request.body))
        return Prepared(message, template.settings)

    def _template(self, request: Request) -> Prepared:
        key = (request.method + request.url, id(request.headers))
        known = self._known.get(key)
        if known is None:
            message = PreparedRequest()
            message.prepare(request.method, request.url, headers=dict(request.headers), data=b"")
            with Session() as session:
                prepared = Prepared(message, _settings(session, request.url))
            if len(self._known) >= _MOST:
                self._known = {}
            # The headers are kept along, so that their id is not given to others.
            known = self._known[key] = (request.headers, prepared)
        return known[1]

    def _prepare_with(self, session: Session, request: Request) -> Prepared:
        # An auth callable keeps a .netrc entry from replacing the key that is put in later.
        wanted = requests.Request(
            request.method, request.url, headers=dict(request.headers), data=request.body, auth=session.auth or _as_is
        )
        return Prepared(session.prepare_request(wanted), _settings(session, request.url))


def sign(message: PreparedRequest, request: Request) -> Redactor:
    """Put the key in. It lives in no local variable of a frame that an error could pass through.

    Returns:
        What masks the key wherever a server repeats it.
    """
    headers = request.credentials()
    if inspect.isawaitable(headers):
        headers = wait_for(headers)
    message.headers.update(headers)
    return Redactor(headers.values())


def _as_is(prepared: PreparedRequest) -> PreparedRequest:
    return prepared


def _settings(session: Session, url: str) -> dict[str, Any]:
    """Proxies and certificates for a URL; a loopback server is never reached through the environment's proxy."""
    # `verify` is given, or an environment variable would overrule a session's own `verify=False`.
    settings = dict(session.merge_environment_settings(url, {}, True, session.verify, None))
    if _is_loopback(urlsplit(url).hostname or ""):
        settings["proxies"] = dict(session.proxies)
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
