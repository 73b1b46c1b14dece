"""K1, F21, F24: no control character of a model's reaches a terminal, however the text was cut."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._display.sanitize import Sanitizer, one_line, visible

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

texts = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\r\n\t\x1b\x07\x9b[];\ud83d\ude00 ab"),
        st.integers(0xD800, 0xDFFF).map(chr),
    )
)


def streamed(pieces):
    sanitizer = Sanitizer()
    return "".join([sanitizer.feed(piece) for piece in pieces]) + sanitizer.finish()


def test_K1_payload_is_shown_not_obeyed_whole_and_character_by_character(payload):
    whole = streamed([payload])
    assert not FORBIDDEN.search(whole)
    assert streamed(payload) == whole == visible(payload)
    for character in filter(str.isalnum, payload):
        assert character in whole  # nothing is swallowed


def test_F24_controls_have_pictures():
    assert visible("\x1b]52;c;x\x07 \x00\x7f\x9b\u202e") == "␛]52;c;x␇ ␀␡\\x9b\\u202e"


def test_an_endless_OSC_does_not_swallow_the_answer():
    assert streamed(["\x1b]0;", *["word "] * 1000]) == "␛]0;" + "word " * 1000


def test_line_ends_become_LF_and_tabs_stay():
    assert visible("a\r\nb\rc\r\r\nd\n\te") == "a\nb\nc\n\nd\n\te"


def test_CR_is_shown_at_once_and_its_LF_skipped():
    sanitizer = Sanitizer()
    assert [sanitizer.feed(piece) for piece in ("a\r", "", "\n", "\n", "b\r", "c")] == ["a\n", "", "", "\n", "b\n", "c"]
    assert sanitizer.finish() == ""


def test_F21_surrogate_pair_split_over_deltas_is_joined():
    assert streamed(["\ud83d", "\ude00"]) == streamed(["\ud83d\ude00"]) == "😀"
    assert streamed(["\ud83d", "\ud83d", "x", "\ude00", "\ud83d"]) == "\ufffd\ufffdx\ufffd\ufffd"


def test_marks_of_ordinary_right_to_left_text_stay():
    assert visible("\u200f\u05e9\u05dc\u200e \u061cab\u200d") == "\u200f\u05e9\u05dc\u200e \u061cab\u200d"


def test_finish_leaves_the_sanitizer_fresh():
    sanitizer = Sanitizer()
    sanitizer.feed("a\r")
    assert sanitizer.finish() == ""
    assert sanitizer.feed("\nb") == "\nb"


def test_one_line_keeps_a_name_on_one_line():
    assert one_line("a\r\nb\tc\x1b") == "a␊b␉c␛"


@given(texts, st.lists(st.integers(0, 200)))
def test_any_split_gives_the_same(text, cuts):
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert streamed(pieces) == streamed([text]) == visible(text)


@given(texts)
def test_nothing_forbidden_is_left_and_it_is_idempotent(text):
    shown = visible(text)
    assert not FORBIDDEN.search(shown)
    assert visible(shown) == shown
    shown.encode()


@pytest.mark.parametrize("unit", ["*", "\x1b", "\r", "\ud83d"])
def test_K5_linear(unit):
    def seconds(count):
        begun = time.process_time()
        streamed([unit] * count)
        visible(unit * count)
        return time.process_time() - begun

    seconds(1000)
    small = min(seconds(20_000) for _ in range(3))
    assert min(seconds(80_000) for _ in range(3)) < 8 * small + 0.05
