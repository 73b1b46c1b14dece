"""Where a command talks to, and that keys go where they belong."""

import argparse

import pytest

import chatkit.testing
from chatkit import MissingKeyError, params
from chatkit._cli import main
from chatkit._cli.destination import add_options, destination


@pytest.fixture(autouse=True)
def no_token(monkeypatch, tmp_path):
    for name in ("HF_TOKEN", "HUGGINGFACE_API_KEY", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HUGGING_FACE_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))


def chosen(*words):
    parser = argparse.ArgumentParser()
    add_options(parser)
    return destination(parser.parse_args(words), system_prompt="Hi.", params=params(max_tokens=9), delay=0)


def credentials(place):
    return place.chat.provider.request([], system=None, tools=(), stream=False).credentials


def test_without_a_token_it_is_offline():
    with chosen() as place:
        assert place.offline
        assert place.chat.model == "offline-chat"
        assert place.chat.system_prompt == "Hi."
        assert place.chat.chat("1 + 2?") == "1 + 2 = 3."
        assert place.notice[-1] == "For a real model set HF_TOKEN, or give --base-url."


def test_a_token_in_the_environment_chooses_hugging_face_and_the_first_line_says_so(monkeypatch):
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "hf_secret")
    with chosen() as place:
        assert not place.offline
        assert place.chat.provider.name == "HuggingFace"
        assert "Hugging Face" in place.notice[0] and "HUGGINGFACE_API_KEY" in place.notice[0]
        assert "--offline" in place.notice[1]
        assert "hf_secret" not in " ".join(place.notice)


def test_so_does_a_token_in_the_file_of_huggingface_hub(tmp_path):
    (tmp_path / "token").write_text("hf_secret\n")
    with chosen("--model", "org/name") as place:
        assert place.chat.model == "org/name"
        assert "the token file" in place.notice[0]


def test_a_token_that_must_not_be_used_unasked_is_not(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    with chosen() as place:
        assert place.offline


def test_offline_wins_over_a_token_and_does_not_advertise(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with chosen("--offline", "--model", "offline-think") as place:
        assert place.offline
        assert place.chat.model == "offline-think"
        assert len(place.notice) == 2


def test_hugging_face_without_a_token_is_refused_before_anything_is_said():
    with pytest.raises(MissingKeyError, match="HF_TOKEN"), chosen("--huggingface"):
        pytest.fail("there is no token")


def test_an_address_at_hugging_face_gets_its_token_and_others_do_not(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with chosen("--base-url", "https://x.endpoints.huggingface.cloud/v1") as place:
        assert credentials(place)() == {"Authorization": "Bearer hf_secret"}
        assert place.notice == (
            "This goes to the server at https://x.endpoints.huggingface.cloud/v1 (model: default).",
        )
    with chosen("--base-url", "https://example.org/v1") as place:
        assert credentials(place)() == {}


def test_no_key_is_sent_to_the_stand_in(monkeypatch, capsys):
    services = []

    class Kept(chatkit.testing.OfflineService):
        def __init__(self, **fields):
            super().__init__(**fields)
            services.append(self)

    monkeypatch.setattr(chatkit.testing, "OfflineService", Kept)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert main(["demo", "--offline", "--delay", "0"]) == 0
    assert "Your name is Ada." in capsys.readouterr().out
    assert len(services[0].requests) == 6
    assert all("authorization" not in request.headers for request in services[0].requests)
    assert all(b"secret" not in request.body for request in services[0].requests)
