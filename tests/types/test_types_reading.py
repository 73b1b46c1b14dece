"""Finding the JSON in an answer, whatever stands around it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._types.reading import BrokenJsonError, NoJsonError, Reading, begin_of, read_json

ONE = '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (ONE, {"a": 1}),
        (f"\n {ONE} \n", {"a": 1}),
        (f"\ufeff{ONE}", {"a": 1}),
        (f"```json\n{ONE}\n```", {"a": 1}),
        (f"```\n{ONE}```", {"a": 1}),
        (f"~~~\n{ONE}\n~~~", {"a": 1}),
        (f"Look:\n```JSON\n{ONE}\n```\nDone.", {"a": 1}),
        (f"Sure, here: {ONE}.", {"a": 1}),
        (f"<answer>{ONE}</answer>", {"a": 1}),
        ("{}", {}),
        ("Nothing: { }", {}),
        ('{"a": {"b": [1, {"c": 2}]}}', {"a": {"b": [1, {"c": 2}]}}),
        # Brackets that begin nothing.
        (f"\\frac{{a}}{{b}} {{x}} [1] {ONE}", {"a": 1}),
        (f'Fill in {{"a": ...}}: {ONE}', {"a": 1}),
        (f'{{"a": <number>, "b": {{"c": 3}}}} becomes {ONE}', {"a": 1}),
        # Brackets and quotes inside of strings.
        ('{"a": "}{ \\" ]["} ', {"a": '}{ " ]['}),
        ('x {"a": "\\\\"} y', {"a": "\\"}),
        # Commas too many.
        ('{"a": [1, 2, ], }', {"a": [1, 2]}),
        ('{"a": "x,]",}', {"a": "x,]"}),
        ('see {"a": 1,\n}', {"a": 1}),
        # Line breaks in strings.
        ('{"a": "x\ny\t"}', {"a": "x\ny\t"}),
        # Values that are no object.
        ("42", 42),
        ("```\nnull\n```", None),
        ('"x"', "x"),
        # An object in an array where no array will do.
        (f"[{ONE}]", {"a": 1}),
        ('{"a": 1e3, "b": -0.5}', {"a": 1000.0, "b": -0.5}),
        ('{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_is_found(text, data):
    assert read_json(text).data == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("[1, 2]", [1, 2]),
        ("Here: [1, 2,] and that", [1, 2]),
        ('["x"]', ["x"]),
        ("so [[]]", [[]]),
        ("so []", []),
        (f"so {ONE}", {"a": 1}),
        ("- [x] done [true]", [True]),
    ],
)
def test_arrays_where_they_will_do(text, data):
    assert read_json(text, arrays=True).data == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": ' + "9" * 5000 + "}", "digits"),
        ('{"a": 1', "delimiter|Expecting"),
        ('{"a": "x', "Unterminated"),
        ('{"a": ', "a value is missing"),
        ('{"a": \'x\', "b": {"c": 1}}', "a value is missing"),
        ('{"a": 1 /* one */}', "delimiter|Expecting"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a\\', "Unterminated"),
    ],
)
def test_what_is_broken(text, words):
    with pytest.raises(BrokenJsonError, match=words):
        read_json(text)


@pytest.mark.parametrize("text", ["", " ", "No.", "{}"[:1], "{a: 1}", "{'a': 1}", "[1, 2]", "[]", "}{", "```\n```"])
def test_where_there_is_none(text):
    with pytest.raises(NoJsonError):
        read_json(text)


def test_a_broken_one_does_not_hide_what_is_in_it():
    # The inner object is not the answer.
    with pytest.raises(BrokenJsonError):
        read_json('{"a": {"b": 1}, "c": oops}')


def test_several():
    assert read_json(f'{ONE} {{"b": 2}}') == Reading({"a": 1}, ONE, several=True)
    assert read_json(f'{ONE}\n{{"b": oops}}') == Reading({"a": 1}, ONE)
    assert read_json(f'{{"b": oops}} {ONE}') == Reading({"a": 1}, ONE)
    assert read_json(f"[{ONE}, {ONE}]").several
    assert not read_json(f"[{ONE}, {ONE}]", arrays=True).several


def test_the_text_is_json_without_what_stands_around_it():
    assert read_json(f"Sure: {ONE} ok").text == ONE
    assert read_json('```\n{"a":  1}\n```').text == '{"a":  1}'
    assert read_json('{"a": ["ä",], }').text == '{"a": ["ä"]}'
    assert read_json('{"a": "x\ny"}').text == '{"a": "x\\ny"}'


def test_where_it_begins():
    assert begin_of("Sure, {x}: ") is None
    assert begin_of("{") is None
    assert begin_of('Sure: {"') == 6
    assert begin_of("[1") is None
    assert begin_of("so [1", arrays=True) == 3


PIECES = [
    "{",
    "[",
    "`",
    '"',
    '{"',
    '["',
    '{"a":',
    "[1,",
    '{"a":1,',
    "\\",
    '{"\\',
    '"\\"',
    ",]",
    "[[],",
    ", ",
    "}",
    "{ ",
    "```\n",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("arrays", [False, True])
def test_a_great_lot_of_anything_is_read_in_time(piece, arrays):
    # Were the time not linear, this would run into the time limit of a test.
    size = 2**20 if arrays and piece in ("[", '{"', "`", "\\") else 2**17
    for text in (piece * (size // len(piece)), f'{{"a": "{piece}' + piece * (size // len(piece))):
        try:
            read_json(text, arrays=arrays)
        except (NoJsonError, BrokenJsonError) as error:
            assert len(str(error)) < 200


@given(st.lists(st.sampled_from([*PIECES, ONE, "]", "1", " ", "x", "\n", "null", ":", "'"]), max_size=12))
def test_any_text_is_read_or_refused(pieces):
    for arrays in (False, True):
        try:
            reading = read_json("".join(pieces), arrays=arrays)
        except (NoJsonError, BrokenJsonError):
            continue
        assert read_json(reading.text, arrays=True).data == reading.data


def test_any_prose_around_it_changes_nothing():
    for before, after in itertools.product(
        ["", "Well, ", "```\n", "[see] {below}\n", '"'], ["", "\n```", " Bye {x}", '"']
    ):
        assert read_json(f"{before}{ONE}{after}").data == {"a": 1}, (before, after)
