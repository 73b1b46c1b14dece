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


def host_of(url: str) -> str:
    """Host and port of a URL, as shown in messages."""
    return urlsplit(url).netloc.rpartition("@")[2]


def timed_out(phase: str, seconds: float | None, url: str) -> APITimeoutError:
    """The error for a time limit that ran out in a phase."""
    return APITimeoutError(
        f"{host_of(url)} {_WAITS[phase]} within {seconds or 0:g} s.",
        phase=phase,
        url=url,
        # Before the first byte of an answer a further attempt costs nothing but time.
        retryable=phase in ("connect", "headers"),
        hint=_TIMEOUT_HINT.format(field=_FIELDS[phase]),
    )


def diagnose(error: BaseException, url: str) -> APIError | ConfigError:
    """The error of chatkit for an exception of a library below (time limits apart).

    Args:
        error: What was caught.
        url: The URL asked.
    """
    chain = list(_chain(error))
    names = {name for item in chain for name in _class_names(item)}
    if names & {"LocationParseError", "InvalidURL", "MissingSchema", "InvalidSchema", "LocationValueError"}:
        return ConfigError(f"The URL {url!r} cannot be used.", hint="Check base_url.")
    if names & {"ContentDecodingError", "DecodeError"}:
        return _encoding_fault(url)
    kind, sentence, hint, retryable = _kind_of(chain, names, host_of(url))
    return APIConnectionError(
        sentence, kind=kind, hint=hint, url=url, retryable=retryable, cause_type=type(error).__name__
    )


def is_timeout(error: BaseException) -> str | None:
    """The phase of a time limit inside a library's exception: "connect", "read", or None."""
    for item in _chain(error):
        names = _class_names(item)
        if names & {"ConnectTimeoutError", "ConnectTimeout"}:
            return "connect"
        if names & {"ReadTimeoutError", "ReadTimeout"} or isinstance(item, TimeoutError):
            return "read"
    return None


def _kind_of(chain: list[BaseException], names: set[str], host: str) -> tuple[str, str, str, bool]:
    text = " ".join(str(item) for item in chain)
    if "ProxyError" in names:
        denied = "407" in text
        return "proxy", f"The proxy on the way to {host} refused the connection.", _proxy_hint(denied), not denied
    for item in chain:
        if isinstance(item, ssl.SSLError):
            return ("tls", f"No secure connection to {host}: {_tls_reason(item)}.", _tls_hint(text), False)
        if isinstance(item, socket.gaierror) or "NameResolutionError" in _class_names(item):
            return "dns", f"The host name of {host} cannot be resolved (DNS).", "Check base_url and the network.", True
        if isinstance(item, ConnectionRefusedError):
            return "refused", f"{host} refused the connection.", _refused_hint(host), True
    return _broken(chain, names, host, text)


def _broken(chain: list[BaseException], names: set[str], host: str, text: str) -> tuple[str, str, str, bool]:
    if "LineTooLong" in names or "got more than" in text:
        return "protocol", f"{host} sent headers beyond the limit of size or number.", "", False
    if any(isinstance(item, http.client.BadStatusLine) for item in chain) and "RemoteDisconnected" not in names:
        secure = "\\x15\\x03" in text or "\x15\x03" in text
        hint = "It looks like TLS: try https://." if secure else "Check the port in base_url."
        return "protocol", f"What {host} sent is not HTTP.", hint, not secure
    if names & {"IncompleteRead", "InvalidChunkLength"}:
        return "protocol", f"The answer of {host} was cut off.", "", True
    return "reset", f"{host} closed the connection before answering.", "", True


def _encoding_fault(url: str) -> APIResponseError:
    return APIResponseError(
        f"The answer of {host_of(url)} is not valid gzip or deflate data.", kind="encoding", url=url, retryable=True
    )


def _proxy_hint(denied: bool) -> str:
    if denied:
        return "It asks for a user name and password (407)."
    return "Check the HTTP_PROXY, HTTPS_PROXY and NO_PROXY variables."


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
