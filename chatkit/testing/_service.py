"""An HTTP server on a loopback socket: what the scripted and the offline service have in common."""

import contextlib
import itertools
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from typing import Self

from ._answers import ErrorAnswer
from ._line import Line
from ._reading import MalformedRequestError, read_body, read_head
from ._replies import Reply, Scripted, error_body, reply_to
from ._requests import Outcome, RecordedRequest
from ._sending import DeliberateCut, Sender

# A thousand callers may knock before the first is let in; the stdlib's 5 would turn them away.
_BACKLOG = 4096
_CLOSING_SECONDS = 2.0


class Service(ABC):
    """A server that listens from its construction until `close()`, with a thread for every connection.

    Args:
        host: The address to listen on.
        port: The port; 0 takes any free one.
        tls: A server-side context, to speak https.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[RecordedRequest] = []
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[Line, threading.Thread] = {}
        self._numbers = itertools.count(1)
        self._connections = 0
        self._closing = threading.Event()
        self._listener = socket.create_server((host, port), backlog=_BACKLOG)
        self._address = self._listener.getsockname()[:2]
        self._acceptor = threading.Thread(target=self._accept, name="service-accept", daemon=True)
        self._acceptor.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port, such as `http://127.0.0.1:40123`."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self._address[0]}:{self._address[1]}"

    @property
    def base_url(self) -> str:
        """The URL to give to a client, such as `http://127.0.0.1:40123/v1`."""
        return f"{self.origin}/v1"

    @property
    def connections(self) -> int:
        """How many TCP connections have been accepted."""
        return self._connections

    def drop_connections(self) -> None:
        """Close every open connection at once, as a restarted server would, and go on listening."""
        with self._lock:
            lines = list(self._open)
        for line in lines:
            line.shut()

    def close(self) -> None:
        """Stop listening, end every connection and wait for their threads; may be called again."""
        if self._closing.is_set():
            return
        self._closing.set()
        # A last caller wakes the acceptor: closing a socket does not wake accept() on every system.
        with contextlib.suppress(OSError):
            socket.create_connection(self._address, timeout=1).close()
        self._acceptor.join(_CLOSING_SECONDS)
        self._listener.close()
        with self._lock:
            threads = list(self._open.values())
        self.drop_connections()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(_CLOSING_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closing.is_set() else self.base_url
        return f"<{type(self).__name__} {state}, {len(self.requests)} requests>"

    @abstractmethod
    def _respond(self, request: RecordedRequest) -> Scripted:
        """Decide what is answered to a request."""

    def _claim(self, request: RecordedRequest) -> Scripted | None:
        """Return what is ready for a request, before the next one is numbered, or None to have `_respond()` decide."""
        return None

    def _worded(self, request: RecordedRequest, scripted: Scripted) -> Scripted:
        """Return what is scripted in the words of another wire format than Chat Completions, if such was asked."""
        return scripted

    def _failure(self, request: RecordedRequest, error: Exception) -> ErrorAnswer:
        name = type(self).__name__
        message = f"{name}: answering request {request.number} raised {type(error).__name__}: {error}"
        return ErrorAnswer(500, error_body(message, kind="server_error"))

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                # Too many open files, or a caller gone already: neither is the end of the service.
                if self._closing.wait(0.01):
                    return
                continue
            if self._closing.is_set():
                connected.close()
                return
            self._welcome(connected)

    def _welcome(self, connected: socket.socket) -> None:
        if self._tls:
            try:
                connected = self._tls.wrap_socket(connected, server_side=True, do_handshake_on_connect=False)
            except OSError:
                connected.close()
                return
        line = Line(connected)
        self._connections += 1
        thread = threading.Thread(target=self._serve, args=(line, self._connections), name="service-line", daemon=True)
        with self._lock:
            self._open[line] = thread
        thread.start()

    def _serve(self, line: Line, connection: int) -> None:
        try:
            line.greet()
            while self._exchange(line, connection):
                pass
        except (OSError, EOFError):
            pass  # the client left between two answers, which is its right
        finally:
            line.close()
            with self._lock:
                self._open.pop(line, None)

    def _exchange(self, line: Line, connection: int) -> bool:
        """Read one request and answer it; return whether another may follow."""
        try:
            head = read_head(line)
            if head is None:
                return False
            body = read_body(line, head)
        except MalformedRequestError as error:
            answer = ErrorAnswer(400, error_body(str(error)))
            refused = RecordedRequest(0, "", "", {}, b"", connection)
            return Sender(line, reply_to(refused, answer), keep_alive=False).send()
        request = RecordedRequest(0, head.method, head.target, head.headers, body, connection)
        claimed = self._record(request)
        return self._answer(line, request, claimed, keep_alive=head.keep_alive)

    def _record(self, request: RecordedRequest) -> Scripted | None:
        """Number a request, and claim what is ready for it in the same breath: two at once keep their order."""
        _ = request.json  # read before, for the lock keeps all others waiting
        with self._lock:
            request.number = next(self._numbers)
            self.requests.append(request)
            try:
                return self._claim(request)
            except Exception as error:
                return self._failure(request, error)

    def _answer(self, line: Line, request: RecordedRequest, claimed: Scripted | None, *, keep_alive: bool) -> bool:
        outcome: Outcome = "cut"
        try:
            again = Sender(line, self._reply(request, claimed), keep_alive=keep_alive).send()
            outcome = "answered"
            return again
        except DeliberateCut as cut:
            if cut.how == "rst":
                line.reset()
            return False
        except OSError:
            outcome = "closed" if self._closing.is_set() else "disconnected"
            return False
        finally:
            request.end(outcome)

    def _reply(self, request: RecordedRequest, claimed: Scripted | None) -> Reply:
        try:
            scripted = self._respond(request) if claimed is None else claimed
            reply = reply_to(request, self._worded(request, scripted))
        except Exception as error:
            reply = reply_to(request, self._failure(request, error))
        headers = {"x-request-id": f"req-{request.number}", **reply.headers}
        return Reply(reply.pieces, reply.status, headers, reply.live, reply.delivery)
