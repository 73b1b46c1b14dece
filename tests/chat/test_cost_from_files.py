"""What a chat from a file has cost: answers whose price was not known when it was saved get one later."""

import pytest

from chatkit import Chat, Limits
from chatkit.testing import Answer

GROQ = {"provider": "groq", "status": "live", "pricing": {"input": 1.0, "output": 10.0}}


def said():
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 100_000}
    return Answer("Done.", usage="finish", usage_body=usage, headers={"x-inference-provider": "groq"})


@pytest.fixture
def service(service):
    service.models = [{"id": "m", "object": "model", "providers": [GROQ]}]
    return service


def test_a_chat_from_a_file_may_go_on_once_the_price_is_known(service, chat, tmp_path):
    service.script(said(), said(), said())
    chat.chat("One.")
    chat.chat("Two.")
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json", credentials=lambda: "key")
    assert (loaded.spent.unknown_cost, loaded.spent.cost) == (2, 0.0)
    assert loaded.get_cost() == pytest.approx(4.0)
    assert (loaded.spent.unknown_cost, loaded.spent.cost) == (0, pytest.approx(4.0))
    again = Chat.load(tmp_path / "chat.json", credentials=lambda: "key")
    again.limits = Limits(cost=100)
    again.chat("Three.")
    assert again.spent.requests == 3


def test_what_was_forgotten_stays_unknown_in_a_chat_from_a_file(service, chat, tmp_path):
    service.script(said(), said())
    chat.chat("One.")
    chat.chat("Two.")
    chat.undo()
    chat.save(tmp_path / "chat.json")
    loaded = Chat.load(tmp_path / "chat.json", credentials=lambda: "key")
    loaded.models()
    assert (loaded.spent.unknown_cost, loaded.spent.cost) == (1, pytest.approx(2.0))
