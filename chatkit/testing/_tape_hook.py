"""The one place through which all requests of the process go, and who stands there: tapes, and behind them a ban.

`requests.adapters.HTTPAdapter.send` is replaced while anybody stands there. Tapes that began later are asked first; the
ban is asked last, for what a tape answers is no real request.
"""

import threading
from collections.abc import Callable
from typing import Any

Send = Callable[[Any], Any]
"""Sends a request on, to the next one who stands there or to the network."""

Visitor = Callable[[Any, Any, dict[str, Any], Send], Any]
"""Takes an adapter, a prepared request, the settings of `send` and who comes next; gives a response."""

_lock = threading.RLock()
_tapes: list[Visitor] = []
_bans: list[Visitor] = []
_real: Callable[..., Any] | None = None

_SETTINGS = ("stream", "timeout", "verify", "cert", "proxies")


def stand(visitor: Visitor, *, is_ban: bool = False) -> Callable[[], None]:
    """Let a visitor see every request from now on; gives a function that takes it away."""
    global _real
    from requests.adapters import HTTPAdapter

    visitors = _bans if is_ban else _tapes
    with _lock:
        if _real is None:
            _real = HTTPAdapter.send
            HTTPAdapter.send = _send  # type: ignore[method-assign, assignment]
        visitors.append(visitor)

    def leave() -> None:
        global _real
        with _lock:
            visitors.remove(visitor)
            # Whoever has put something else in its place meanwhile keeps that; it leads here, and further on.
            if not _tapes and not _bans and HTTPAdapter.send is _send and _real is not None:
                HTTPAdapter.send, _real = _real, None  # type: ignore[method-assign]

    return leave


def _send(adapter: Any, request: Any, *given: Any, **named: Any) -> Any:
    settings = {**dict(zip(_SETTINGS, given, strict=False)), **named}
    real = _real
    if real is None:  # the last one has left in this very moment
        return adapter.send(request, **settings)

    def to_network(request: Any) -> Any:
        return real(adapter, request, **settings)

    send: Send = to_network
    for visitor in [*_bans, *_tapes]:
        send = _onward(visitor, adapter, settings, send)
    return send(request)


def _onward(visitor: Visitor, adapter: Any, settings: dict[str, Any], send: Send) -> Send:
    return lambda request: visitor(adapter, request, settings, send)
