"""What Markdown looks like on a terminal, block by block."""

import io
import re

import pytest

from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.events import (
    ModelLoading,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolProgressed,
    ToolRequested,
    ToolReturned,
)

_SGR = re.compile(r"\x1b\[[0-9;]*m")
REQUEST = ContentToolRequest("call_1", "add", {"x": 1})
TOOLS = [
    ToolRequested(REQUEST), ToolProgressed("call_1", "half"),
    ToolReturned(ContentToolResult(value=3, text="3", request=REQUEST)),
]  # fmt: skip
LOADING = ModelLoading(2.0, 60.0, 1.0, "not yet")


class Screen(io.StringIO):
    def isatty(self):
        return True


class Ascii(Screen):
    encoding = "ascii"


def drawn(*events, screen=None, **options):
    screen = Screen() if screen is None else screen
    echo = MarkdownEcho(screen, **options)
    for event in events:
        echo.show(TextDelta(event) if isinstance(event, str) else event)
    echo.close()
    return screen.getvalue()


def said(*events, **options):
    return _SGR.sub("", drawn(*events, **options))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("# One\n## Two\n### Three\n#### Four\nText", "One\n\nTwo\n\nThree\n\nFour\n\nText\n"),
        ("One\n===\nTwo\n---\n", "One\n\nTwo\n"),
        ("a **b** *c* ~~d~~ `e` __f__", "a b c d e f\n"),
        ("hard  \nbreak\\\nand\nsoft", "hard\nbreak\nand soft\n"),
        ("- a\n- b\n  - c\n    1. d\n- e", "• a\n• b\n  • c\n    1. d\n• e\n"),
        ("- a\n\n- b\n\n  c\n- d", "• a\n\n• b\n\n  c\n\n• d\n"),
        ("9. a\n10. b\n\n    c", "9. a\n10. b\n\n    c\n"),
        ("-\n- a", "•\n• a\n"),
        ("> a\n> > b\n>\n> - c", "▌ a\n▌\n▌ ▌ b\n▌\n▌ • c\n"),
        ("> - a\n>\n> - b", "▌ • a\n▌\n▌ • b\n"),
        ("a\n\n---\n\nb", f"a\n\n{'─' * 40}\n\nb\n"),
        ("```python\nx = 1\n\n\n  y = 2\n```\n", "    x = 1\n\n\n      y = 2\n"),
        ("```\nopen\n", "    open\n"),
        ("```\nopen", "    open\n"),
        ("    indented\n\n      code\n", "    indented\n\n      code\n"),
        ("- a\n  ```no-such-language\n  b\n  ```", "• a\n      b\n"),
        ("<div>\n  <b>x</b>\n</div>", "<div>\n  <b>x</b>\n</div>\n"),
        ("a <b>x</b> &amp; \\*", "a <b>x</b> & *\n"),
        ("$a_b * c_d$ and \\(x*y*z\\)", "$a_b * c_d$ and \\(x*y*z\\)\n"),
        ("[a](https://b.c) <https://d.e> <x@y.z>", "a (https://b.c) https://d.e x@y.z\n"),
        ("[a](javascript:x) [b](file:///c)", "[a](javascript:x) [b](file:///c)\n"),
        ("![a map](https://b.c/d.png) ![](e.png)", "a map (https://b.c/d.png) image (e.png)\n"),
        ("[![a](b.png)](https://c.d)", "a (b.png) (https://c.d)\n"),
        ("**[a *b*](https://c.d)**", "a b (https://c.d)\n"),
        ("", ""),
        ("\n\n  \n", ""),
        ("word", "word\n"),
    ],
)
def test_blocks_and_what_stands_in_them(source, shown):
    assert said(source) == said(*source) == shown


def test_typefaces_and_colours():
    assert drawn("# One\n## Two\n**b** *i* `c` ~~s~~") == (
        "\x1b[1;4mOne\x1b[0m\n\n\x1b[1mTwo\x1b[0m\n\n\x1b[1mb\x1b[0m \x1b[3mi\x1b[0m \x1b[36mc\x1b[0m \x1b[9ms\x1b[0m\n"
    )


def test_code_is_coloured_by_its_language():
    assert "\x1b[34mdef\x1b[0m" in drawn("```python\ndef f(): pass\n```")
    assert "\x1b[34mdef\x1b[0m" in drawn("``` {.Python} title\ndef f(): pass\n```")
    assert drawn("```\ndef f(): pass\n```") == "    def f(): pass\n"


def test_a_very_long_line_of_code_is_not_coloured():
    code = "def f(): pass; " * 200
    assert drawn(f"```python\n{code}\n```") == f"    {code.rstrip()}\n"


def test_lines_are_broken_between_words_and_addresses_never():
    address = "https://example.org/" + "a" * 80
    shown = said(f"- {'word ' * 20}{address} end")
    assert max(len(line) for line in shown.split("\n") if address not in line) < 60
    assert f"\n  {address}\n  end\n" in shown


def test_chinese_and_japanese_are_broken_between_characters():
    shown = said("- " + "東京は日本の首都です。" * 6)
    assert shown.split("\n")[1].startswith("  ")
    assert not any(line.strip().startswith("。") for line in shown.split("\n"))


def test_a_table_is_as_wide_as_it_must_be():
    source = "| a | **b** | c |\n|---|--:|:-:|\n| 1 | 2 | 3 |\n| long `one` | 20 | 漢字 |\n| x |\n"
    assert said(source) == (
        "a        │  b │  c\n─────────┼────┼─────\n1        │  2 │  3\nlong one │ 20 │ 漢字\nx        │    │\n"
    )


def test_a_wide_table_has_its_cells_wrapped_and_its_rows_apart():
    source = "| name | what it is |\n|---|---|\n" + f"| one | {'word ' * 20}|\n| two | {'x' * 70} |\n| a | b<br>c |\n"
    lines = said(source).split("\n")
    assert max(map(len, lines)) < 60
    assert lines[2].startswith("one  │ word word")
    assert lines[3].startswith("     │ word")
    assert "     │" in lines
    assert lines[-3:] == ["a    │ b", "     │ c", ""]


def test_words_of_a_table_are_kept_whole_where_they_can(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = said("| a | b |\n|---|---|\n| recommended things are here | recommended things are there |\n")
    assert shown.count("recommended") == 2


def test_where_no_table_fits_its_rows_are_told(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    head, row = (
        "| " + " | ".join("abcd") + " |\n|---|---|---|---|\n",
        "| wide enough | wide enough | wide enough | end |\n",
    )
    assert said(head + row * 2) == (told := "a: wide enough\nb: wide enough\nc: wide enough\nd: end\n") + "\n" + told


def test_what_an_encoding_lacks_has_a_stand_in():
    source = "- a\n\n> b\n\n---\n\n| c | d |\n|---|---|\n| 1 | 2 |\n"
    shown = said(source, screen=Ascii())
    assert shown == f"* a\n\n| b\n\n{'-' * 40}\n\nc | d\n--+--\n1 | 2\n"
    assert shown.isascii()


def test_what_is_nested_too_deeply_is_shown_as_it_was_written():
    source = "> " * 60 + "deep"
    assert said(source) == source + "\n"


def test_what_is_too_long_is_shown_as_it_was_written():
    source = "**" + "x" * 200_000
    assert said(source) == source + "\n"
    source = "Some words. " * 20 + "**" + "x " * 100_000
    assert said(source).split() == source.split()


def test_thinking_is_dim_and_stands_apart():
    shown = drawn(ThinkingDelta("Hm, **so"), ThinkingDelta("** "), "# An", "swer\n", ThinkingDelta("And?"), "Yes.")
    assert shown == (
        "\x1b[2mHm, **so** \n\x1b[22m\n\x1b[1;4mAnswer\x1b[0m\n\x1b[2mAnd?\n\x1b[22m\nYes.\n"
    )  # fmt: skip


def test_tools_are_shown_as_without_markdown(shown):
    assert drawn("Let me *see*.\n", *TOOLS, "It is **3**.") == (
        "Let me \x1b[3msee\x1b[0m.\n" + shown("output", *TOOLS, stream=Screen()) + "It is \x1b[1m3\x1b[0m.\n"
    )


def test_retries_and_waiting_are_shown_as_without_markdown(shown):
    events = [Retrying(1, 0.5, "no luck"), LOADING]
    assert drawn(*events, "Yes.") == shown("output", *events, TextDelta("Yes."), stream=Screen())


def test_tools_and_thinking_can_be_left_out():
    events = ThinkingDelta("Hm"), "One.\n", *TOOLS, Retrying(1, 0.5, "no luck"), LOADING, "Two."
    assert said(*events, tools=False, thinking=False) == "One. Two.\n"
    assert "<tool" not in said(*events, tools=False) and "Hm" in said(*events, tools=False)
    assert "Hm" not in said(*events, thinking=False) and "add(x = 1)" in said(*events, thinking=False)


def test_closing_twice_and_nothing_at_all():
    screen = Screen()
    echo = MarkdownEcho(screen)
    echo.close()
    echo.show(TextDelta(""))
    echo.show(ThinkingDelta(""))
    echo.close()
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("screen", "variables"),
    [(io.StringIO, {}), (Screen, {"NO_COLOR": "1"}), (Screen, {"TERM": "dumb"}), (Screen, {"FORCE_COLOR": "0"})],
    ids=["a pipe", "NO_COLOR", "dumb", "FORCE_COLOR=0"],
)
def test_without_colour_the_text_is_left_as_it_is(screen, variables, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    source = "# A\n\n- **b**\n\n| c |\n|---|\n"
    assert drawn(*source, screen=screen()) == source
    assert "<thinking>" in drawn(ThinkingDelta("Hm"), source, screen=screen())


def test_colour_may_be_forced_on_a_pipe(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert drawn("**b**", screen=io.StringIO()) == "\x1b[1mb\x1b[0m\n"


def test_no_hostile_text_reaches_the_terminal(payload):
    for source in (
        payload,
        f"`{payload}`",
        f"```\n{payload}\n```",
        f"[a](https://b.c/{payload})",
        f"|{payload}|\n|---|\n",
    ):
        bare = _SGR.sub("", drawn(*source))
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", bare)


def test_hostile_addresses_are_not_followed_by_the_terminal():
    shown = drawn("[a](https://b.c/&#27;]8;;x&#7;) &#x1b;[2J &#x202e;x [b](<https://c.d/\u202e>)")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", _SGR.sub("", shown))
