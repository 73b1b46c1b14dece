"""The real line: requests and urllib3, with live reading, four time limits and hanging up from any thread.

This wing is the one importer of requests and urllib3, and it is opened at the first request. A request is prepared
once per URL and set of headers; a send changes the body, its length and the key. chatkit's own adapter is called
directly, since `Session.send` adds redirects, cookies and hooks that chatkit does not want, at a fifth of the cost of a
small answer. A caller's own `requests.Session` sees every request in full, which makes it the hook for proxies,
certificates and custom fetching.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response, Session
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from chatkit._errors import APIError, Cancelled, ChatkitError, ConfigError
from chatkit._http.bodies import check_head
from chatkit._http.connections import LineAdapter, Tap, serving
from chatkit._http.faults import diagnose, is_timeout, timed_out
from chatkit._http.incoming import Incoming
from chatkit._http.messages import Batch, Head, Request, TimeLimits
from chatkit._http.redaction import Redactor
from chatkit._http.retry import retry_after_seconds
from chatkit._waiting import wait_for

_ENCODINGS = tuple(HTTPResponse.CONTENT_DECODERS)
# A chat has two, with and without streaming; every change of its model or parameters makes them anew.
_TEMPLATES = 32
_FAULTS = (requests.RequestException, HTTPError, OSError, ValueError)


class RequestsTransport:
    """Opens lines over requests.

    Args:
        session: A caller's own session; without one chatkit keeps connections of its own.

    Raises:
        ConfigError: when `session` is not a `requests.Session`.
    """

    def __init__(self, session: Session | None = None) -> None:
        if session is not None and not isinstance(session, Session):
            raise ConfigError(f"`session` must be a requests.Session, not {type(session).__name__}.")
        self._session = session
        self._adapter = LineAdapter()
        self._prepared: dict[tuple[str, int], tuple[Mapping[str, str], PreparedRequest, dict[str, Any]]] = {}

    def line(self) -> RequestsLine:
        """Open a line."""
        return RequestsLine(self)

    def post(self, request: Request) -> tuple[Response, Redactor]:
        """Post a request; the answer's body is not read yet.

        The key is put in here and lives in no local variable of a frame that an error could pass through.
        """
        if self._session is not None:
            prepared, settings = self._prepare_with(self._session, request)
        else:
            template, settings = self._template(request)
            prepared = template.copy()
            prepared.body = request.body
            prepared.headers["Content-Length"] = str(len(request.body))
        redactor = _sign(prepared, request)
        limits = request.limits
        timeout = (_least(limits.connect, limits.total), _least(limits.first_byte, limits.total))
        if self._session is not None:
            return self._session.send(prepared, timeout=timeout, allow_redirects=False, **settings), redactor
        return self._adapter.send(prepared, timeout=timeout, **settings), redactor

    def _template(self, request: Request) -> tuple[PreparedRequest, dict[str, Any]]:
        key = (request.url, id(request.headers))
        known = self._prepared.get(key)
        if known is None:
            prepared = PreparedRequest()
            prepared.prepare("POST", request.url, headers=dict(request.headers), data=b"")
            with Session() as session:
                settings = _settings(session, request.url)
            if len(self._prepared) >= _TEMPLATES:
                self._prepared.clear()
            # The headers are kept along, so that their id is not given to others.
            known = self._prepared[key] = (request.headers, prepared, settings)
        return known[1], known[2]

    def _prepare_with(self, session: Session, request: Request) -> tuple[PreparedRequest, dict[str, Any]]:
        # An auth callable keeps a .netrc entry from replacing the key that is put in later.
        wanted = requests.Request("POST", request.url, headers=dict(request.headers), data=request.body, auth=_as_is)
        return session.prepare_request(wanted), _settings(session, request.url)


def _as_is(prepared: PreparedRequest) -> PreparedRequest:
    return prepared


def _settings(session: Session, url: str) -> dict[str, Any]:
    """Proxies and certificates for a URL; a loopback server is never reached through the environment's proxy."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host == "::1" or host.startswith("127."):
        return {"stream": True, "proxies": dict(session.proxies), "verify": session.verify, "cert": session.cert}
    # `verify` is given, or an environment variable would overrule a session's own `verify=False`.
    return dict(session.merge_environment_settings(url, {}, True, session.verify, None))


def _sign(prepared: PreparedRequest, request: Request) -> Redactor:
    headers = request.credentials()
    if inspect.isawaitable(headers):
        headers = wait_for(headers)
    prepared.headers.update(headers)
    return Redactor(headers.values())


def _least(*limits: float | None) -> Any:
    return min((limit for limit in limits if limit is not None), default=None)


class RequestsLine:
    """One exchange at a time over a transport. See `chatkit._http.messages.Line`."""

    __slots__ = ("_incoming", "_reason", "_request", "_tap", "_transport", "_woken")

    def __init__(self, transport: RequestsTransport) -> None:
        self._transport = transport
        self._tap = Tap()
        self._incoming: Incoming | None = None
        self._request: Request | None = None
        self._reason: str | None = None
        self._woken = threading.Event()

    @property
    def hung_up(self) -> str | None:
        """The reason given to `hang_up`, or None."""
        return self._reason

    def hang_up(self, reason: str = "cancelled") -> None:
        """End whatever goes on, from any thread; returns at once."""
        self._reason = self._reason or reason
        self._woken.set()
        self._tap.cut()

    def pause(self, seconds: float) -> None:
        """Wait between two attempts."""
        self._woken.wait(seconds)
        self._check_hung_up()

    def send(self, request: Request) -> Head:
        """Send a request and wait for the head of the answer."""
        self._check_hung_up()
        self.close()
        self._request = request
        self._tap = Tap()
        sent_at = time.monotonic()
        response, redactor = self._guard(lambda: self._post(request))
        head = _head_of(response, request, sent_at, redactor)
        self._tap.hold_response(response.raw)
        self._incoming = Incoming(response.raw, head, request.limits, self._tap)
        try:
            check_head(head, _ENCODINGS)
        except APIError:
            self.close()
            raise
        return head

    def receive(self) -> Batch | None:
        """Wait for more of the answer; None at its end."""
        self._check_hung_up()
        incoming = self._incoming
        if incoming is None:
            return None
        batch: Batch | None = self._guard(incoming.receive)
        return batch

    def release(self) -> None:
        """Take leave of a finished answer; the connection is kept when its end is there, or nearly."""
        if self._incoming is not None:
            self._tap.wait_at_most(0.1)
            self._incoming.drain()
        self.close()

    def close(self) -> None:
        """Drop whatever is open."""
        if self._incoming is not None:
            self._incoming.close()
            self._incoming = None
        self._tap.let_go()

    def _post(self, request: Request) -> tuple[Response, Redactor]:
        serving.tap = self._tap
        try:
            return self._transport.post(request)
        finally:
            serving.tap = None

    def _guard(self, act: Callable[[], Any]) -> Any:
        """Do something that may fail in the libraries' many ways, and fail in chatkit's own."""
        fault: ChatkitError
        try:
            return act()
        except ChatkitError:
            self.close()
            # After hanging up, whatever the cut connection gave rise to is no news.
            self._check_hung_up()
            raise
        except _FAULTS as error:
            fault = self._explain(error)
        # Raised outside of the except clause: the library's exception may hold the request, and with it the key.
        self.close()
        self._check_hung_up()
        raise fault

    def _explain(self, error: BaseException) -> ChatkitError:
        assert self._request is not None
        limits, url = self._request.limits, self._request.url
        wait = is_timeout(error)
        if wait is None:
            return diagnose(error, url)
        if wait == "connect":
            return timed_out("connect", _least(limits.connect, limits.total), url)
        if self._incoming is not None:
            return self._incoming.timed_out()
        return _headers_timed_out(limits, url)

    def _check_hung_up(self) -> None:
        if (reason := self._reason) is not None:
            raise Cancelled(f"The answer was cancelled ({reason}).", reason=reason)


def _headers_timed_out(limits: TimeLimits, url: str) -> APIError:
    if limits.total is not None and limits.total <= (limits.first_byte or limits.total):
        return timed_out("total", limits.total, url)
    return timed_out("headers", limits.first_byte, url)


def _head_of(response: Response, request: Request, sent_at: float, redactor: Redactor) -> Head:
    headers = {name.lower(): value for name, value in CaseInsensitiveDict(response.headers).items()}
    return Head(
        status=response.status_code,
        headers=headers,
        url=request.url.partition("?")[0],
        sent_at=sent_at,
        # Seconds are counted from now, so that a date in the header needs no clock further up.
        retry_after=retry_after_seconds(headers, time.time()) if response.status_code >= 400 else None,
        sent_bytes=len(request.body),
        redact=redactor,
    )
