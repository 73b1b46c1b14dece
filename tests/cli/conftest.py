"""The real console script, run as a person would run it."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

KEYS = ("HF_", "HUGGING", "OPENAI", "CHATKIT", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS", "XDG_CACHE")

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
def run(script: Path, environ: dict[str, str]) -> Run:
    """Run `chatkit` with arguments, into pipes; keyword arguments are variables of the environment."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [script, *arguments],
            env=environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )

    return run


class OnTerminal:
    """A process on a terminal of its own."""

    def __init__(self, command: list[str | Path], environ: dict[str, str]) -> None:
        self._screen, side = pty.openpty()
        self.process = subprocess.Popen(command, env=environ, stdin=side, stdout=side, stderr=side)
        os.close(side)
        self.shown = ""

    def read_until(self, wanted: str | None = None, seconds: float = 30) -> str:
        """Read what is shown until something wanted is there, or to the end."""
        end = time.monotonic() + seconds
        while wanted is None or wanted not in self.shown:
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

    def close(self) -> int:
        """End it, and give its exit code."""
        if self.process.poll() is None:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        os.close(self._screen)
        return self.process.wait()


@pytest.fixture
def on_terminal(script: Path, environ: dict[str, str]) -> Callable[..., OnTerminal]:
    """Run `chatkit` with arguments on a terminal."""

    def start(*arguments: str, **variables: str) -> OnTerminal:
        return OnTerminal([script, *arguments], environ | variables)

    return start
