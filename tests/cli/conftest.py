"""The real console script, run as a person would run it."""

import io
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatkit._cli import main

KEYS = (
    *("HF_", "HUGGING", "OPENAI", "CHATKIT", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS", "XDG_"),
    *("EDITOR", "VISUAL"),
)

# A terminal sends Ctrl-C to those only whose own it is.
_OWN_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def script() -> Path:
    """The console script that was installed with the package."""
    return Path(sys.executable).with_name("chatkit")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment without any key, in a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEYS)}
    return {**kept, "HOME": str(tmp_path), "TERM": "xterm-256color", "PYTHONUTF8": "1"}


@pytest.fixture
def process(script: Path, environ: dict[str, str]) -> Run:
    """Run the console script with arguments, into pipes; keyword arguments are variables of the environment."""

    def process(*arguments: str, said: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *arguments],
            env=environ | variables,
            input=said,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )

    return process


@pytest.fixture
def run(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """As `process`, but within this one: for what has nothing to do with processes, and in a tenth of the time."""

    def run(*arguments: str, said: str | bytes = "", **variables: str) -> subprocess.CompletedProcess[str]:
        out, errors = io.StringIO(), io.StringIO()
        piped = said.encode() if isinstance(said, str) else said
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environ.keys():
                patch.delenv(name)
            for name, value in (environ | variables).items():
                patch.setenv(name, value)
            patch.setattr("sys.path", list(sys.path))
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(piped)))
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", errors)
            code = main(arguments)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), errors.getvalue())

    return run


class OnTerminal:
    """A process on a terminal of its own."""

    def __init__(self, command: list[str | Path], environ: dict[str, str]) -> None:
        self._screen, side = pty.openpty()
        words = [sys.executable, "-c", _OWN_TERMINAL, *command]
        self.process = subprocess.Popen(words, env=environ, stdin=side, stdout=side, stderr=side)
        os.close(side)
        self.shown = ""
        self._closed = False

    def read_until(self, wanted: str | None = None, times: int = 1, seconds: float = 60) -> str:
        """Read what is shown until something wanted is there so many times, or to the end."""
        end = time.monotonic() + seconds
        while wanted is None or self.shown.count(wanted) < times:
            assert time.monotonic() < end, f"no {wanted!r} in {self.shown!r}"
            if not select.select([self._screen], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._screen, 65536)
            except OSError:  # Linux says so when the other side is closed
                data = b""
            if not data:
                assert wanted is None, f"no {wanted!r} in {self.shown!r}"
                break
            self.shown += data.decode().replace("\r\n", "\n")
        return self.shown

    def type(self, text: str) -> None:
        """Type something; a line ends with \\r, and \\x03 is Ctrl-C."""
        os.write(self._screen, text.encode())

    def close(self) -> int:
        """End it, and give its exit code."""
        if self.process.poll() is None:
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if not self._closed:
            os.close(self._screen)
            self._closed = True
        return self.process.wait()


@pytest.fixture
def on_terminal(script: Path, environ: dict[str, str]) -> Iterator[Callable[..., OnTerminal]]:
    """Run `chatkit` with arguments on a terminal."""
    begun: list[OnTerminal] = []

    def start(*arguments: str, **variables: str) -> OnTerminal:
        begun.append(OnTerminal([script, *arguments], environ | variables))
        return begun[-1]

    yield start
    for terminal in begun:
        terminal.close()
