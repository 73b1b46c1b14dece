"""Whatever was said, on whichever wire, the strictest Responses server accepts what is sent of it."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatkit import AssistantTurn, UserTurn, chat_huggingface, chat_openai_compatible
from chatkit._turns.contents import (
    ContentDocument,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit.testing import FakeService, check_responses_request

TEXTS = st.sampled_from(["", "", "a", " ", "\n", "x\ud83d", "\U0001f600", "\x00", '"\\'])
IMAGES = st.sampled_from(
    [ContentImageRemote("https://x.test/y.png", "high"), ContentImageInline("image/png", "QUJD", "low")]
)
MEDIA = st.one_of(IMAGES, st.just(ContentDocument("text/plain", "aGk=", "a.txt")))
KEYS = st.sampled_from(["", "0", "c1", "c2", "call é"])
NAMES = st.sampled_from(["add", "", "get weather", "naïve", "x" * 65, "a.b"])
REQUESTS = st.builds(
    ContentToolRequest,
    KEYS,
    NAMES,
    st.sampled_from([{}, {"a": [1, {"b": None}]}, {"n": float("nan")}, {"s": "\ud83d"}, None]),
    st.sampled_from([None, '{"a": ']),
)
RESULTS = st.builds(
    ContentToolResult,
    value=st.sampled_from([None, 3, {"a": b"x"}, "text"]),
    error=st.sampled_from([None, None, "Rejected by the user."]),
    request=st.one_of(st.none(), REQUESTS),
    text=st.sampled_from(["", "4", None]),
    attachments=st.sampled_from([(), (ContentImageInline("image/png", "QUJD"),)]),
)
SAID = st.one_of(
    TEXTS.map(ContentText),
    TEXTS.map(ContentThinking),
    st.just(ContentJson({"a": 1}, '{"a": 1}')),
    REQUESTS,
    REQUESTS,
)
USERS = st.lists(st.one_of(TEXTS.map(ContentText), MEDIA, RESULTS), max_size=4).map(UserTurn)
ASSISTANTS = st.builds(
    lambda contents, reason: AssistantTurn(contents, interrupted=reason),
    st.lists(SAID, max_size=5),
    st.sampled_from([None, None, "stopped"]),
)


@st.composite
def rounds(draw):
    """An answer that asks for tools, and what came of some of them, in any order."""
    asked = draw(ASSISTANTS)
    results = [replace(draw(RESULTS), request=request) for request in draw(st.permutations(asked.tool_requests))]
    more = draw(st.lists(st.one_of(TEXTS.map(ContentText), IMAGES), max_size=2))
    return [asked, UserTurn([*results[: draw(st.integers(0, 5))], *more])]


HISTORIES = st.lists(st.one_of(USERS.map(lambda turn: [turn]), ASSISTANTS.map(lambda turn: [turn]), rounds()))


@pytest.fixture(scope="module")
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture(scope="module")
def openai():
    with FakeService(strict=True, responses="openai") as running:
        yield running


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(HISTORIES, st.booleans())
def test_any_history_is_lawful_input(service, openai, parts, with_system):
    turns = [turn for part in parts for turn in part]
    chats = [
        chat_huggingface(base_url=service.base_url, model="m", api="responses", echo="none", max_retries=0),
        chat_openai_compatible(openai.base_url, model="m", api="responses", echo="none", max_retries=0),
    ]
    told = []
    for server, chat in zip((service, openai), chats, strict=True):
        chat.system_prompt = "Be brief." if with_system else None
        chat.set_turns(turns)
        told.append(json.dumps(chat.to_messages()))
        server.say("Fine.")
        assert chat.chat("Go on.") == "Fine."
        sent = server.requests[-1]
        server.requests.clear()
        # What only OpenAI's own server takes is allowed to it alone.
        assert check_responses_request(sent.json, "huggingface" if server is service else "openai") == []
        assert sent.items[-1]["content"][-1] == {"type": "input_text", "text": "Go on."}
    older = chat_openai_compatible(service.base_url, model="m", echo="none")
    older.system_prompt = "Be brief." if with_system else None
    older.set_turns(turns)
    # What is told of a chat does not depend on its wire.
    assert told == [json.dumps(older.to_messages())] * 2
