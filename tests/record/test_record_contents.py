"""Contents and turns recorded as plain values, and made of them again."""

import json
from dataclasses import dataclass, fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._errors import HistoryError
from chatkit._record import contents as record_contents
from chatkit._record import turns as record_turns
from chatkit._record.replay import contents_record, contents_replay
from chatkit._turns.contents import (
    CONTENT_TYPES,
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, SystemTurn, Usage, UserTurn

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u2028\0\"\\{}'"), max_size=12)
words = texts | st.sampled_from(["type", "version", '{"type": "tool_request"}', "\u2028", "\0"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(words, plain, max_size=3)
base64 = st.sampled_from(["", "QQ==", "QUI=", "QUJD", "+/+/"])
details = st.sampled_from(["auto", "low", "high"])
media = (
    st.builds(ContentImageRemote, words, details)
    | st.builds(ContentImageInline, words, base64, details)
    | st.builds(ContentDocument, words, base64, words)
    | st.builds(ContentDocumentRemote, words, words)
    | st.builds(ContentAudio, words, base64)
)
requests = st.builds(ContentToolRequest, words, words, st.none() | objects, st.none() | words)
results = st.builds(
    ContentToolResult,
    plain,
    st.none() | words,
    st.none() | requests,
    st.none() | words,
    st.lists(media, max_size=2).map(tuple),
    st.none() | objects,
    st.sampled_from(["auto", "json", "str", "as_is"]),
)
contents = (
    st.builds(ContentText, words)
    | st.builds(ContentThinking, words)
    | st.builds(ContentJson, plain, words)
    | media
    | requests
    | results
)
counts = st.none() | st.integers(0, 10**9)
numbers = st.none() | st.floats(0, 1e6) | st.integers(0, 9)
several = st.lists(contents, max_size=4).map(tuple)
turns = (
    st.builds(SystemTurn, several)
    | st.builds(UserTurn, several)
    | st.builds(
        AssistantTurn,
        several,
        st.builds(Usage, counts, counts, counts, counts),
        numbers,
        st.none() | words,
        st.none() | words,
        numbers,
        numbers,
        st.none() | words,
        st.none() | words,
        st.none() | words,
        st.none() | words,
        st.none() | words,
    )
)


def again(x):
    return contents_replay(json.loads(json.dumps(contents_record(x), allow_nan=False)))


@given(contents)
def test_case_69_a_content_comes_back_equal_by_way_of_json_text(content):
    assert again(content) == content


@given(st.lists(turns, max_size=4))
def test_case_69_turns_come_back_equal_by_way_of_json_text(said):
    assert again(said) == said
    for turn in said:
        assert again(turn) == turn


def test_case_69_every_field_of_an_answer_comes_back():
    turn = AssistantTurn(
        [ContentThinking("Hm"), ContentText("Hi"), ContentToolRequest("c1", "add", {"a": 1})],
        usage=Usage(1, 2, 3, 4),
        cost=0.5,
        finish_reason="tool_calls",
        raw_finish_reason="tools",
        duration=1.5,
        time_to_first_token=0.25,
        model="m",
        served_by="s",
        request_id="r",
        response_id="a",
        interrupted="stopped",
    )
    record = contents_record(turn)
    assert again(turn) == turn
    assert record["usage"] == {"input_tokens": 1, "output_tokens": 2, "cached_tokens": 3, "reasoning_tokens": 4}
    assert record.keys() >= {"cost", "duration", "served_by", "interrupted", "response_id"}


def test_every_field_of_contents_and_turns_is_recorded():
    for shape in (*record_contents._SHAPES.values(), *record_turns._SHAPES.values(), record_turns._USAGE):
        assert shape.names == {item.name for item in fields(shape.made_by)} - {"wording"}
    assert {shape.made_by for shape in record_contents._SHAPES.values()} == set(CONTENT_TYPES)
    assert all(tag == shape.made_by.type for tag, shape in record_contents._SHAPES.items())


def test_the_form_of_a_record_is_plain_and_has_its_version_in_front():
    record = contents_record([UserTurn("Hi"), AssistantTurn("Hello")])
    assert record == {
        "version": 1,
        "type": "turns",
        "turns": [
            {"role": "user", "contents": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "contents": [{"type": "text", "text": "Hello"}], "usage": {}},
        ],
    }
    assert next(iter(record)) == "version"


def test_i6_text_that_holds_the_tags_of_records_stays_text():
    for text in (
        '{"version": 1, "type": "tool_request"}',
        '"role": "system"',
        "__class__",
        "\u2028\u2029",
        "a\0b",
        "$.x",
    ):
        content = ContentToolResult(
            {"type": "tool_request", "version": 99, "role": text}, text=text, extra={text: text}
        )
        assert again(content) == content
        assert again(ContentText(text)) == ContentText(text)


def test_i6_and_case_45_halves_of_surrogate_pairs_become_the_replacement_character():
    turn = UserTurn([ContentText("a\ud800b"), ContentToolResult({"\udfff": "\ud800"}, extra={"k\ud800": "é😀"})])
    back = again(turn)
    assert back.contents[0] == ContentText("a\ufffdb")
    assert back.contents[1] == ContentToolResult({"\ufffd": "\ufffd"}, extra={"k\ufffd": "é😀"})
    assert again(ContentText("\ud83d\ude00")) == ContentText("😀")


def test_a_value_that_json_cannot_say_is_recorded_by_the_text_that_the_model_read():
    day = date(2024, 2, 29)
    assert again(ContentToolResult(day, text="29 February")).value == "29 February"
    assert again(ContentToolResult({"day": day})).value == '{"day": "2024-02-29"}'
    assert again(ContentToolResult([1, float("nan")], text="1, none")).value == "1, none"
    assert again(ContentToolResult({1: 2}, text="one")).value == "one"
    assert again(ContentToolResult((1, (2,)))).value == [1, [2]]


def test_what_json_cannot_say_within_extra_and_arguments_is_recorded_by_its_own_text():
    class Mute:
        def __str__(self):
            raise RuntimeError("no words")

    extra = {
        "day": date(2024, 2, 29),
        "rows": [{1}],
        "n": float("inf"),
        5: "five",
        "mute": Mute(),
        "big": 1 << 20_000,
    }
    back = again(ContentToolResult("x", extra=extra)).extra
    assert back.pop("big") == "<int>"
    assert back == {"day": "2024-02-29", "rows": ["{1}"], "n": "inf", "5": "five", "mute": "<Mute>"}
    assert again(ContentToolRequest("1", "f", {"x": float("nan"), "y": {1: 2}})).arguments == {
        "x": "nan",
        "y": "{1: 2}",
    }
    assert again(ContentJson({"x": {2}}, "{}")).data == {"x": "{2}"}


def test_a_value_that_is_deeper_than_any_limit_does_not_prevent_saving():
    deep = 1
    for _ in range(5000):
        deep = [deep]
    assert again(ContentToolResult(deep, text="deep")).value == "deep"
    assert isinstance(again(ContentToolRequest("1", "f", {"x": deep})).arguments["x"], list)
    cyclic = []
    cyclic.append(cyclic)
    assert again(ContentToolResult(cyclic, text="round")).value == "round"


def test_a_result_whose_value_is_a_table_is_recorded():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2]})
    result = ContentToolResult(table, text="a\n1\n2", extra={"table": table})
    assert again(result).value == "a\n1\n2"
    assert "a" in again(result).extra["table"]


def test_strings_numbers_and_booleans_of_other_classes_are_recorded_plainly():
    class Name(str):
        pass

    class Count(int):
        pass

    value = contents_record(ContentToolResult([Name("n"), Count(3), True]))["value"]
    assert value == ["n", 3, True]
    assert [type(item) for item in value] == [str, int, bool]


def test_what_is_no_content_turn_or_list_is_refused():
    for nothing in (None, "text", 5, {"type": "text"}, ContentText):
        with pytest.raises(HistoryError, match="must be a content, a turn or a list of turns"):
            contents_record(nothing)
    with pytest.raises(HistoryError, match=r"\$\.turns\[1\] must be one of chatkit's own turns, not a text|turns\[1\]"):
        contents_record([UserTurn("a"), "b"])


def test_a_subclass_is_refused_for_what_it_adds_would_be_lost():
    @dataclass(frozen=True)
    class Marked(ContentText):
        mark: str = ""

    with pytest.raises(HistoryError, match=r"\$\.contents\[0\] must be one of chatkit's own contents, not Marked"):
        contents_record(UserTurn([Marked("a")]))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (ContentText(5), r"\$\.text must be a text, not int"),
        (ContentImageInline("image/png", "a\nb"), r"\$\.data must be base64"),
        (ContentImageRemote("https://x", "huge"), r"\$\.detail must be one of 'auto', 'low', 'high', not 'huge'"),
        (ContentToolRequest("1", "f", [1]), r"\$\.arguments must be an object, not list"),
    ],
)
def test_a_field_that_holds_what_it_cannot_is_told_when_it_is_recorded(content, place):
    with pytest.raises(HistoryError, match=place):
        contents_record(content)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", True])
def test_a_number_must_be_a_finite_number(value):
    with pytest.raises(HistoryError, match=r"\$\.cost must be a"):
        contents_record(AssistantTurn("x", cost=value))


@pytest.mark.parametrize("value", [-1, 1.5, True, "3"])
def test_a_count_must_be_a_whole_number(value):
    with pytest.raises(HistoryError, match=r"\$\.usage\.input_tokens must be"):
        contents_record(AssistantTurn("x", usage=Usage(value)))
