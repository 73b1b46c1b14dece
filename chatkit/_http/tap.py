"""The socket of one exchange: hung up on at any moment, from any thread, and never read for longer than there is time.

A socket's own time limit begins anew with every byte, so that a server which sends its head, or one chunk, drop by
drop is never late. Whatever reads from the socket of an exchange asks the tap first, which knows when all is over.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from typing import Any

from urllib3.response import BaseHTTPResponse, HTTPResponse

_GRAIN = 0.001


class HungUp(OSError):
    """The line was hung up while it was being connected."""


class Due:
    """When what is waited for must be there, however its bytes come in.

    Attributes:
        at: In seconds of a monotonic clock; None means never.
        is_late: Whether this comes before the time limit of a single read, so that a timeout is its doing.
    """

    __slots__ = ("at", "is_late")

    def __init__(self) -> None:
        self.at: float | None = None
        self.is_late = False

    def before_read(self, sock: Any) -> None:
        """Shorten the time limit of a socket's next read when less is left.

        Raises:
            TimeoutError: when nothing is.
        """
        if self.at is None:
            return
        left, limit = self.at - time.monotonic(), sock.gettimeout()
        # Hardly less is not worth a call of the system.
        if limit is not None and limit <= left + _GRAIN:
            return
        self.is_late = True
        if left <= 0:
            raise TimeoutError("timed out")
        sock.settimeout(left)


class Tap:
    """Holds the socket of one exchange while it lasts.

    `cut` may be called from any thread; everything else belongs to the thread of the line.

    Args:
        first_byte: Seconds that there are, once connected, to send the request and receive the answer's head; None
            means for ever.

    Attributes:
        end: When the whole exchange must be over, in seconds of a monotonic clock; None means never.
        is_fresh: Whether the connection was made for this exchange.
        due: When what is waited for must be there.
    """

    __slots__ = (
        "_connection",
        "_early",
        "_first_byte",
        "_is_cut",
        "_response",
        "_socket",
        "due",
        "end",
        "is_fresh",
    )

    def __init__(self, first_byte: float | None = None) -> None:
        self._first_byte = first_byte
        self._connection: Any = None
        self._early: socket.socket | None = None
        self._socket: Any = None
        self._response: BaseHTTPResponse | None = None
        self._is_cut = False
        self.is_fresh = False
        # What reads from the socket has it, and nothing else of this: a circle would keep forgotten sockets open.
        self.due = Due()
        self.end: float | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the connection served an earlier request already."""
        return self._connection is not None and not self.is_fresh

    @property
    def is_connecting(self) -> bool:
        """Whether a connection is being made and does not stand yet."""
        return self._connection is not None and self._socket is None

    @property
    def is_at_end(self) -> bool:
        """Whether what is waited for is due when the whole exchange is."""
        return self.due.at is not None and self.due.at == self.end

    def connect_within(self, seconds: float | None) -> None:
        """Say how long connecting may take, with all that is said before the connection stands."""
        self.due.at = None if seconds is None else time.monotonic() + seconds

    def hold_early(self, sock: socket.socket) -> None:
        """Remember a socket that is connected, but not yet encrypted.

        Encrypting moves it into another object that nobody can reach before it is done, so this takes a twin of it.
        """
        self._early = sock.dup()
        if self.due.at is not None:
            sock.settimeout(self._left())

    def hold(self, connection: Any) -> None:
        """Remember the connection, and its socket once it has one.

        Raises:
            HungUp: when the line was hung up in the meantime.
        """
        self._connection = connection
        sock = connection.sock or self._socket
        if sock is not None:
            if sock is not self._socket:
                self._socket = sock
                self._drop_early()
                self.due.at = self._head_due()
            # Else a new connection would send under the limit for connecting, and an old one under its last read's.
            self.wait_at_most(self._left())
        if self._is_cut:
            raise HungUp("the line was hung up")

    def hold_response(self, response: BaseHTTPResponse) -> None:
        """Remember the response; through it there is a socket even where a foreign adapter made the connection."""
        self._response = response
        self.due.at = None
        if self._socket is None:
            self._socket = getattr(getattr(response, "_sock_shutdown", None), "__self__", None)
        if self._is_cut:
            self.cut()

    def let_go(self) -> None:
        """Forget the socket: it may serve somebody else next."""
        self._connection = self._socket = self._response = None
        self.due.at = None
        self._drop_early()

    def cut(self) -> None:
        """Shut the socket down, from any thread."""
        self._is_cut = True
        sock = self._socket or self._early
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if isinstance(sock, socket.socket):
                # Not SSLSocket's own shutdown: it drops the encryption first, and a thread that is sending would go
                # on in the clear.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            elif isinstance(self._response, HTTPResponse):
                self._response.shutdown()

    def wait_at_most(self, seconds: float | None, *, is_late: bool = False) -> None:
        """Set how long the next use of the socket may take, and whether `due` is what sets it."""
        self.due.is_late = is_late
        if self._socket is not None:
            # Not contextlib.suppress, which costs more than what it guards; this is done several times a request.
            try:
                self._socket.settimeout(seconds)
            except OSError:
                return

    def _left(self) -> float | None:
        return None if self.due.at is None else max(self.due.at - time.monotonic(), _GRAIN)

    def _head_due(self) -> float | None:
        if self._first_byte is None:
            return self.end
        due = time.monotonic() + self._first_byte
        return due if self.end is None or due < self.end else self.end

    def _drop_early(self) -> None:
        if self._early is not None:
            self._early.close()
            self._early = None


class _Serving(threading.local):
    tap: Tap | None = None


serving = _Serving()


class TimedAnswer(http.client.HTTPResponse):
    """An answer that is never read for longer than the line that it is for has time."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if serving.tap is not None and type(self.fp.raw) is socket.SocketIO:
            raw: Any = self.fp.raw
            # Changed in place: another object around it would cost as much as all the rest of the time limits.
            raw.__class__ = _TimedReads
            raw.sock, raw.due = sock, serving.tap.due


class _TimedReads(socket.SocketIO):
    """What arrives at a socket."""

    sock: Any
    due: Due

    def readinto(self, buffer: Any) -> int | None:
        self.due.before_read(self.sock)
        return super().readinto(buffer)
