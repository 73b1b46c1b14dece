"""Playing a tape: requests get the answers that were recorded, and nothing goes to the network."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path
from typing import Any

import urllib3

from ._recording import told_request
from ._tape_answer import answer_of
from ._tape_checks import fault_of
from ._tape_errors import TapeError, TapeMismatchError
from ._tape_faults import FAULTS, raised_again
from ._tape_file import read_tape
from ._tape_hook import Send
from ._tape_matching import first_difference, is_alike
from ._tape_secrets import Secrets

_LISTED = 5


class Replayer:
    """Answers every request from a tape.

    Args:
        path: The tape.
        secrets: What the user's own function took out when recording is taken out of requests before comparing.
        speed: 0 for no waiting, 1 for the pace of the recording.

    Raises:
        TapeError: when the tape cannot be read, or is broken.
    """

    def __init__(self, path: Path, secrets: Secrets, speed: float) -> None:
        self._path = path
        self._secrets = secrets
        self._speed = speed
        exchanges, self._is_whole = read_tape(path)
        for number, exchange in exchanges:
            if fault := fault_of(exchange):
                raise TapeError(f"The tape {path} is broken in line {number}: {fault}.")
        self._left: list[dict[str, Any]] = [exchange for _, exchange in exchanges]
        self._looked_up: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.count = len(self._left)
        self._faults: list[str] = []

    def __call__(self, adapter: Any, request: Any, settings: dict[str, Any], send: Send) -> Any:
        """Answer a request."""
        exchange = self._find(request, settings.get("proxies"))
        if "fault" in exchange:
            raise raised_again(exchange["fault"], request)

        def at_end() -> None:
            raise self._mismatch(
                f"exchange {exchange['number']} ends here, for whoever recorded it stopped reading; now it is read on."
            )

        fault: Exception
        timeout = _read_timeout(settings.get("timeout"))
        try:
            raw = answer_of(exchange["response"], request, self._speed, at_end, timeout)
        except FAULTS as error:
            # As `HTTPAdapter.send` would: it was the head that was waited for.
            fault = raised_again([{"error": "requests.ReadTimeout", "message": str(error)}], request)
        except http.client.HTTPException as error:
            fault = TapeError(f"The tape {self._path} cannot be played: exchange {exchange['number']}: {error!r}.")
        else:
            return adapter.build_response(request, raw)
        raise fault

    @property
    def left(self) -> int:
        """How many exchanges nobody has asked for. Look-ups (GET), which are often remembered, do not count."""
        return sum(exchange["request"]["method"] != "GET" for exchange in self._left)

    def end(self, *, strict: bool) -> None:
        """Check that all went as recorded.

        Args:
            strict: Whether exchanges that nobody asked for are an error.

        Raises:
            TapeMismatchError: when a request was not on the tape, though its error may have been swallowed, or when
                exchanges were not asked for.
        """
        if self._faults:
            raise TapeMismatchError(self._faults[0])
        if strict and self.left:
            raise TapeMismatchError(f"The tape {self._path} was not played to its end. {self._listed()}")

    def _find(self, request: Any, proxies: Any) -> dict[str, Any]:
        asked = told_request(request, self._secrets)
        with self._lock:
            # A look-up that is made more often than it was recorded gets its last answer again.
            fitting = (
                exchange
                for exchange in [*self._left, *reversed(self._looked_up)]
                if first_difference(exchange["request"], asked) is None
            )
            found: dict[str, Any] | None = next(fitting, None)
            if found is not None:
                self._take(found)
                return found
            # Only for what is shown: a made-up key, such as "test", would be taken out of words that count.
            shown = Secrets()
            shown.learn(request.url, request.headers, proxies)
            raise self._mismatch(shown.clean(self._explain(asked)))

    def _take(self, exchange: dict[str, Any]) -> None:
        if exchange not in self._left:
            return
        self._left.remove(exchange)
        if exchange["request"]["method"] == "GET":
            self._looked_up.append(exchange)

    def _explain(self, asked: dict[str, Any]) -> str:
        what = f"the request {asked['method']} {asked['url']} is not on the tape"
        others = [exchange for exchange in self._left if exchange["request"]["method"] != "GET"] or self._left
        if not others:
            return f"{what}: it was played to its end{'' if self._is_whole else ', where its recording broke off'}."
        alike = [exchange for exchange in others if is_alike(exchange["request"], asked)]
        nearest = (alike or others)[0]
        difference = first_difference(nearest["request"], asked)
        return f"{what}. It differs from number {nearest['number']} first in this: {difference}. {self._listed()}"

    def _listed(self) -> str:
        shown = [
            f"{exchange['number']} ({exchange['request']['method']} {exchange['request']['url']})"
            for exchange in self._left[:_LISTED]
        ]
        more = f" and {len(self._left) - _LISTED} more" if len(self._left) > _LISTED else ""
        return f"Left on the tape: number {', '.join(shown)}{more}."

    def _mismatch(self, what: str) -> TapeMismatchError:
        message = f"In replaying {self._path}: {what} Nothing was sent. If the change is meant, record the tape anew."
        self._faults.append(message)
        return TapeMismatchError(message)


def _read_timeout(timeout: Any) -> float | None:
    if isinstance(timeout, urllib3.Timeout):
        # It knows only once it is running.
        timeout = timeout.clone()
        timeout.start_connect()
        timeout = timeout.read_timeout
    if isinstance(timeout, tuple):
        timeout = timeout[-1]
    return float(timeout) if isinstance(timeout, int | float) else None
