"""Tables of texts that anybody may have written, for a console, as HTML and as Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._render.columns import cells
from chatkit._render.markup import markdown_to_html
from chatkit._render.tables import html_table, markdown_table, text_table

NASTY = "\x1b]0;title\x07\x1b[31m<script>alert(1)</script>|`*_[x](javascript:y)&amp;\r\n\u202e\t"


def test_columns_stand_side_by_side_and_numbers_to_the_right():
    table = text_table(["model", "price"], [["a", "1.00"], ["long name", "12.50"]], right={1})
    assert table == "model      price\n---------  -----\na           1.00\nlong name  12.50"


def test_a_header_of_two_lines_stands_at_the_bottom():
    table = text_table(["model", "in\nUSD/M"], [["a", "1"]], right={1})
    assert table == "          in\nmodel  USD/M\n-----  -----\na          1"


def test_no_line_ends_in_spaces():
    table = text_table(["a", "b"], [["x", ""], ["", "yyy"]])
    assert [line.rstrip() for line in table.split("\n")] == table.split("\n")


def test_wide_characters_count_twice():
    assert text_table(["a", "b"], [["日本", "x"], ["abcd", "y"]]).split("\n")[2:] == ["日本  x", "abcd  y"]


def test_what_does_not_fit_is_cut_out_of_the_widest_columns():
    table = text_table(["name", "what", "n"], [["n" * 40, "w" * 14, "1,000,000"]], width=45, right={2})
    assert table.split("\n")[2] == f"{'n' * 15}...  {'w' * 14}  1,000,000"
    assert max(map(len, table.split("\n"))) == 45


def test_no_column_is_cut_below_twelve():
    table = text_table(["name", "what"], [["n" * 40, "w" * 40]], width=10)
    assert table.split("\n")[2] == f"{'n' * 9}...  {'w' * 9}..."


def test_without_a_width_nothing_is_cut():
    assert "n" * 400 in text_table(["name"], [["n" * 400]])


def test_a_name_that_does_not_fit_can_stand_whole_on_a_line_of_its_own():
    rows = [["org/a-name-of-some-length", "1"], ["short", "2"]]
    table = text_table(["model", "n"], rows, width=20, right={1}, keep_first=True)
    assert table.split("\n")[2:] == ["org/a-name-of-some-length", f"{'':17}  1", f"{'short':17}  2"]


def test_names_that_fit_are_left_where_they_are():
    rows = [["short", "2"]]
    assert text_table(["model"], [["x"]], width=40, keep_first=True) == "model\n-----\nx"
    assert text_table(["model", "n"], rows, width=40, keep_first=True) == text_table(["model", "n"], rows)


def test_a_table_without_rows_or_columns():
    assert text_table(["a"], []) == "a\n-"
    assert text_table([], []) == ""
    assert html_table([], []).count("<tr>") == 1
    assert markdown_table(["a"], []) == "| a |\n| --- |"


def test_a_terminal_obeys_nothing_in_it():
    shown = text_table(["a"], [[NASTY]], width=200)
    assert not [char for char in shown if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0)]
    assert "\u202e" not in shown
    assert len(shown.split("\n")) == 3


def test_html_escapes_everything():
    shown = html_table([NASTY], [[NASTY]], notes=[NASTY])
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 3
    assert "\x1b" not in shown


def test_html_aligns_numbers_and_has_notes_below():
    shown = html_table(["in\nUSD/M", "b"], [["1", "2"]], right={0}, notes=["One.", "Two."])
    assert '<th align="right">in USD/M</th><th>b</th>' in shown
    assert '<tr><td align="right">1</td><td>2</td></tr>' in shown
    assert shown.endswith("</table>\n<p>One.</p>\n<p>Two.</p>")


def test_nothing_in_markdown_is_markup():
    table = markdown_table(["name", "n"], [[NASTY, "1"]], right={1}, notes=[NASTY])
    shown = markdown_to_html(table)
    assert shown.count("<td") == 2
    assert "<a " not in shown
    assert "<script" not in shown
    assert "<code" not in shown
    assert "alert(1)" in shown
    assert "| --- | ---: |" in table


def test_a_text_without_end_is_cut_short_everywhere():
    # Marks above a letter take no room, so no width would ever be reached.
    stacked = "a" + "\u0301" * 100_000
    for shown in (text_table(["a"], [[stacked]]), html_table(["a"], [[stacked]]), markdown_table(["a"], [[stacked]])):
        assert len(shown) < 1000


@given(st.lists(st.lists(st.text(max_size=60), min_size=3, max_size=3), max_size=5), st.integers(1, 200))
def test_any_texts_make_a_table_with_a_line_for_each_row(rows, width):
    table = text_table(["a", "b", "c"], rows, width=width, right={1})
    assert table.count("\n") == len(rows) + 1
    assert html_table(["a", "b", "c"], rows).count("<td") == 3 * len(rows)
    assert markdown_table(["a", "b", "c"], rows).count("\n") == len(rows) + 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_of_names_fits_its_width(width):
    rows = [["org/" + "m" * size, str(size), "p" * size] for size in range(1, 60, 7)]
    assert all(cells(line) <= width for line in text_table(["m", "n", "p"], rows, width=width, right={1}).split("\n"))
