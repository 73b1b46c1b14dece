"""Writing a tape: every request of the process and its answer, as they go over the wire, without secrets."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from ._tape_bytes import told
from ._tape_errors import TapeError
from ._tape_faults import FAULTS, told_fault
from ._tape_file import TapeWriter, milliseconds
from ._tape_hook import Send
from ._tape_secrets import Secrets
from ._tape_wire import ENCODINGS, Framing, Listener, Overheard

# Only these can be undone here, and in anything else an echoed key would not be seen.
_ACCEPTED = "gzip, deflate"


class Recorder:
    """Sees every request, lets it pass, and writes down what became of it.

    Args:
        writer: The tape.
        secrets: What is taken out.
    """

    def __init__(self, writer: TapeWriter, secrets: Secrets) -> None:
        self._writer = writer
        self._secrets = secrets
        self._lock = threading.Lock()
        self._open: dict[int, Exchange] = {}
        self._last = writer.last

    def __call__(self, adapter: Any, request: Any, settings: dict[str, Any], send: Send) -> Any:
        """Send a request, and listen to its answer."""
        self._secrets.learn(request.url, request.headers, settings.get("proxies"))
        exchange = self._begin(request)
        if "accept-encoding" in request.headers:
            request = request.copy()
            request.headers["Accept-Encoding"] = _ACCEPTED
        try:
            response = send(request)
        except FAULTS as error:
            exchange.failed(error)
            raise
        except BaseException:
            self._open.pop(exchange.number, None)
            raise
        exchange.listen(response)
        return response

    def _begin(self, request: Any) -> Exchange:
        with self._lock:
            self._last += 1
            exchange = Exchange(self, self._last, told_request(request, self._secrets))
            self._open[exchange.number] = exchange
        return exchange

    @property
    def count(self) -> int:
        """How many exchanges are on the tape."""
        return self._writer.count

    def finish(self, number: int, line: dict[str, Any]) -> None:
        """Write an exchange that is over."""
        if self._open.pop(number, None) is not None:
            self._writer.write(line)

    @property
    def secrets(self) -> Secrets:
        """What is taken out."""
        return self._secrets

    def end(self) -> None:
        """Write what is still going on as far as it came, and close the tape."""
        for exchange in list(self._open.values()):
            exchange.give_up()
        self._open.clear()
        self._writer.end()


class Exchange:
    """One request, and what becomes of it.

    Args:
        recorder: Where it is written when it is over.
        number: Its place on the tape, by when it was sent, from 1.
        request: The request as it stands on the tape.
    """

    def __init__(self, recorder: Recorder, number: int, request: dict[str, Any]) -> None:
        self.number = number
        self._recorder = recorder
        self._request = request
        self._head: dict[str, Any] = {}
        self._started = time.monotonic()
        self._listener: Listener | None = None

    def failed(self, error: BaseException) -> None:
        """Write down that there was no answer."""
        fault = [
            {name: self._recorder.secrets.clean(text) for name, text in entry.items()} for entry in told_fault(error)
        ]
        self._finish({"fault": fault})

    def listen(self, response: Any) -> None:
        """Listen to an answer whose head is there."""
        raw, at = response.raw, milliseconds(time.monotonic() - self._started)
        original: Any = getattr(raw, "_original_response", None)
        file = getattr(original, "fp", None)
        chunked = bool(getattr(original, "chunked", False))
        length = getattr(original, "length", None)
        framing: Framing = "chunked" if chunked else "close" if length is None else "length"
        headers = list(getattr(raw, "headers", response.headers).items())
        self._head = {
            "status": response.status_code,
            "reason": response.reason or "",
            "headers": self._recorder.secrets.clean_answer_headers(headers),
            "framing": framing if file is not None else "length",
            "at": at,
        }
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if file is None:
            self._whole(response)
            return
        if encoding not in ENCODINGS:
            response.close()
            raise TapeError(
                f"The answer came in the encoding {encoding!r}, which a tape cannot keep: it may hold keys."
            )
        self._listener = Listener(framing, length, encoding, self._started, self._write)
        original.fp = Overheard(file, self._listener)
        if length == 0:
            self._listener.over("complete")

    def give_up(self) -> None:
        """Write down what has come so far."""
        if self._listener is not None:
            self._listener.over("left")

    def _whole(self, response: Any) -> None:
        """Write an answer down that has no body to come, or was made up by somebody's own adapter."""
        self._listener = Listener("close", None, "", self._started, self._write)
        self._listener.hear(response.content)
        self._listener.over("complete")

    def _write(self) -> None:
        listener = self._listener
        assert listener is not None
        texts = self._recorder.secrets.clean_pieces([data for _, data in listener.pieces])
        times = [milliseconds(at) for at, _ in listener.pieces]
        answer = {**self._head, "body": [[at, told(data)] for at, data in zip(times, texts, strict=True) if data]}
        answer["end"] = listener.end
        if listener.missing and listener.end != "complete":
            answer["missing"] = listener.missing
        self._finish({"response": answer})

    def _finish(self, outcome: dict[str, Any]) -> None:
        self._recorder.finish(self.number, {"number": self.number, "request": self._request, **outcome})


def told_request(request: Any, secrets: Secrets) -> dict[str, Any]:
    """A prepared request as it stands on a tape."""
    told_as = {
        "method": request.method or "GET",
        "url": secrets.clean_url(request.url or ""),
        "headers": secrets.clean_request_headers(request.headers),
    }
    body = request.body
    if body is None or body in (b"", ""):
        return told_as
    if not isinstance(body, bytes | bytearray | str):
        # Reading it here would leave nothing to send.
        return {**told_as, "body": {"streamed": True}}
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    return {**told_as, "body": _told_body(secrets.clean_bytes(data))}


def _told_body(data: bytes) -> dict[str, Any]:
    try:
        return {"json": json.loads(data)}
    except (ValueError, RecursionError):
        text = told(data)
    return {"text": text} if isinstance(text, str) else text
