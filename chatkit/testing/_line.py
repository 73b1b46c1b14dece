"""One TCP connection, seen from the server."""

import contextlib
import socket
import ssl
import struct
import threading
import time

_RECEIVE = 65536


class Line:
    """A connected socket with a read buffer, whose waiting ends when the other side leaves."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._buffer = bytearray()
        self._was_shut = threading.Event()
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def greet(self) -> None:
        """Shake hands, when the connection is encrypted."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.do_handshake()

    def peek(self) -> bytes:
        """Return what has arrived but is not read yet, waiting for at least one byte; empty at the end."""
        if not self._buffer:
            self._receive()
        return bytes(self._buffer)

    def read_until(self, mark: bytes, limit: int) -> bytes:
        """Read up to and including `mark`.

        Raises:
            EOFError: The connection ended first.
            ValueError: `mark` did not come within `limit` bytes.
        """
        start = 0
        while (found := self._buffer.find(mark, start)) < 0:
            if len(self._buffer) > limit:
                raise ValueError(f"longer than {limit} bytes")
            start = max(0, len(self._buffer) - len(mark))
            if not self._receive():
                raise EOFError
        return self.read_exactly(found + len(mark))

    def read_exactly(self, count: int) -> bytes:
        """Read `count` bytes.

        Raises:
            EOFError: The connection ended first.
        """
        while len(self._buffer) < count:
            if not self._receive():
                raise EOFError
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        self._socket.sendall(data)

    def rest(self, seconds: float) -> None:
        """Wait.

        Raises:
            ConnectionError: The client left, or the service shut the line, in the meantime.
        """
        if seconds <= 0:
            return
        wake_at = time.monotonic() + seconds
        # A next request sent ahead of time hides a departure: then only shut() can end the wait.
        if self._peek_within(seconds) and self._was_shut.wait(_finite(wake_at - time.monotonic())):
            raise ConnectionAbortedError("the line was shut")

    def shut(self) -> None:
        """End both directions; may be called from any thread, and wakes whoever waits on this line."""
        self._was_shut.set()
        with contextlib.suppress(OSError):
            # SSLSocket.shutdown would take the session from under a thread that is using it.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close with a TCP reset instead of an orderly end."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _receive(self) -> bool:
        received = self._socket.recv(_RECEIVE)
        self._buffer += received
        return bool(received)

    def _peek_within(self, seconds: float) -> bytes:
        self._socket.settimeout(_finite(seconds))
        try:
            # Not SSLSocket.recv, which refuses to peek: on an encrypted line any byte is a farewell.
            seen = socket.socket.recv(self._socket, 1, socket.MSG_PEEK)
        except TimeoutError:
            return b""
        finally:
            self._socket.settimeout(None)
        if not seen or isinstance(self._socket, ssl.SSLSocket):
            raise ConnectionAbortedError("the other side left")
        return seen


def _finite(seconds: float) -> float | None:
    """Spell a wait without end as the standard library does."""
    return None if seconds == float("inf") else max(0.0, seconds)
