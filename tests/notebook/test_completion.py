"""What Tab offers in a real kernel: verbs and facts, nothing of the machinery."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _set_up(kernel):
    kernel.run("""
from chatkit import *
chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m")
answer = AssistantTurn("Hi")
reply = Reply(answer)
""")


def offered(kernel, code):
    return {name.rpartition(".")[2] for name in kernel.complete(code)}


def test_a_chat_offers_its_verbs(kernel):
    names = offered(kernel, "chat.")
    assert {"chat", "stream", "chat_structured", "turns", "save", "model"} <= names
    assert not [name for name in names if name.startswith("_")]


@pytest.mark.parametrize("code", ["chat._", "answer._", "reply._"])
def test_even_an_underscore_finds_nothing_private(kernel, code):
    assert not [name for name in offered(kernel, code) if not name.startswith("__")]


def test_turns_and_replies(kernel):
    names = offered(kernel, "answer.")
    assert {"text", "thinking", "usage", "cost", "finish_reason", "tool_requests"} <= names
    assert not {"wording", "_plain"} & names
    assert {"turn", "pending", "upper"} <= offered(kernel, "reply.")


def test_what_a_verb_gives_is_known_before_it_is_called(kernel):
    assert "turn" in offered(kernel, "chat.chat('Hi').")
    assert {"chat", "stream"} <= offered(kernel, "chat_openai_compatible('http://x', model='m').")
    assert "input_tokens" in offered(kernel, "answer.usage.")


def test_the_front_door_offers_public_names(kernel):
    kernel.run("import chatkit")
    names = offered(kernel, "chatkit.")
    assert {"Chat", "chat_huggingface", "token_usage"} <= names
    assert not {"opened", "ROOM_OF", "shown_html", "load_ipython_extension"} & names
