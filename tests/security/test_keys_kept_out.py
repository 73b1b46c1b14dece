"""The key is in no object, copy, pickle, file, page, log or terminal: after success, and after failures."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
from contextlib import redirect_stderr, redirect_stdout, suppress

import pytest

import chatkit
from chatkit import Chat, contents_record
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


OUTCOMES = {
    "nothing yet": [],
    "success": [Answer("Hello", reasoning="Hm")],
    "tools": [Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), Answer("3")],
    "an error": [ErrorAnswer(401, {"error": "no"})],
    "broken off": [EventsAnswer([{"choices": [{"delta": {"content": "Hel"}}]}], done=False)],
}


@pytest.fixture(params=OUTCOMES)
def used(request, service, make, talk):
    """A chat with a key, a further secret header, and an outcome behind it."""
    chat = make(max_retries=0, api_headers={"X-Team": "team-7"}, system_prompt="Be terse.")
    chat.set_tools([add])
    service.script(*OUTCOMES[request.param])
    if OUTCOMES[request.param]:
        with suppress(chatkit.APIError):
            talk(chat, "Hi")
    return chat


def test_objects_show_it_nowhere(used, canary):
    canary.assert_not_in_object(used)
    canary.assert_not_in_object(used.turns)
    canary.assert_not_in_object(used._talk.provider)
    canary.assert_not_in(repr(used.clone()), repr(copy.copy(used)), repr(copy.deepcopy(used)))
    for turn in used.turns:
        canary.assert_not_in_object(turn)
        canary.assert_not_in(repr(dataclasses.asdict(turn)))


def test_a_pickle_is_without_it_and_says_so_when_it_is_needed(used, service):
    again = pickle.loads(pickle.dumps(used))
    assert again.turns == used.turns
    with pytest.raises(chatkit.ConfigError, match="credentials"):
        again.chat("Hi")
    assert not any("again" in str(request.messages) for request in service.requests)


def test_files_and_pages_are_without_it(used, canary, tmp_path):
    used.save(tmp_path / "chat.json")
    for name in ("chat.md", "chat.html", "chat.ipynb"):
        used.export(tmp_path / name, include_system_prompt=True)
    for path in tmp_path.iterdir():
        if path.is_file():
            canary.assert_not_in(path.read_bytes())
    canary.assert_not_in(json.dumps(contents_record(used.turns)), json.dumps(used.to_messages()))
    canary.assert_not_in(chatkit.contents_html(used.turns), chatkit.contents_markdown(used.turns))
    loaded = Chat.load(tmp_path / "chat.json", tools=[add], credentials=canary.credentials)
    canary.assert_not_in_object(loaded)


def test_logs_at_level_1_are_without_it(service, make, talk, canary, all_logs, caplog):
    chat = make(max_retries=1, api_headers={"X-Own": "v"})
    for answers in ([Answer("Hello")], [ErrorAnswer(500, {"error": f"no {canary.credentials()}"})] * 2):
        service.script(*answers)
        try:
            talk(chat, "Hi")
        except chatkit.APIError:
            logging.getLogger("mine").exception("it failed")
    records = all_logs()
    assert any(record.name.startswith("urllib3") for record in records)
    canary.assert_not_in_logs(records)
    canary.assert_not_in(caplog.text)


def test_what_is_echoed_is_without_it(service, make, canary):
    chat = make(max_retries=1)
    chat.set_tools([add])
    service.script(ErrorAnswer(503, {"error": f"busy {canary.credentials()}"}), *OUTCOMES["tools"])
    shown = io.StringIO()
    with redirect_stdout(shown), redirect_stderr(shown):
        chat.chat("Hi", echo="output")
    assert "trying again" in shown.getvalue()
    canary.assert_not_in(shown.getvalue())


def test_events_are_without_it(service, make, canary):
    chat = make(max_retries=1)
    service.script(ErrorAnswer(503, {"error": f"busy {canary.credentials()}"}), "Hello")
    for event in chat.stream("Hi").events():
        canary.assert_not_in(repr(event))


def test_a_stream_under_way_shows_it_nowhere(service, make, canary):
    chat = make()
    service.say("one ", "two")
    stream = chat.stream("Hi")
    next(stream)
    canary.assert_not_in(repr(stream), repr(vars(chat)), repr(chat), pickle.dumps(chat))
    stream.close()


def test_lists_of_models_show_it_nowhere(service, canary):
    listed = chatkit.models_openai_compatible(service.base_url, credentials=canary.credentials)
    canary.assert_not_in_object(listed)
    canary.assert_not_in(listed._repr_html_(), listed._repr_markdown_())


def test_a_key_given_as_text_is_no_different(service, canary):
    with pytest.warns(DeprecationWarning):
        chat = chatkit.chat_openai_compatible(service.base_url, model="m", api_key=canary.credentials(), echo="none")
    service.say("Hello")
    chat.chat("Hi")
    assert service.requests[0].headers["authorization"] == canary.bearer()
    canary.assert_not_in_object(chat)


def test_a_key_from_the_environment_is_looked_up_each_time(service, canary, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_" + canary.credentials())
    chat = chatkit.chat_huggingface(model="m", echo="none", credentials=None)
    canary.assert_not_in_object(chat)
    canary.assert_not_in(repr(chat._talk.provider))
    assert "HF_TOKEN" in repr(chat._talk.provider) or "HF_TOKEN" in chat._talk.provider.credentials.source


def errors(kind=chatkit.ChatkitError):
    yield kind
    for child in kind.__subclasses__():
        yield from errors(child)


@pytest.mark.parametrize("kind", sorted(set(errors()), key=lambda kind: kind.__name__))
def test_every_error_pickles_and_holds_no_request(kind):
    error = kind("what failed", hint="what helps")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))
    assert not hasattr(error, "request")
    assert not hasattr(error, "response")
