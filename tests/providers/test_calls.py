"""Tool calls as servers send them: any mix of index, id and name, put together to the calls that were meant."""

from __future__ import annotations

import pytest

from chatkit._providers.calls import ToolCalls, read_arguments
from chatkit._turns.events import ToolInputDelta


def fragment(name=None, arguments=None, **place):
    """A fragment of a call; what is not given is not there."""
    given = {"name": name, "arguments": arguments}
    return {**place, "function": {key: value for key, value in given.items() if value is not None}}


def collect(*fragments, whole=False):
    calls = ToolCalls()
    for item in fragments:
        calls.feed(item, whole=whole)
    return calls.requests()


def names_and_arguments(requests):
    return [(request.name, request.arguments) for request in requests]


ONE = [("add", {"a": 1})]
TWO = [("add", {"a": 1}), ("sub", {"b": 2})]

TABLE = {
    "by index, id and name first": (
        [fragment("add", "", index=0, id="c1"), fragment(None, '{"a"', index=0), fragment(None, ": 1}", index=0)],
        ONE,
    ),
    "id repeated": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment(None, ": 1}", index=0, id="c1")],
        ONE,
    ),
    "id empty later": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment(None, ": 1}", index=0, id="")],
        ONE,
    ),
    "id changes in mid-call": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment(None, ": 1}", index=0, id="c2")],
        ONE,
    ),
    "id changes in mid-call, name repeated": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment("add", ": 1}", index=0, id="c2")],
        ONE,
    ),
    "name repeated": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment("add", ": 1}", index=0)],
        ONE,
    ),
    "name null and empty later": (
        [
            fragment("add", "", index=0, id="c1"),
            {"index": 0, "function": {"name": None, "arguments": '{"a"'}},
            fragment("", ": 1}", index=0),
        ],
        ONE,
    ),
    "name cumulative": (
        [fragment("a", index=0, id="c1"), fragment("ad", index=0), fragment("add", '{"a": 1}', index=0)],
        ONE,
    ),
    "name in pieces": (
        [fragment("get_", index=0, id="c1"), fragment("sum", index=0), fragment(None, '{"a": 1}', index=0)],
        [("get_sum", {"a": 1})],
    ),
    "name in pieces that are alike": (
        [fragment("ba", index=0, id="c1"), *[fragment("na", index=0)] * 2, fragment(None, "{}", index=0)],
        [("banana", {})],
    ),
    "name in pieces, with empty arguments": (
        [fragment("a", "", index=0, id="c1"), fragment("dd", "", index=0), fragment(None, '{"a": 1}', index=0)],
        ONE,
    ),
    "whole in one fragment": ([fragment("add", '{"a": 1}', index=0, id="c1")], ONE),
    "two, one after the other": (
        [
            fragment("add", '{"a"', index=0, id="c1"),
            fragment(None, ": 1}", index=0),
            fragment("sub", '{"b"', index=1, id="c2"),
            fragment(None, ": 2}", index=1),
        ],
        TWO,
    ),
    "two, interleaved": (
        [
            fragment("add", "", index=0, id="c1"),
            fragment("sub", "", index=1, id="c2"),
            fragment(None, '{"a"', index=0),
            fragment(None, '{"b"', index=1),
            fragment(None, ": 1}", index=0),
            fragment(None, ": 2}", index=1),
        ],
        TWO,
    ),
    "two, index 0 for both, whole": (
        [fragment("add", '{"a": 1}', index=0, id="c1"), fragment("sub", '{"b": 2}', index=0, id="c2")],
        TWO,
    ),
    "two, index 0 for both, in pieces": (
        [
            fragment("add", '{"a"', index=0, id="c1"),
            fragment(None, ": 1}", index=0, id="c1"),
            fragment("sub", '{"b"', index=0, id="c2"),
            fragment(None, ": 2}", index=0, id="c2"),
        ],
        TWO,
    ),
    "two, index 0 for both, ids first only": (
        [
            fragment("add", '{"a"', index=0, id="c1"),
            fragment(None, ": 1}", index=0),
            fragment("sub", '{"b"', index=0, id="c2"),
            fragment(None, ": 2}", index=0),
        ],
        TWO,
    ),
    "two, index 0 for both, interleaved by id": (
        [
            fragment("add", "", index=0, id="c1"),
            fragment("sub", "", index=0, id="c2"),
            fragment(None, '{"a": 1}', index=0, id="c1"),
            fragment(None, '{"b": 2}', index=0, id="c2"),
        ],
        TWO,
    ),
    "two, no index, by id": (
        [
            fragment("add", '{"a"', id="c1"),
            fragment("sub", '{"b"', id="c2"),
            fragment(None, ": 1}", id="c1"),
            fragment(None, ": 2}", id="c2"),
        ],
        TWO,
    ),
    "two, no index, one after the other": (
        [
            fragment("add", '{"a"', id="c1"),
            fragment(None, ": 1}"),
            fragment("sub", '{"b"', id="c2"),
            fragment(None, ": 2}"),
        ],
        TWO,
    ),
    "two, neither index nor id": (
        [fragment("add", '{"a"'), fragment(None, ": 1}"), fragment("sub", '{"b"'), fragment(None, ": 2}")],
        TWO,
    ),
    "two of the same name, neither index nor id": (
        [fragment("add", '{"a": 1}'), fragment("add", '{"a": 2}')],
        [("add", {"a": 1}), ("add", {"a": 2})],
    ),
    "two of the same name, no index": (
        [fragment("add", '{"a": 1}', id="c1"), fragment("add", '{"a": 2}', id="c2")],
        [("add", {"a": 1}), ("add", {"a": 2})],
    ),
    "two without arguments, no index": (
        [fragment("add", "", id="c1"), fragment("sub", "", id="c2")],
        [("add", {}), ("sub", {})],
    ),
    "two under one id, by index": (
        [
            fragment("add", '{"a"', index=0, id="0"),
            fragment(None, ": 1}", index=0, id="0"),
            fragment("sub", '{"b"', index=1, id="0"),
            fragment(None, ": 2}", index=1, id="0"),
        ],
        TWO,
    ),
    "two under one id, interleaved by index": (
        [
            fragment("add", "", index=0, id="0"),
            fragment("sub", "", index=1, id="0"),
            fragment(None, '{"a": 1}', index=0, id="0"),
            fragment(None, '{"b": 2}', index=1, id="0"),
        ],
        TWO,
    ),
    "an index that comes later": (
        [fragment("add", '{"a"', id="c1"), fragment(None, ": 1}", index=0)],
        ONE,
    ),
    "an index that goes missing": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment(None, ": 1}")],
        ONE,
    ),
    "a strange index with the id again": (
        [fragment("add", '{"a"', index=0, id="c1"), fragment(None, ": 1}", index=1, id="c1")],
        ONE,
    ),
    "counted from 1": (
        [fragment("add", '{"a": 1}', index=1, id="c1"), fragment("sub", '{"b": 2}', index=2, id="c2")],
        TWO,
    ),
    "an index that is no number": (
        [fragment("add", '{"a"', index="0", id="c1"), fragment(None, ": 1}", index="0")],
        ONE,
    ),
    "arguments as an object": ([{"index": 0, "id": "c1", "function": {"name": "add", "arguments": {"a": 1}}}], ONE),
    "arguments as parameters": ([{"index": 0, "id": "c1", "function": {"name": "add", "parameters": {"a": 1}}}], ONE),
    "encoded twice": ([fragment("add", '"{\\"a\\": 1}"', index=0, id="c1")], ONE),
    "the function null": ([{"index": 0, "id": "c1", "function": None}, fragment("add", '{"a": 1}', index=0)], ONE),
}


@pytest.mark.parametrize(("fragments", "expected"), TABLE.values(), ids=TABLE)
def test_fragments_are_put_together_to_the_calls_that_were_meant(fragments, expected):
    requests = collect(*fragments)
    assert names_and_arguments(requests) == expected
    assert all(request.raw is None for request in requests)
    assert len({request.id for request in requests}) == len(requests)


@pytest.mark.parametrize("cut", range(1, 16))
def test_arguments_may_be_cut_anywhere(cut):
    text = '{"a": "x\\u00e9"}'
    requests = collect(fragment("add", text[:cut], index=0, id="c1"), fragment(None, text[cut:], index=0))
    assert names_and_arguments(requests) == [("add", {"a": "xé"})]


@pytest.mark.parametrize("name", ["add", None, ""])
def test_a_delta_equal_to_the_text_before_is_not_dropped(name):
    requests = collect(
        fragment("add", '{"a": 1', index=0, id="c1"), *[fragment(name, "1", index=0)] * 2, fragment(None, "}", index=0)
    )
    assert requests[0].arguments == {"a": 111}


def test_ids_are_kept_and_made_where_there_are_none():
    kept, made, other = collect(
        fragment("add", "{}", index=0, id="c1"), fragment("sub", "{}", index=1), fragment("mul", "{}", index=2, id="")
    )
    assert kept.id == "c1"
    assert made.id.startswith("call_")
    assert made.id != other.id


def test_an_id_that_was_made_stays_the_same():
    calls = ToolCalls()
    event = calls.feed(fragment("add", '{"a"', index=0))
    later = calls.feed(fragment(None, ": 1}", index=0))
    (request,) = calls.requests()
    assert event.id == later.id == request.id == calls.requests()[0].id


def test_each_element_of_a_whole_answer_is_a_call_of_its_own():
    same = fragment("add", '{"a": 1}', index=0, id="0")
    requests = collect(same, same, whole=True)
    assert names_and_arguments(requests) == [*ONE, *ONE]
    assert requests[0].id == "0" != requests[1].id


def test_what_is_told_while_it_arrives():
    calls = ToolCalls()
    assert not calls
    assert calls.feed(fragment("add", "", index=3, id="c1")) == ToolInputDelta(0, "c1", "add", "")
    assert calls.feed(fragment(None, '{"a"', index=3)) == ToolInputDelta(0, "c1", "add", '{"a"')
    assert calls.feed(fragment("sub", "{}", index=7, id="c2")) == ToolInputDelta(1, "c2", "sub", "{}")
    assert calls


def test_a_call_that_never_got_a_name():
    (request,) = collect(fragment(None, '{"a": 1}', index=0))
    assert (request.name, request.arguments) == ("", {"a": 1})


@pytest.mark.parametrize(
    "text", ['{"a": ', "[1]", '"text"', "3", "null", "{'a': 1}", '"[1]"', '{"a": 1} {"b": 2}', "[" * 100000]
)
def test_arguments_that_are_no_object_are_kept_as_they_came(text):
    (request,) = collect(fragment("add", text, index=0, id="c1"))
    assert (request.arguments, request.raw) == (None, text)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": [-Infinity]}', '{"a": 1e999}'])
def test_arguments_with_what_json_does_not_know_are_no_json(text):
    (request,) = collect(fragment("add", text, index=0, id="c1"))
    assert (request.arguments, request.raw) == (None, text)


@pytest.mark.parametrize("text", ["", " ", "{}", "\n{}\n", '"{}"'])
def test_no_arguments(text):
    (request,) = collect(fragment("add", text, index=0, id="c1"))
    assert (request.arguments, request.raw) == ({}, None)


def test_no_arguments_at_all():
    (request,) = collect({"index": 0, "id": "c1", "function": {"name": "add", "arguments": None}})
    assert request.arguments == {}


def test_reading_arguments():
    assert read_arguments('{"a": {"b": [1, null, "é", 1.5, 1e3]}}') == {"a": {"b": [1, None, "é", 1.5, 1000.0]}}
    assert read_arguments('"') is None


def test_a_surrogate_pair_in_two_fragments_is_joined():
    (request,) = collect(fragment("add", '{"a": "\ud83d', index=0, id="c1"), fragment(None, '\ude00"}', index=0))
    assert request.arguments == {"a": "\U0001f600"}


def test_many_fragments_take_linear_time():
    calls = ToolCalls()
    calls.feed(fragment("add", '{"a": "', index=0, id="c1"))
    for _ in range(20_000):
        calls.feed(fragment("add", "x", index=0, id="c1"))
    calls.feed(fragment(None, '"}', index=0))
    assert calls.requests()[0].arguments == {"a": "x" * 20_000}


def test_a_name_that_changes_when_the_arguments_have_begun_is_the_first_one():
    (request,) = collect(fragment("add", '{"a":', index=0, id="c1"), fragment("sub", " 1}", index=0, id="c1"))
    assert (request.name, request.arguments) == ("add", {"a": 1})
