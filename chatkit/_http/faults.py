"""What went wrong on the way: exceptions of the libraries below become chatkit's own errors.

The libraries wrap one another's exceptions several deep, and hide some: a stall in mid-stream is no timeout to
requests, a bad certificate is a connection error. So the whole chain is looked at, by class, from the most telling
kind to the least. Nothing of the chain is kept but the name of its first class: a library's exception may hold the
request, and with it the key.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from types import TracebackType
from urllib.parse import urlsplit

from chatkit._errors import APIConnectionError, APIError, APIResponseError, APITimeoutError, ConfigError

_TIMEOUT_HINT = "Raise it with timeout=TimeLimits({field}=...)."
_FIELDS = {"connect": "connect", "headers": "first_byte", "idle": "idle", "progress": "progress", "total": "total"}
_WAITS = {
    "connect": "did not accept a connection",
    "headers": "did not begin to answer",
    "idle": "sent nothing",
    "progress": "sent no event",
    "total": "did not finish its answer",
}
_LIBRARIES = ("requests", "urllib3", "http", "socket", "ssl")


def host_of(url: str) -> str:
    """Host and port of a URL, as shown in messages."""
    return urlsplit(url).netloc.rpartition("@")[2]


def timed_out(phase: str, seconds: float | None, url: str) -> APITimeoutError:
    """The error for a time limit that ran out in a phase."""
    # Without a limit of chatkit's it was the system that gave up.
    within = f" within {seconds:g} s" if seconds is not None else " in time"
    return APITimeoutError(
        f"{host_of(url)} {_WAITS[phase]}{within}.",
        phase=phase,
        url=url,
        # Before the first byte of an answer a further attempt costs nothing but time.
        retryable=phase in ("connect", "headers"),
        hint=_TIMEOUT_HINT.format(field=_FIELDS[phase]),
    )


def diagnose(error: BaseException, url: str, proxy: str = "") -> APIError | ConfigError:
    """The error of chatkit for an exception of a library below (time limits apart).

    Args:
        error: What was caught.
        url: The URL asked.
        proxy: Host and port of the proxy on the way, if there is one.
    """
    chain = list(_chain(error))
    names = {name for item in chain for name in _class_names(item)}
    text = " ".join(str(item) for item in chain)
    fault = _setting_at_fault(names, text, url)
    if fault is not None:
        return fault
    if names & {"ContentDecodingError", "DecodeError"}:
        return _encoding_fault(url)
    if "ProxyError" in names:
        return proxy_refused(url, proxy, denied="Tunnel connection failed: 407" in text)
    kind, sentence, hint, retryable = _kind_of(chain, names, text, host_of(url))
    return APIConnectionError(
        sentence, kind=kind, hint=hint, url=url, retryable=retryable, cause_type=type(error).__name__
    )


def is_timeout(error: BaseException) -> str | None:
    """The phase of a time limit inside a library's exception: "connect", "read", or None."""
    for item in _chain(error):
        names = _class_names(item)
        # urllib3 counts a refused connection, and a name that is not known, among the timeouts.
        if names & {"ConnectTimeoutError", "ConnectTimeout"} and "NewConnectionError" not in names:
            return "connect"
        if names & {"ReadTimeoutError", "ReadTimeout"} or isinstance(item, TimeoutError):
            return "read"
    return None


def is_closed(error: BaseException) -> bool:
    """Whether an exception says that the other side closed the connection, and nothing was answered on it."""
    closed = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, http.client.RemoteDisconnected)
    return any(isinstance(item, closed) for item in _chain(error))


def proxy_refused(url: str, proxy: str = "", *, denied: bool) -> APIConnectionError:
    """The error for a proxy that does not let a request through.

    Args:
        url: The URL asked.
        proxy: Host and port of the proxy, if known.
        denied: Whether it wants a name and a password.
    """
    if denied:
        hint = "It asks for a user name and password (407)."
    else:
        hint = "Check the HTTP_PROXY, HTTPS_PROXY and NO_PROXY variables."
    return APIConnectionError(
        f"The proxy{proxy and ' '}{proxy} on the way to {host_of(url)} refused the connection.",
        kind="proxy",
        url=url,
        hint=hint,
        retryable=not denied,
    )


def without_library_frames(error: BaseException) -> BaseException:
    """Take all that is the libraries' out of an exception that is not: it may hold the request, and with it the key."""
    item: BaseException | None = error
    while item is not None:
        item.__traceback__ = _own_frames(item.__traceback__)
        if _is_of_library(type(item.__cause__).__module__):
            item.__cause__ = None
        if _is_of_library(type(item.__context__).__module__):
            item.__context__ = None
        item = item.__context__
    return error


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    kept = []
    while trace is not None:
        if not _is_of_library(trace.tb_frame.f_globals.get("__name__", "")):
            kept.append(trace)
        trace = trace.tb_next
    for this, following in zip(kept, [*kept[1:], None], strict=False):
        this.tb_next = following
    return kept[0] if kept else None


def _is_of_library(module: str) -> bool:
    return module.partition(".")[0] in _LIBRARIES


def _setting_at_fault(names: set[str], text: str, url: str) -> ConfigError | None:
    """The error for what no server can be blamed for: the URL, a header, a file of certificates."""
    if "InvalidSchema" in names and "SOCKS" in text:
        return ConfigError("A SOCKS proxy is set, but cannot be used.", hint="Install requests[socks].")
    if names & {"LocationParseError", "InvalidURL", "MissingSchema", "InvalidSchema", "LocationValueError"}:
        return ConfigError(f"The URL {url!r} cannot be used.", hint="Check base_url.")
    # No word of these texts is shown: they quote the header, which may be the key's.
    if names & {"InvalidHeader", "UnicodeEncodeError"} or "Invalid header" in text:
        return ConfigError(f"A header of the request to {host_of(url)} holds characters that HTTP cannot carry.")
    if "TLS CA certificate bundle" in text or "TLS certificate file" in text or "TLS key file" in text:
        hint = "Check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, or `verify` and `cert` of the session."
        return ConfigError("A file of certificates that is set does not exist.", hint=hint)
    return None


def _kind_of(chain: list[BaseException], names: set[str], text: str, host: str) -> tuple[str, str, str, bool]:
    for item in chain:
        # A server that hangs up during the handshake has not refused it.
        if isinstance(item, ssl.SSLError) and not isinstance(item, ssl.SSLEOFError):
            return "tls", f"No secure connection to {host}: {_tls_reason(item)}.", _tls_hint(text), False
        if isinstance(item, socket.gaierror) or "NameResolutionError" in _class_names(item):
            return "dns", f"The host name of {host} cannot be resolved (DNS).", "Check base_url and the network.", True
        if isinstance(item, ConnectionRefusedError):
            return "refused", f"{host} refused the connection.", _refused_hint(host), True
    return _broken(chain, names, text, host)


def _broken(chain: list[BaseException], names: set[str], text: str, host: str) -> tuple[str, str, str, bool]:
    if "LineTooLong" in names or "got more than" in text:
        return "protocol", f"{host} sent headers beyond the limit of size or number.", "", False
    if "UnknownProtocol" in names:
        return "protocol", f"What {host} sent is not HTTP/1.1.", "", False
    if any(isinstance(item, http.client.BadStatusLine) for item in chain) and "RemoteDisconnected" not in names:
        secure = "\\x15\\x03" in text or "\x15\x03" in text
        hint = "It looks like TLS: try https://." if secure else "Check the port in base_url."
        return "protocol", f"What {host} sent is not HTTP.", hint, not secure
    if names & {"IncompleteRead", "InvalidChunkLength"} or "Response ended prematurely" in text:
        return "protocol", f"The answer of {host} was cut off.", "", True
    if "Connection broken" in text:
        return "reset", f"{host} broke the connection off in the middle of its answer.", "", True
    return "reset", f"{host} closed the connection before answering.", "", True


def _encoding_fault(url: str) -> APIResponseError:
    return APIResponseError(
        f"The answer of {host_of(url)} is not valid gzip or deflate data.", kind="encoding", url=url, retryable=True
    )


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".")
    return (error.reason or "handshake failed").replace("_", " ").lower()


def _tls_hint(text: str) -> str:
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text or "UNKNOWN_PROTOCOL" in text:
        return "The server does not speak TLS there: try http://."
    return "For a private certificate authority set REQUESTS_CA_BUNDLE, or pass a session with `verify` set."


def _refused_hint(host: str) -> str:
    name = host.rpartition(":")[0] or host
    if name in ("localhost", "[::1]") or name.startswith("127."):
        return "Is the server running there (Ollama, llama.cpp, vLLM, ...)?"
    return "Check the host and the port in base_url."


def _class_names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it wraps, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
