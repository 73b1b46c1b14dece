"""The real line: requests and urllib3, with live reading, four time limits and hanging up from any thread.

This wing is the one importer of requests and urllib3, and it is opened at the first request. chatkit's own adapter is
called directly, since `Session.send` adds redirects, cookies and hooks that chatkit does not want, at a fifth of the
cost of a small answer. A caller's own `requests.Session` sees every request in full.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import requests
from requests import Response, Session
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse, HTTPResponse

from chatkit._errors import APIError, Cancelled, ChatkitError, ConfigError
from chatkit._http.bodies import check_head
from chatkit._http.connections import LineAdapter, lend_connections
from chatkit._http.faults import diagnose, is_closed, is_timeout, timed_out, without_library_frames
from chatkit._http.incoming import Incoming
from chatkit._http.messages import Batch, Head, Request, TimeLimits
from chatkit._http.preparing import Prepared, Preparer, sign
from chatkit._http.redaction import Redactor
from chatkit._http.retry import retry_after_seconds
from chatkit._http.tap import Tap, serving

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
        if session is not None:
            lend_connections(session)
        self._session = session
        self._adapter = LineAdapter()
        self._preparer = Preparer(session)

    def line(self) -> RequestsLine:
        """Open a line."""
        return RequestsLine(self)

    def prepare(self, request: Request) -> Prepared:
        """Make a request ready, but for its key."""
        return self._preparer.prepare(request)

    def post(self, prepared: Prepared, limits: TimeLimits) -> Response:
        """Post a prepared and signed request; the answer's body is not read yet."""
        message, settings = prepared
        timeout = (_least(limits.connect, limits.total), _patience(limits))
        if self._session is not None:
            return self._session.send(message, timeout=timeout, allow_redirects=False, **settings)
        return self._adapter.send(message, timeout=timeout, **settings)


def _least(*limits: float | None) -> Any:
    return min((limit for limit in limits if limit is not None), default=None)


def _patience(limits: TimeLimits) -> Any:
    """Seconds that sending a request may take, and then waiting for the answer to begin."""
    return _least(limits.first_byte, limits.total)


class RequestsLine:
    """One exchange at a time over a transport. See `chatkit._http.messages.Line`."""

    __slots__ = ("_incoming", "_proxy", "_reason", "_request", "_tap", "_transport", "_woken")

    def __init__(self, transport: RequestsTransport) -> None:
        self._transport = transport
        self._tap = Tap()
        self._incoming: Incoming | None = None
        self._request: Request | None = None
        self._proxy = ""
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
        self._request, self._proxy = request, ""
        self._tap = Tap(_patience(request.limits))
        # Whoever hung up before the new tap was there has cut the old one.
        self._check_hung_up()
        prepared: Prepared = self._guard(lambda: self._transport.prepare(request))
        # Outside of the guard: what the caller's own function raises is no fault of the connection.
        redactor = sign(prepared.message, request)
        self._proxy = prepared.proxy
        sent_at = time.monotonic()
        if (total := request.limits.total) is not None:
            self._tap.end = sent_at + total
        response: Response = self._guard(lambda: self._post(prepared, request.limits))
        head = _head_of(response, request, sent_at, redactor)
        raw = self._guard(lambda: _raw_of(response))
        self._tap.hold_response(raw)
        self._incoming = Incoming(raw, head, request.limits, self._tap)
        self._guard(lambda: check_head(head))
        return head

    def receive(self) -> Batch | None:
        """Wait for more of the answer; None at its end."""
        self._check_hung_up()
        incoming = self._incoming
        if incoming is None:
            return None
        batch: Batch | None = self._guard(incoming.receive)
        # A body that was cut looks like one that ended, and an error's body is taken as far as it goes.
        self._check_hung_up()
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

    def _post(self, prepared: Prepared, limits: TimeLimits) -> Response:
        while True:
            try:
                return self._post_once(prepared, limits)
            except _FAULTS as error:
                # A server may close a kept connection in the very moment in which it is used again. That is no failure
                # of this request, which nobody has read, so it is no matter for the retries above. The pool has one
                # kept connection less then, so this comes to a fresh one soon, and that is not excused.
                if self._reason is not None or not self._tap.is_kept or not is_closed(error):
                    raise
            self._tap.let_go()

    def _post_once(self, prepared: Prepared, limits: TimeLimits) -> Response:
        serving.tap = self._tap
        try:
            return self._transport.post(prepared, limits)
        finally:
            serving.tap = None

    def _guard(self, act: Callable[[], Any]) -> Any:
        """Do something that may fail in the libraries' many ways, and fail in chatkit's own."""
        fault: ChatkitError
        try:
            return act()
        except ChatkitError as error:
            # Without the frames below: their variables hold what the server said, and it may repeat the key.
            fault = error.with_traceback(None)
        except _FAULTS as error:
            fault = self._explain(error)
        except BaseException as error:
            # Ctrl-C, or an error of the caller's own adapter: as it is, but for the frames that hold the key.
            self.close()
            self._check_hung_up()
            raise without_library_frames(error)  # noqa: B904
        # Raised outside of the except clause: the library's exception may hold the request, and with it the key.
        self.close()
        # After hanging up, whatever the cut connection gave rise to is no news.
        self._check_hung_up()
        raise fault

    def _explain(self, error: BaseException) -> ChatkitError:
        assert self._request is not None
        limits, url = self._request.limits, self._request.url.partition("?")[0]
        wait = is_timeout(error)
        if wait is None:
            return diagnose(error, url, self._proxy)
        # A connection is not made before its encryption is; to requests that is reading already.
        if wait == "connect" or self._tap.is_connecting:
            return timed_out("connect", _least(limits.connect, limits.total), url)
        if self._incoming is not None:
            return self._incoming.timed_out()
        return _headers_timed_out(limits, url, by_total=self._tap.is_at_end)

    def _check_hung_up(self) -> None:
        if (reason := self._reason) is not None:
            raise Cancelled(f"The answer was cancelled ({reason}).", reason=reason)


def _headers_timed_out(limits: TimeLimits, url: str, *, by_total: bool) -> APIError:
    if limits.total is not None and (by_total or limits.total <= (limits.first_byte or limits.total)):
        return timed_out("total", limits.total, url)
    return timed_out("headers", limits.first_byte, url)


def _head_of(response: Response, request: Request, sent_at: float, redactor: Redactor) -> Head:
    # A server may repeat the key there, too, and a request's id or a content type is shown.
    headers = {name.lower(): redactor(value) for name, value in response.headers.items()}
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


def _raw_of(response: Response) -> BaseHTTPResponse:
    """The unread body; one that a hook has read already, or an adapter has made up, is read from what it left."""
    if isinstance(response.raw, BaseHTTPResponse) and not response._content_consumed:  # type: ignore[attr-defined]
        return response.raw
    return HTTPResponse(BytesIO(response.content), preload_content=False)
