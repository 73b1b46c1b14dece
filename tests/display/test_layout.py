"""Word wrap: only line breaks are added, words stay whole, any split gives the same, and the cost is linear."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._display.layout import Unwrapped, Wrapped, cells, cut

prose = st.text(st.sampled_from("ab .\n\t日😀e\u0301"), max_size=200)


def laid_out(layout, pieces):
    return "".join([layout.feed(piece) for piece in pieces]) + layout.finish()


def wrap(text, width=20, prefix=""):
    return laid_out(Wrapped(width, prefix), [text])


def test_wraps_between_words_and_spaces_stay_at_the_line_end():
    assert wrap("The quick brown fox jumps over  the dog") == "The quick brown fox \njumps over  the dog\n"


def test_a_word_may_end_in_the_last_but_one_column():
    assert wrap("aaaaaaaaa aaaaaaaaa b") == "aaaaaaaaa aaaaaaaaa \nb\n"
    assert wrap("aaaaaaaaa aaaaaaaaaa b") == "aaaaaaaaa \naaaaaaaaaa b\n"


def test_long_words_are_never_broken_and_go_to_a_line_of_their_own():
    assert wrap("see " + "x" * 50 + " there") == "see \n" + "x" * 50 + " \nthere\n"


def test_indentation_stays_with_the_word_behind_it():
    assert wrap("    " + "x" * 30) == "    " + "x" * 30 + "\n"


def test_tabs_become_four_spaces():
    assert wrap("a\tb\n\tc") == "a    b\n    c\n"


def test_the_prefix_counts_and_stands_on_every_line():
    assert wrap("The quick brown fox\n\njumps", prefix="< ") == "< The quick brown \n< fox\n< \n< jumps\n"


def test_wide_characters_count_two_and_combining_ones_none():
    assert cells("日本") == 4
    assert cells("e\u0301x") == 2
    assert wrap("日本日本日本日 日本 日本") == "日本日本日本日 日本 \n日本\n"


def test_nothing_is_held_at_a_line_start_or_once_a_word_has_outgrown_its_line():
    layout = Wrapped(20)
    assert [layout.feed(piece) for piece in ("ab", "c ", "de", "x" * 20, "yy")] == [
        "ab",
        "c ",
        "",
        "\nde" + "x" * 20,
        "yy",
    ]


@pytest.mark.parametrize("make", [lambda: Wrapped(20), lambda: Wrapped(20, "> "), Unwrapped, lambda: Unwrapped("> ")])
def test_an_empty_text_gives_nothing_and_a_finished_line_gets_no_second_end(make):
    assert laid_out(make(), ["", ""]) == ""
    layout = make()
    assert layout.feed("a\n").endswith("a\n")
    assert layout.finish() == ""
    assert layout.feed("b").endswith("b")
    assert layout.finish() == "\n"
    assert layout.finish() == ""


def test_without_wrapping_text_goes_through_at_once_and_as_it_is():
    layout = Unwrapped()
    assert [layout.feed(piece) for piece in ("a \t", "b\n", "c")] == ["a \t", "b\n", "c"]


def test_without_wrapping_the_prefix_stands_on_every_line():
    assert laid_out(Unwrapped("> "), ["a", "b\n", "\nc\n\nd"]) == "> ab\n> \n> c\n> \n> d\n"


@given(prose, st.integers(20, 40))
def test_only_line_breaks_after_spaces_are_added(text, width):
    plain = text.replace("\t", "    ")
    shown = wrap(text, width).removesuffix("\n")
    position = 0
    for index, character in enumerate(shown):
        if position < len(plain) and character == plain[position]:
            position += 1
        else:
            assert character == "\n"
            assert shown[index - 1] == " "
    assert plain[position:] in ("", "\n")


@given(prose, st.integers(20, 40))
def test_lines_fit_unless_a_single_word_or_spaces_make_them_long(text, width):
    for line in wrap(text, width).split("\n"):
        assert cells(line.rstrip(" ")) < width or " " not in line.strip(" ")


@given(prose, st.lists(st.integers(0, 200)), st.sampled_from(["", "< "]), st.booleans())
def test_any_split_gives_the_same(text, cuts, prefix, wrapped):
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)]

    def make():
        return Wrapped(25, prefix) if wrapped else Unwrapped(prefix)

    assert laid_out(make(), pieces) == laid_out(make(), [text]) == laid_out(make(), text)


@given(prose)
def test_prefix_is_on_every_line(text):
    for layout in (Wrapped(20, "> "), Unwrapped("> ")):
        lines = laid_out(layout, [text]).split("\n")
        assert lines.pop() == ""
        assert all(line.startswith("> ") for line in lines)


@pytest.mark.parametrize("unit", ["*", " ", "ab ", "\n", "日"])
def test_K5_linear_in_the_length_of_the_text(unit):
    def seconds(count):
        begun = time.process_time()
        laid_out(Wrapped(80), [unit] * count)
        laid_out(Wrapped(80), [unit * count])
        return time.process_time() - begun

    seconds(1000)
    small = min(seconds(10_000) for _ in range(3))
    assert min(seconds(40_000) for _ in range(3)) < 8 * small + 0.05


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 5, "日本…"),
        ("日本語", 6, "日本語"),
        ("", 0, ""),
        ("ab", 0, "…"),
    ],
)
def test_cut_counts_columns(text, room, shown):
    assert cut(text, room, "…") == shown
