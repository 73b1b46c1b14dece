"""The very end of an answer: special tokens are left out there, everything else is kept to the letter."""

import json

import pytest

from chatkit._http.messages import Head, Piece
from chatkit._providers import tail as tails
from chatkit._providers.calls import ToolCalls
from chatkit._providers.decode import ChatDecoder
from chatkit._providers.tail import Tail
from chatkit._turns.events import ToolInputDelta

TOKENS = tails._SPECIAL


def heard(pieces, *, strip=True):
    tail = Tail()
    given = [tail.feed(piece) for piece in pieces]
    return "".join(given), tail.finish(strip=strip)


def cut(text, size):
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_a_special_token_at_the_end_is_left_out_however_it_was_cut(token, size):
    assert heard(cut(f"a < b{token}", size)) == ("a < b", "")
    assert "".join(heard(cut(f"a < b{token}", size), strip=False)) == f"a < b{token}"


@pytest.mark.parametrize("token", TOKENS)
def test_what_follows_a_special_token_makes_it_a_part_of_the_text(token):
    for size in (1, 2, 100):
        assert "".join(heard(cut(f"{token}x", size))) == f"{token}x"
        assert "".join(heard(cut(f"{token} ", size))) == f"{token} "


@pytest.mark.parametrize("text", ["<", "</", "</s", "<|", "<|eot_id|", "a<", "<b>", "<<<", "</S>", "", "<|x|>"])
def test_what_is_no_special_token_is_kept(text):
    for size in (1, 2, 100):
        assert "".join(heard(cut(text, size))) == text


def test_only_the_last_of_two_is_left_out():
    assert heard(["</s>", "</s>"]) == ("</s>", "")


def test_nothing_is_held_back_that_cannot_be_the_beginning_of_one():
    tail = Tail()
    assert tail.feed("1 < 2") == "1 < 2"
    assert tail.feed(" <b") == " <b"
    assert tail.feed("a<") == "a"
    assert tail.feed("/") == ""
    assert tail.feed("div>") == "</div>"
    assert tail.finish(strip=True) == ""


def test_each_special_token_has_one_opening_mark_and_no_other():
    assert all(token.startswith("<") and token.count("<") == 1 for token in TOKENS)


def feed(calls, *pieces):
    return [calls.feed({"index": 0, "id": "c", "function": {"name": "f", "arguments": piece}}) for piece in pieces]


def test_arguments_lose_a_special_token_and_keep_all_else():
    calls = ToolCalls()
    assert [delta.delta for delta in feed(calls, '{"a": "<', '/s>"}', "</s", ">")] == ['{"a": "', '</s>"}', "", ""]
    assert calls.flush() == []
    assert calls.requests()[0].arguments == {"a": "</s>"}


def test_what_was_held_back_of_arguments_is_told_at_the_end():
    calls = ToolCalls()
    feed(calls, '{"a": 1} <')
    assert calls.flush() == [ToolInputDelta(0, "c", "f", "<")]
    assert calls.flush() == []
    assert calls.requests()[0].raw == '{"a": 1} <'


def test_what_was_held_back_of_arguments_is_kept_when_nobody_asked_for_it():
    calls = ToolCalls()
    feed(calls, '{"a": 1} <')
    assert calls.requests()[0].raw == '{"a": 1} <'


def test_a_call_after_a_special_token_is_another_one():
    calls = ToolCalls()
    for city in ("Paris", "Rome"):
        calls.feed({"function": {"name": "weather", "arguments": f'{{"city": "{city}"}}</s>'}})
    assert [request.arguments for request in calls.requests()] == [{"city": "Paris"}, {"city": "Rome"}]


def test_what_was_held_back_stays_in_front_of_parts():
    decoder = ChatDecoder(Head(200, {}, "https://host.example/v1", sent_at=0.0), "m")
    for content in ("a <", [{"type": "text", "text": "= b"}]):
        decoder.feed(Piece(json.dumps({"choices": [{"index": 0, "delta": {"content": content}}]})))
    decoder.feed(Piece("[DONE]"))
    assert decoder.finish().text == "a <= b"
