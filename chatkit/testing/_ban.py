"""Forbidding real requests: what is not for this machine is refused before anything is sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from ._tape_errors import RequestForbiddenError
from ._tape_hook import Send, stand
from ._tape_matching import is_loopback

_ANYWHERE_HERE = ("", "0.0.0.0", "::")
_lifted = 0
_lock = threading.Lock()


class Ban:
    """Refuses what goes beyond this machine.

    Args:
        allow_loopback: Whether servers on this machine may be asked.
        allow: Further hosts that may be asked.
    """

    def __init__(self, *, allow_loopback: bool, allow: Sequence[str]) -> None:
        self._allow_loopback = allow_loopback
        self._allow = {host.lower() for host in allow}

    def __call__(self, adapter: Any, request: Any, settings: dict[str, Any], send: Send) -> Any:
        """Refuse a request, or let it pass."""
        parts = urlsplit(request.url or "")
        self.check(parts.hostname or "", f"{request.method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}")
        return send(request)

    def check(self, host: str, what: str) -> None:
        """Refuse what goes to a host.

        Raises:
            RequestForbiddenError: when it may not be asked.
        """
        if _lifted or self._allows(host.lower().rstrip(".").strip("[]")):
            return
        raise RequestForbiddenError(
            f"Real requests are forbidden here, so nothing was sent to {host} ({what}). Answer it from a tape"
            f" (chatkit.testing.replay, or the fixture chatkit_tape), give the chat a FakeService's base_url, or allow"
            f" it: forbid_requests(allow=[{host!r}])."
        )

    def look_up(self, real: Callable[..., Any], host: Any, *given: Any, **named: Any) -> Any:
        """Look a name up in place of `socket.getaddrinfo`, if it may be asked."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(name, str):
            self.check(name, "its address was looked up")
        found = real(host, *given, **named)
        if not _lifted:
            # What is connected to later is an address, and nobody knows then whose.
            self._allow |= {str(entry[4][0]) for entry in found}
        return found

    def connect(self, real: Callable[..., Any], sock: Any, address: Any) -> Any:
        """Connect in place of `socket.connect`, if it may be."""
        is_stream = sock.type == socket.SOCK_STREAM and sock.family in (socket.AF_INET, socket.AF_INET6)
        if is_stream and isinstance(address, tuple):
            try:
                self.check(str(address[0]), f"port {address[1]}")
            except RequestForbiddenError:
                # Most callers close a socket for an OSError only, and would leave it open.
                sock.close()
                raise
        return real(sock, address)

    def _allows(self, host: str) -> bool:
        if host in self._allow:
            return True
        return self._allow_loopback and (host in _ANYWHERE_HERE or is_loopback(host))


@contextlib.contextmanager
def banned(*, allow_loopback: bool, allow: Sequence[str]) -> Iterator[None]:
    """Forbid requests while it lasts: those through `requests`, and the connections of everything else."""
    ban = Ban(allow_loopback=allow_loopback, allow=allow)
    with contextlib.ExitStack() as undo:
        undo.callback(stand(ban, is_ban=True))
        undo.callback(_guarded(socket, "getaddrinfo", ban.look_up))
        for name in ("connect", "connect_ex"):
            undo.callback(_guarded(socket.socket, name, ban.connect))
        yield


@contextlib.contextmanager
def lifted() -> Iterator[None]:
    """Let requests pass for a while, for a recording that was asked for."""
    global _lifted
    with _lock:
        _lifted += 1
    try:
        yield
    finally:
        with _lock:
            _lifted -= 1


def _guarded(owner: Any, name: str, guard: Callable[..., Any]) -> Callable[[], None]:
    """Put a guard before a function; it gets the function and what that is called with. Gives what undoes it."""
    real = getattr(owner, name)
    was_own = name in vars(owner)

    def guarded(*given: Any, **named: Any) -> Any:
        return guard(real, *given, **named)

    setattr(owner, name, guarded)

    def undo() -> None:
        if vars(owner).get(name) is guarded:
            # `connect` is inherited from a class written in C, and shall be again.
            setattr(owner, name, real) if was_own else delattr(owner, name)

    return undo
