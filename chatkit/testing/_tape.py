"""Tapes, for tests without a network: what went over the wire once is played again, exactly; and forbidding the wire.

    with record("tapes/hello.jsonl"):      # once, with a key and a network
        chat.chat("Hello!")

    with replay("tapes/hello.jsonl"):      # ever after, without either
        chat.chat("Hello!")

`tape(path)` does the one or the other, by whether the tape is there. Whatever goes through `requests` in this process
is recorded and replayed, in all threads, asynchronous or not, streamed or whole: chatkit's requests and all others.
All of these are context managers, and decorators for functions, also asynchronous ones.

What a tape is: JSON Lines that people can read and git can compare. The first line says format and version; every other
is one exchange: the request (method, URL, body), and the answer (status, headers, and the body in the pieces in which
it came, each with the milliseconds since the request), or the error that came instead. gzip is undone.

What is not on it: keys, cookies, tokens; neither where they were sent nor where a server repeats them, also in base64
or in a URL. What a model says letter by letter, over many events, is not pieced together, and what is in a picture is
not read: look at a tape before you publish it. It is readable by its owner only (mode 0600).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar

from ._tape_memory import as_in_a_new_process
from ._tape_secrets import Redact

Function = TypeVar("Function", bound=Callable[..., Any])
Mode = Literal["once", "none", "all"]
StrPath = str | os.PathLike[str]

# chatkit wants a key before it asks a server that needs one, and here no server ever sees it.
_STAND_IN = "stand-in-key-of-a-tape"
_KEYS = ("HF_TOKEN", "OPENAI_API_KEY")


class Tape:
    """What a tape at work tells of itself.

    Attributes:
        path: The file.
        is_recording: Whether it is written, not played.
    """

    def __init__(self, path: Path, worker: Any, *, is_recording: bool) -> None:
        self.path = path
        self.is_recording = is_recording
        self._worker = worker

    @property
    def count(self) -> int:
        """How many exchanges are on it."""
        return int(self._worker.count)

    @property
    def left(self) -> int:
        """How many exchanges are still to be played; look-ups (GET), which are often remembered, do not count."""
        return 0 if self.is_recording else int(self._worker.left)

    def __repr__(self) -> str:
        return f"<Tape {str(self.path)!r} {'recording' if self.is_recording else 'replaying'} count={self.count}>"


class Scope:
    """A context manager that can be entered again and again, and decorates functions, also asynchronous ones."""

    def __init__(self, make: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self._make = make
        self._entered: list[contextlib.AbstractContextManager[Any]] = []

    def __enter__(self) -> Any:
        inner = self._make()
        value = inner.__enter__()
        self._entered.append(inner)
        return value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._entered.pop().__exit__(kind, error, trace)

    def __call__(self, function: Function) -> Function:
        """Decorate a function: the context lasts while it runs."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*given: Any, **named: Any) -> Any:
                with self._make():
                    return await function(*given, **named)

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*given: Any, **named: Any) -> Any:
            with self._make():
                return function(*given, **named)

        return called  # type: ignore[return-value]


def record(path: StrPath, *, append: bool = False, redact: Redact | None = None) -> Scope:
    """Write what goes over the wire on a tape, without its secrets.

    Every exchange is written when it is over, so that a tape that was broken off holds all before. While recording,
    servers are asked for no other packing than gzip and deflate.

    Args:
        path: The tape. A file that is there is replaced; missing folders are made.
        append: Go on with the tape that is there.
        redact: A function from text to text that takes out further secrets. It is applied to every URL, header and
            body, also before comparing, so give it to `replay()`, too.

    Returns:
        A context manager that gives a `Tape`; it also decorates functions.

    Raises:
        TapeError: on entering, when the tape cannot be written.
    """
    return Scope(lambda: _recording(Path(path), append, redact))


def replay(path: StrPath, *, strict: bool = True, speed: float = 0.0, redact: Redact | None = None) -> Scope:
    """Answer requests from a tape; nothing goes to the network.

    A request gets the answer of the first exchange left that has the same method, URL and body; bodies of JSON are
    compared by value, and of servers on this machine the port does not count. So requests made at the same time may
    come in any order, and the same request made twice gets the first answer first. Faults are played, too: a refused
    connection, a stream that broke off. chatkit retries then as ever, and waits as long as it was told to.

    No key is needed: HF_TOKEN and OPENAI_API_KEY are set to a stand-in for the time, where they are not set. For
    others give the chat `credentials=lambda: "any"`. What chatkit remembers of servers (models, prices, which way
    to ask for typed answers) is put aside while a tape is recorded or played, so that it asks for all of it anew.

    Args:
        path: The tape.
        strict: Whether exchanges that nobody asked for are an error at the end. Look-ups (GET) never are.
        speed: 0 for no waiting, 1 for the pace of the recording, 2 for twice that.
        redact: The function given to `record()`.

    Returns:
        A context manager that gives a `Tape`; it also decorates functions.

    Raises:
        TapeError: on entering, when the tape is missing or broken; the message names the line.
        TapeMismatchError: by a request that is not on the tape, saying where it differs; and once more at the end,
            when that error was swallowed.
    """
    if not (isinstance(speed, int | float) and 0 <= speed < float("inf")):
        raise ValueError(f"speed must be a number from 0, not {speed!r}")
    return Scope(lambda: _replaying(Path(path), strict, speed, redact))


def tape(
    path: StrPath, *, mode: Mode = "once", strict: bool = True, speed: float = 0.0, redact: Redact | None = None
) -> Scope:
    """Record a tape once, and replay it ever after.

    A new tape is put in its place when the block has come to its end without an error, so that a test that failed
    while recording leaves no half tape behind.

    Args:
        path: The tape.
        mode: `"once"` replays a tape that is there and records one that is not; `"none"` never records, for
            machines without a key; `"all"` records anew.
        strict: As for `replay()`.
        speed: As for `replay()`.
        redact: As for `record()` and `replay()`.

    Returns:
        A context manager that gives a `Tape`; it also decorates functions.

    Raises:
        TapeError: on entering, as `record()` and `replay()` do.
        TapeMismatchError: as `replay()` does.
    """
    if mode not in ("once", "none", "all"):
        raise ValueError(f"mode must be 'once', 'none' or 'all', not {mode!r}")
    place = Path(path)

    def make() -> contextlib.AbstractContextManager[Tape]:
        if mode == "none" or (mode == "once" and place.exists()):
            return _replaying(place, strict, speed, redact)
        return _recording_aside(place, redact)

    return Scope(make)


def forbid_requests(*, allow_loopback: bool = True, allow: Sequence[str] = ()) -> Scope:
    """Forbid real requests: whatever goes beyond this machine raises before anything is sent.

    What a tape answers is no real request. Besides `requests`, other connections over TCP that Python's `socket` makes
    are refused, with the name of the host where it is known.

    Args:
        allow_loopback: Whether servers on this machine may be asked, such as `FakeService`.
        allow: Names of hosts that may be asked.

    Returns:
        A context manager; it also decorates functions. Whoever asks gets a `RequestForbiddenError`.
    """
    hosts = (allow,) if isinstance(allow, str) else tuple(allow)

    def make() -> contextlib.AbstractContextManager[None]:
        from ._ban import banned

        return banned(allow_loopback=allow_loopback, allow=hosts)

    return Scope(make)


@contextlib.contextmanager
def _recording(path: Path, append: bool, redact: Redact | None) -> Iterator[Tape]:
    from ._recording import Recorder
    from ._tape_file import TapeWriter
    from ._tape_hook import stand
    from ._tape_secrets import Secrets

    recorder = Recorder(TapeWriter(path, append=append), Secrets(redact))
    with as_in_a_new_process():
        leave = stand(recorder)
        try:
            yield Tape(path, recorder, is_recording=True)
        finally:
            leave()
            recorder.end()


@contextlib.contextmanager
def _recording_aside(path: Path, redact: Redact | None) -> Iterator[Tape]:
    # Two processes may record the same one at the same time.
    new = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _recording(new, False, redact) as made:
            made.path = path
            yield made
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _replaying(path: Path, strict: bool, speed: float, redact: Redact | None) -> Iterator[Tape]:
    from ._replaying import Replayer
    from ._tape_hook import stand
    from ._tape_secrets import Secrets

    replayer = Replayer(path, Secrets(redact), speed)
    with as_in_a_new_process(), _stand_in_keys():
        leave = stand(replayer)
        try:
            yield Tape(path, replayer, is_recording=False)
        finally:
            leave()
        # Not when the block failed: its own error says more.
        replayer.end(strict=strict)


@contextlib.contextmanager
def _stand_in_keys() -> Iterator[None]:
    missing = [name for name in _KEYS if not os.environ.get(name)]
    empty = [name for name in missing if name in os.environ]
    os.environ.update(dict.fromkeys(missing, _STAND_IN))
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
        os.environ.update(dict.fromkeys(empty, ""))
