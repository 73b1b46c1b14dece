"""What the tests of scripted conversations share: a strict service, a chat with it, and scripts in a folder."""

import contextlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatkit import Chat, TimeLimits, chat_openai_compatible
from chatkit._cli import main
from chatkit.testing import FakeService, OfflineService

KEYS = ("HF_", "HUGGING", "OPENAI", "CHATKIT", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS", "XDG_")
CODE = "import sys; from chatkit._cli import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch, tmp_path):
    monkeypatch.setattr("chatkit._http.retry._FIRST_WAIT", 0.001)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-token-here"))


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def chat(service) -> Chat:
    limits = TimeLimits(connect=20, first_byte=20, idle=20)
    return chat_openai_compatible(service.base_url, model="m", echo="none", timeout=limits)


@pytest.fixture
def offline():
    with OfflineService() as running:
        yield running


@pytest.fixture
def offline_chat(offline) -> Chat:
    return chat_openai_compatible(offline.base_url, model="offline-chat", echo="none")


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write a file into the test's folder; gives its path."""

    def write(text: str, name: str = "talk.md") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def environ(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(KEYS)}
    settled = {"PYTHONUTF8": "1", "COLUMNS": "80", "CHATKIT_CONFIG": str(tmp_path / "none.toml")}
    return {**kept, **settled, "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}


@pytest.fixture
def command() -> list[str]:
    """The command of this very Python."""
    return [sys.executable, "-c", CODE]


@pytest.fixture
def run(environ, tmp_path, monkeypatch):
    """Run `chatkit run` in the test's folder, in this process: a new one takes half a second."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ) - set(environ):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def act(*arguments, **variables):
        out, told = io.StringIO(), io.StringIO()
        with monkeypatch.context() as changed, contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
            for name, value in variables.items():
                changed.setenv(name, value)
            code = main(["run", *map(str, arguments)])
        return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=told.getvalue())

    return act
