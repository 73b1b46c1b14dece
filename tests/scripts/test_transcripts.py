"""A transcript in its four forms, and as a script that is run again."""

import json

import nbformat
import pytest

from chatkit import APIError, ConfigError, HistoryError, content_image_url, params
from chatkit._chat.prompts import Prompt
from chatkit._chat.transcript import Transcript
from chatkit._scripts.running import run_script
from chatkit.testing import Answer, Delivery, ErrorAnswer, ToolCall

_DATA = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PIXEL = f"data:image/png;base64,{_DATA}"
HARD = "Say:\n# user\n```\nopen {{fence}}\n{{{{ \\# expect"


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@pytest.fixture
def transcript(chat, service):
    """One of everything: hard texts, an image, a tool call, a typed answer, a given answer, failures."""
    chat.system_prompt = "Be {{brief}}."
    chat.params = params(temperature=0.5)
    chat.register_tool(add)
    service.say("# user\n```\n# expect\nunended")
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is\n3.\n\n", reasoning="They\nask.")
    service.say('{"x": 1}')
    service.say("A dot.")
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    prompts = [
        HARD,
        Prompt("1 + 2?", expect={"contains": ["{{4}}"], "calls_tool": "add"}, params=params(seed=1, min_p=0.1)),
        Prompt(" A fruit?\n", answer="Apple {{a}}."),
        Prompt("x?", type=schema, expect={"json": {"x": 1}}),
        Prompt(["What is this?", content_image_url(PIXEL)], tool_choice="none"),
    ]
    return chat.run(prompts, title="A {{hard}} talk")


def test_as_a_script_the_same_is_said_again(transcript, chat, service, tmp_path):
    path = transcript.save(tmp_path / "talk.md")
    first = [request.json for request in service.requests]
    service.say("# user\n```\n# expect\nunended")
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is\n3.\n\n", reasoning="They\nask.")
    service.say('{"x": 1}')
    service.say("A dot.")
    chat.turns = []
    again = run_script(path, chat)
    second = [request.json for request in service.requests[len(first) :]]
    calls = [message.pop("tool_calls", None) for body in (*first, *second) for message in body["messages"]]
    assert any(calls)
    for body in (*first, *second):
        for message in body["messages"]:
            message.pop("tool_call_id", None)
        body.pop("response_format", None)
    assert second == first
    assert again.title == transcript.title
    assert again.system_prompt == transcript.system_prompt
    assert [item.prompt.text for item in again] == [item.prompt.text for item in transcript]
    assert [outcome.problem for outcome in again.outcomes] == [outcome.problem for outcome in transcript.outcomes]


def test_as_a_script_it_can_be_read_by_people(transcript):
    text = transcript.to_markdown()
    assert text.startswith("+++\n# m · 5 answers")
    assert "# user {seed = 1, params = {min_p = 0.1}}\n\n1 + 2?\n" in text
    assert "# assistant\n\n**Tool call:** `add`" in text
    assert "# tool\n\n**Tool result:** `add`" in text
    assert "> **Thinking**" in text
    assert "# assistant {given = true}\n\nApple {{{{a}}.\n" in text
    assert "# FAILS: it should contain '{{4}}', and it is 'It is\\n3.\\n\\n'\n" in text
    assert 'calls_tool = "add"\n# holds\n' in text


def test_as_json_it_is_loaded_again_as_it_was(transcript, tmp_path):
    path = transcript.save(tmp_path / "talk.json")
    again = Transcript.load(path)
    assert again == transcript
    assert again.to_dict() == transcript.to_dict()
    assert again.to_markdown() == transcript.to_markdown()
    assert path.stat().st_mode & 0o077 == 0


def test_as_a_page_it_is_shown(transcript, tmp_path):
    page = transcript.save(tmp_path / "talk.HTML").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "2 of 3 expectations hold" in page
    assert "Be {{brief}}." in page
    assert "<script" not in page


def test_as_a_notebook_it_is_valid(transcript, tmp_path):
    book = nbformat.read(transcript.save(tmp_path / "talk.ipynb"), as_version=4)
    nbformat.validate(book)
    assert {cell.cell_type for cell in book.cells} == {"markdown"}
    assert any("It is" in cell.source for cell in book.cells)


def test_without_expectations_the_title_is_all_there_is(chat, service, tmp_path):
    service.say("Hello")
    page = chat.run(["Hi"], title="Plain").save(tmp_path / "talk.html").read_text()
    assert "<title>Plain</title>" in page


def test_other_endings_are_refused(transcript, tmp_path):
    for name in ("talk.txt", "talk"):
        with pytest.raises(ConfigError, match=r"\.md, \.json, \.html, \.ipynb"):
            transcript.save(tmp_path / name)


def test_an_error_is_in_every_form(chat, service, tmp_path):
    service.script(ErrorAnswer(400, {"error": {"message": "no\nway"}}))
    prompts = [Prompt("A", expect={"contains": "a"}), "B"]
    transcript = chat.run(prompts, on_error="return")
    text = transcript.to_markdown()
    assert 'contains = "a"\n# FAILS: not asked' in text
    assert "# The run ended here: " in text
    again = Transcript.from_dict(transcript.to_dict())
    assert isinstance(again.error, APIError)
    assert str(again.error) == str(transcript.error)
    assert again.exchanges == transcript.exchanges
    service.say("fine")
    assert len(run_script(transcript.save(tmp_path / "a.md"), chat)) == 1


def test_the_same_expectation_twice_stands_in_two_blocks(chat, service, tmp_path, write):
    service.on_request(lambda request: "abc")
    path = write("# user\nHi\n# expect\ncontains = 'a'\n# expect\ncontains = 'b'\nmatches = 'c'\n")
    transcript = run_script(path, chat)
    assert transcript.to_markdown().count("# expect") == 2
    assert len(run_script(transcript.save(tmp_path / "again.md"), chat).outcomes) == 3


def test_an_answer_that_broke_off_says_so(chat, service, tmp_path):
    service.say(*["word "] * 100, delivery=Delivery(cut_after=5000, cut="rst"))
    transcript = chat.run(["Hi"], stream=True, on_error="return")
    assert transcript.error is not None
    assert transcript.exchanges[0].text.startswith("word word")
    assert "**Broke off:**" in transcript.to_markdown()
    assert Transcript.load(transcript.save(tmp_path / "talk.json")).exchanges == transcript.exchanges


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "chat"}, "'transcript'"),
        ({"version": 99}, "version"),
        ({"exchanges": 3}, "$.exchanges must be a list"),
        ({"exchanges": [{}]}, "$.exchanges[0].user"),
        ({"exchanges": [{"user": {"role": "assistant", "contents": []}}]}, "a user turn"),
        ({"exchanges": [{"user": {"role": "user", "contents": []}}]}, "makes no prompt"),
        ({"title": 3}, "$.title must be a text"),
        ({"error": 3}, "$.error must be an object"),
    ],
)
def test_a_record_that_is_none_is_refused(transcript, change, words):
    with pytest.raises(HistoryError) as caught:
        Transcript.from_dict({**transcript.to_dict(), **change})
    assert words in str(caught.value)


def test_an_error_of_an_unknown_kind_is_an_error_all_the_same(transcript):
    record = {**transcript.to_dict(), "error": {"type": "json", "message": "lost"}}
    assert str(Transcript.from_dict(record).error) == "lost"


def test_an_expectation_in_a_record_is_checked(transcript):
    record = json.loads(json.dumps(transcript.to_dict()))
    record["exchanges"][1]["expect"][0]["name"] = "contians"
    with pytest.raises(HistoryError, match="contians"):
        Transcript.from_dict(record)


def test_a_transcript_shows_itself(transcript):
    assert repr(transcript).startswith("<Transcript 'A {{hard}} talk': 5 prompts, ")
    bundle = transcript._repr_mimebundle_()
    assert bundle["text/plain"] == repr(transcript)
    assert "1 + 2?" in bundle["text/markdown"]
    assert "1 + 2?" in bundle["text/html"]
    assert transcript.get_turns(include_system_prompt=True)[0].text == "Be {{brief}}."
    empty = Transcript(())
    assert empty._repr_mimebundle_()["text/plain"] == repr(empty)
    assert (empty.ok, empty.cost, empty.get_turns(include_system_prompt=True)) == (True, 0.0, [])
