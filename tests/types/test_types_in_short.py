"""Types in short: `"name str, age int"`."""

import pytest

from chatkit import ConfigError
from chatkit._types.answer import answer_of
from chatkit._types.concise import type_from_text


def properties(text):
    return type_from_text(text).schema()["properties"]


def test_fields_have_a_name_a_type_and_a_description():
    schema = type_from_text("name, age int, height float, tall bool, tags list[str]: what they are").schema()
    assert schema["properties"] == {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "height": {"type": "number"},
        "tall": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "what they are"},
    }
    assert schema["required"] == ["name", "age", "height", "tall", "tags"]
    assert schema["additionalProperties"] is False


def test_on_several_lines_commas_belong_to_descriptions():
    assert properties("\n  name str: first, then last\n\n  age? int\n") == {
        "name": {"type": "string", "description": "first, then last"},
        "age": {"type": "integer"},
    }


def test_a_question_mark_says_that_a_field_may_be_missing():
    assert type_from_text("a?, b? int: why, c").schema()["required"] == ["c"]


def test_words_objects_and_lists_of_them():
    assert properties("colour red|green|dark-blue, p {x int, y int: down}, q list[{z}]: deep, r list[a|b]") == {
        "colour": {"type": "string", "enum": ["red", "green", "dark-blue"]},
        "p": {
            "type": "object",
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "description": "down"}},
            "required": ["x", "y"],
            "additionalProperties": False,
        },
        "q": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"z": {"type": "string"}},
                "required": ["z"],
                "additionalProperties": False,
            },
            "description": "deep",
        },
        "r": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
    }


def test_within_brackets_lines_and_commas_both_separate():
    assert list(properties("p {\n  x int\n  y int, z\n}\nq")) == ["p", "q"]


@pytest.mark.parametrize(
    ("text", "kind"), [("list[str]", "array"), (" list[ {a} ] ", "array"), ("{a int}", "object"), ("list", "object")]
)
def test_the_whole_may_be_a_list_or_an_object(text, kind):
    assert type_from_text(text).schema()["type"] == kind


def test_a_type_as_a_word_among_others_is_a_word():
    assert properties("kind int|float")["kind"] == {"type": "string", "enum": ["int", "float"]}


def test_answers_are_checked_and_stay_plain_data():
    answer = answer_of(type_from_text("name str, age? int, tags list[str]"))
    assert answer.value({"name": "Ada", "tags": ["x"]}) == {"name": "Ada", "age": None, "tags": ["x"]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1, column 1, at the end: a field is missing"),
        ("name strr", "line 1, column 6: 'strr' is no type; types are str, int, float, bool, list[...]"),
        ("name str\nage integer", "line 2, column 5: 'integer' is no type"),
        ("a int b", "line 1, column 7, at 'b': expected a comma."),
        ("a int\nb int c", "line 2, column 7, at 'c': expected a new line."),
        ("{a int", "at the end: expected a comma or a new line or `}`."),
        ("a list", "at the end: expected `[`: a list says of what"),
        ("a list[str", "line 1, column 11, at the end: expected `]`."),
        ("9", "at '9': expected the name of a field."),
        ("a, a", "line 1, column 4: the field 'a' is there twice."),
        ("a x|", "at the end: expected a word after `|`."),
        ("a x|x", "line 1, column 3: a word is there twice."),
        ("a [str]", "line 1, column 3, at '[': expected a type (str, int"),
        ("list[str] x", "line 1, column 11, at 'x': nothing more is expected here."),
        ("p {}", "at '}': a field is missing"),
        ("a,,b", "line 1, column 3, at ',': expected the name of a field."),
        ("x " + "list[" * 200, "nested too deeply"),
        ("x " + "{a " * 200, "nested too deeply"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(text, told):
    with pytest.raises(ConfigError) as caught:
        type_from_text(text)
    assert told in str(caught.value)


def test_it_has_to_be_a_text():
    with pytest.raises(ConfigError, match="a text, not list"):
        type_from_text(["name str"])
