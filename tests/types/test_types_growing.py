"""Values that grow with the text of an answer."""

import json

from hypothesis import given
from hypothesis import strategies as st

from chatkit._types import growing as room
from chatkit._types.answer import answer_of
from chatkit._types.growing import Growing


def fed(kind, *pieces):
    growing = Growing(answer_of(kind))
    return [value for piece in pieces for value in growing.feed(piece)]


def test_a_value_per_change():
    assert fed(dict, '{"', 'a": ', "[1", ", 2", "]", "}") == [{}, {"a": []}, {"a": [1]}, {"a": [1, 2]}]


def test_numbers_are_whole_or_not_there():
    assert fed(dict, '{"a": 4', "2", ', "b": -', "1", ".5e", "3", "}") == [{}, {"a": 42}, {"a": 42, "b": -1500.0}]
    assert fed(dict, '{"a": "in 19', "84", '"}') == [{"a": "in "}, {"a": "in 1984"}]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def fits(part, whole):
    if isinstance(part, dict):
        return list(part) == list(whole)[: len(part)] and all(fits(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return len(part) <= len(whole) and all(map(fits, part, whole))
    if isinstance(part, str):
        return whole.startswith(part)
    return part == whole


@given(st.dictionaries(st.text(min_size=1), values, min_size=1, max_size=4), st.booleans())
def test_every_value_is_a_part_of_the_whole(whole, ascii):
    text = json.dumps(whole, ensure_ascii=ascii)
    found = fed(dict, *text)
    assert all(fits(part, whole) for part in found)
    if len(text) < room._PART:
        assert found[-1] == whole


def test_text_in_front_is_passed_over():
    assert fed(dict, "Well {x}", "\n\n", "```js", "on\n{", '"a": 1', "}") == [{}, {"a": 1}]


def test_the_bracket_may_come_alone():
    assert fed(dict, "Well:", "\n{", "\n", "  ", '"a": 1', "\n}") == [{}, {"a": 1}]
    assert fed(list[int], "{", "no. ", "[", "\n", "1,", "]") == [[1]]


def test_text_behind_is_passed_over():
    assert fed(dict, '{"a": 1}', "\n", "```", " and so on") == [{"a": 1}]


def test_what_cannot_be_read_gives_nothing():
    assert fed(dict, '{"a": 1, ', "oops", '"b": 2}') == [{"a": 1}]
    assert fed(dict, '{"a": "\ud800', '"}') == [{"a": "\ufffd"}]


def test_the_object_around_the_answer():
    assert fed(list[int], '{"', 'answer": ', "[1, ", "2]", "}") == [[1], [1, 2]]
    assert fed(list[int], "[1, ", "2]") == [[1], [1, 2]]


def test_beginning_anew():
    growing = Growing(answer_of(dict))
    assert growing.feed('{"a": 1}') == ({"a": 1},)
    growing.restart()
    assert growing.feed("no") == ()
    assert growing.feed('{"a": 1}') == ()
    assert growing.feed(" ") == ()
    growing.restart()
    assert growing.feed('{"b": 1}') == ({"b": 1},)


def test_a_long_text_is_read_again_only_when_it_has_grown_by_a_part(monkeypatch):
    import pydantic_core

    read = []
    real = pydantic_core.from_json
    monkeypatch.setattr(
        pydantic_core, "from_json", lambda text, **options: read.append(len(text)) or real(text, **options)
    )
    text = json.dumps({"a": "x" * 100_000})
    growing = Growing(answer_of(dict))
    for character in text:
        growing.feed(character)
    assert sum(read) < 2 * room._PART * len(text)


def test_long_prose_without_an_answer_is_not_looked_at_again_and_again():
    growing = Growing(answer_of(dict))
    for _ in range(50_000):
        assert growing.feed("a line of prose\n") == ()
    assert growing.feed('{"a": 1}') == ({"a": 1},)
