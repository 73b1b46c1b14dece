"""Where the command talks to, and what it makes of odd standard streams: within this process."""

import io
import sys

import pytest

from chatkit import chat_openai_compatible
from chatkit._cli import main
from chatkit.testing import FakeService


@pytest.fixture
def service():
    with FakeService(strict=True, models=["org/local"]) as running:
        yield running


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No settings, no token, nothing piped in."""
    monkeypatch.setenv("CHATKIT_CONFIG", str(tmp_path / "c.toml"))
    for name in ("CHATKIT_MODEL", "CHATKIT_BASE_URL", "CHATKIT_STORE", "CHATKIT_ECHO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))


@pytest.fixture
def local(monkeypatch, service):
    """A local server that is found."""

    def found(system_prompt=None, *, model=None, **options):
        return chat_openai_compatible(
            service.base_url, model=model or "org/local", system_prompt=system_prompt, **options
        )

    monkeypatch.setattr("chatkit._cli.destination.chat_local", found)
    monkeypatch.setattr("chatkit._cli.models.chat_local", found)


def test_a_local_server_has_models_of_its_own(local, service, monkeypatch, capsys):
    monkeypatch.setenv("CHATKIT_MODEL", "org/settled")
    service.say("Yes.")
    assert main(["chat", "--local", "Hello"]) == 0
    assert capsys.readouterr().out == "Yes.\n"
    assert service.requests[0].json["model"] == "org/local"
    assert main(["models", "--local"]) == 0
    assert "org/local" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["--local", "--offline", "--huggingface"])
def test_a_key_is_for_an_address(place, capsys):
    assert main(["chat", place, "--key-from", "X", "Hello"]) == 2
    assert main(["models", "--key-from", "X"]) == 2
    assert capsys.readouterr().err == "chatkit: --key-from needs --base-url.\n" * 2


def test_without_a_standard_input_the_prompt_is_all(monkeypatch, service, capsys):
    monkeypatch.setattr("sys.stdin", None)
    service.say("Yes.")
    assert main(["chat", "--base-url", service.base_url, "Hello"]) == 0
    assert main(["chat", "--base-url", service.base_url]) == 2
    closed = io.TextIOWrapper(io.BytesIO(b"x"))
    closed.close()
    monkeypatch.setattr("sys.stdin", closed)
    assert main(["chat", "--base-url", service.base_url, "--image", "https://x.org/a.png", "--file", "-"]) == 2
    assert len(service.requests) == 1


def test_without_standard_streams_for_output_the_answer_is_kept_all_the_same(monkeypatch, service, tmp_path):
    service.say("Yes.")
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    words = ["chat", "--base-url", service.base_url, "--save", "--store", str(tmp_path / "kept.db"), "Hello"]
    assert main(words) == 0
    monkeypatch.undo()
    assert main(["log", "--store", str(tmp_path / "kept.db"), "search", "yes"]) == 0


def test_more_than_can_be_meant_is_not_read_on(monkeypatch, capsys):
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless(), 1 << 20)))
    assert main(["chat", "--offline", "Hello"]) == 2
    assert "What is piped in has more than 32 MB." in capsys.readouterr().err


def test_a_dash_on_a_terminal_is_told(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert main(["chat", "--offline", "Hello", "--file", "-"]) == 2
    assert "- stands for what is piped in, and nothing is." in capsys.readouterr().err


def test_a_text_that_can_be_no_path_is_a_schema_in_short(service, capsys):
    service.say('{"a": "x"}')
    schema = "a str: " + "x" * 5000
    assert main(["chat", "--base-url", service.base_url, "--schema", schema, "Hello"]) == 0
    assert main(["chat", "--base-url", service.base_url, "--schema", "a\0", "Hello"]) == 2
