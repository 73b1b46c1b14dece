"""Records from elsewhere: read as data, strictly, or refused by the place at fault."""

import ast
import json
from pathlib import Path

import pytest

from chatkit._errors import HistoryError
from chatkit._record import turns as record_turns
from chatkit._record.replay import contents_record, contents_replay
from chatkit._turns.contents import ContentText, ContentToolRequest, ContentToolResult
from chatkit._turns.turns import AssistantTurn, UserTurn


def text_record(**fields):
    return {"version": 1, "type": "text", "text": "a", **fields}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "must be an object, not None"),
        ([], "must be an object, not list"),
        ("text", "must be an object, not 'text'"),
        ({"type": "text", "text": "a"}, r"\$\.version must be a version such as 1, not None"),
        (text_record(version=True), r"\$\.version must be a version"),
        (text_record(version="1"), r"\$\.version must be a version"),
        (text_record(version=0), r"\$\.version must be a version"),
        (text_record(version=float("nan")), r"\$\.version must be a version"),
        (text_record(type="image"), r"\$\.type must be one of 'text', 'thinking'.*not 'image'"),
        (text_record(type=["text"]), r"\$\.type must be one of"),
        ({"version": 1}, r"\$\.type must be one of .*, not None"),
        (text_record(colour="red"), r"\$ has the field 'colour'"),
        ({"version": 1, "type": "text"}, r"\$\.text is missing"),
        (text_record(text=5), r"\$\.text must be a text, not int"),
        ({"version": 1, "role": "robot"}, r"\$\.role must be one of 'system', 'user', 'assistant', not 'robot'"),
        ({"version": 1, "role": 1}, r"\$\.role must be"),
        ({"version": 1, "role": "user"}, r"\$\.contents is missing"),
        ({"version": 1, "role": "user", "contents": {}}, r"\$\.contents must be a list"),
        ({"version": 1, "role": "user", "contents": [5]}, r"\$\.contents\[0\] must be an object"),
        ({"version": 1, "role": "user", "contents": [], "usage": {}}, r"\$ has the field 'usage'"),
        ({"version": 1, "role": "assistant", "usage": {"tokens": 1}}, r"\$\.usage has the field 'tokens'"),
        ({"version": 1, "role": "assistant", "cost": "free"}, r"\$\.cost must be a number, not 'free'"),
        ({"version": 1, "type": "turns"}, r"\$\.turns must be a list, not None"),
        ({"version": 1, "type": "turns", "turns": [], "more": 1}, r"\$ has the field 'more'"),
        (
            {"version": 1, "type": "turns", "turns": [{"role": "user", "contents": [{"type": "x"}]}]},
            r"\$\.turns\[0\]\.cont",
        ),
    ],
)
def test_i4_a_record_that_is_none_is_refused_by_the_place_at_fault(record, words):
    with pytest.raises(HistoryError, match=words):
        contents_replay(record)


def test_i4_a_newer_version_is_refused_by_its_number():
    with pytest.raises(HistoryError, match=r"version 99; this chatkit reads versions up to 1\..*update"):
        contents_replay(text_record(version=99))


def test_a_version_that_came_back_as_a_float_is_understood():
    assert contents_replay(text_record(version=1.0)) == ContentText("a")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"request": {"type": "text", "text": "a"}}, r"\$\.request must be a tool request, not ContentText"),
        ({"attachments": [{"type": "text", "text": "a"}]}, r"\$\.attachments\[0\] must be an image"),
        ({"value": float("inf")}, r"\$\.value must be a value that JSON can say: it holds a number that JSON has not"),
        ({"value": {1: 2}}, r"\$\.value .*keys that are no texts"),
        ({"value": {1}}, r"\$\.value .*holds a set"),
        ({"extra": []}, r"\$\.extra must be an object, not list"),
        ({"extra": {"x": object()}}, r"\$\.extra must be a value that JSON can say"),
    ],
)
def test_a_tool_result_is_read_strictly(fields, words):
    with pytest.raises(HistoryError, match=words):
        contents_replay({"version": 1, "type": "tool_result", **fields})


def test_i5_a_value_nested_too_deeply_is_refused_by_the_limit():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(HistoryError, match="more than 200 levels"):
        contents_replay({"version": 1, "type": "tool_result", "value": deep})


def test_i5_too_many_turns_are_refused_by_the_limit():
    turns = [{"role": "user", "contents": []}] * (record_turns.MOST_TURNS + 1)
    with pytest.raises(HistoryError, match="100001 turns; at most 100000"):
        contents_replay({"version": 1, "type": "turns", "turns": turns})
    with pytest.raises(HistoryError, match="100001 turns; at most 100000"):
        contents_record([UserTurn("a")] * (record_turns.MOST_TURNS + 1))


def test_names_of_classes_and_keys_of_other_libraries_mean_nothing():
    for record in ({"lc": 1, "type": "constructor", "id": ["os", "system"]}, {"py/object": "os.system"}):
        with pytest.raises(HistoryError):
            contents_replay({"version": 1, **record})
        result = ContentToolResult(record, text="t")
        assert contents_replay(contents_record(result)) == result


def test_long_hostile_names_do_not_flood_the_message():
    with pytest.raises(HistoryError) as caught:
        contents_replay(text_record(**{"x" * 100_000: 1}))
    assert len(str(caught.value)) < 300
    with pytest.raises(HistoryError) as caught:
        contents_replay(text_record(type="y" * 100_000))
    assert len(str(caught.value)) < 400


def test_i9_replaying_calls_that_wait_calls_nothing():
    class Trap(dict):
        def __call__(self, *args, **kwargs):
            raise AssertionError("called")

    turns = [UserTurn("go"), AssistantTurn([ContentToolRequest("c1", "rm", Trap(path="/"))])]
    back = contents_replay(json.loads(json.dumps(contents_record(turns))))
    assert back[-1].tool_requests == (ContentToolRequest("c1", "rm", {"path": "/"}),)
    assert back == turns


def test_no_error_of_another_library_is_chained():
    for record in ({"version": 1, "type": "audio", "format": "wav", "data": "!"}, text_record(text=b"")):
        with pytest.raises(HistoryError) as caught:
            contents_replay(record)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_nothing_in_chatkit_could_run_what_is_read():
    found = []
    for path in (Path(__file__).parents[2] / "chatkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [(path.name, item.name) for item in node.names if item.name in ("pickle", "marshal", "shelve")]
            if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "marshal", "shelve"):
                found.append((path.name, node.module))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("eval", "exec", "compile", "__import__"):
                found.append((path.name, node.func.id))
    assert found == []
