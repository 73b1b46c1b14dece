"""Opening the real transport at the first line, so that a chat can be made without importing an HTTP library."""

from __future__ import annotations

import threading
from typing import Any

from chatkit._errors import ConfigError
from chatkit._http.messages import Line, Transport


class LazyTransport:
    """Opens lines over requests, which is imported when the first one is opened.

    Args:
        session: A caller's own `requests.Session`, or None.
    """

    def __init__(self, session: Any = None) -> None:
        # By name: importing requests to ask would cost more than all the rest of making a chat.
        names = {f"{kind.__module__}.{kind.__name__}" for kind in type(session).__mro__}
        if session is not None and "requests.sessions.Session" not in names:
            raise ConfigError(f"`session` must be a requests.Session, not {type(session).__name__}.")
        self._session = session
        self._transport: Transport | None = None
        self._lock = threading.Lock()

    def line(self) -> Line:
        """Open a line."""
        if self._transport is None:
            with self._lock:
                self._transport = self._transport or self._open()
        return self._transport.line()

    def _open(self) -> Transport:
        from chatkit._http.transport import RequestsTransport

        return RequestsTransport(self._session)

    def __reduce__(self) -> tuple[type[LazyTransport], tuple[()]]:
        # Sockets and sessions do not travel; where it arrives, chatkit opens connections of its own.
        return LazyTransport, ()

    def __deepcopy__(self, memo: object) -> LazyTransport:
        return self
