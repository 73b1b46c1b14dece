"""The display that draws Markdown: what it costs, how it ends, and that nothing is imported for it before it draws."""

import io
import subprocess
import sys

import pytest

from chatkit._display.choosing import Display
from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.contents import ContentText
from chatkit._turns.events import TextDelta, ThinkingDelta, TurnEnded
from chatkit._turns.turns import AssistantTurn

BLOCKS = (
    "## A heading\n\n",
    "A paragraph with *some* words in it, as answers have them, and a [link](https://example.org). " * 4 + "\n\n",
    "| city | people |\n|---|--:|\n| Oslo | 717,710 |\n| Bergen | 291,940 |\n| Trondheim | 214,565 |\n\n",
    "```python\ndef total(people: list[int]) -> int:\n    return sum(people)\n```\n\n",
    "- one thing\n- another thing\n- a third thing, which is longer than the others are\n\n",
)
ANSWER = "".join(BLOCKS)
CHARACTERS = 6


@pytest.fixture
def echoed(Screen):
    """Give a function that shows pieces, and gives what was written."""

    def show(pieces):
        screen = Screen()
        echo = MarkdownEcho(screen)
        for piece in pieces:
            echo.show(TextDelta(piece))
        echo.close()
        return screen.getvalue()

    return show


def pieces(count, text=ANSWER):
    text *= 1 + count * CHARACTERS // len(text)
    return [text[at : at + CHARACTERS] for at in range(0, count * CHARACTERS, CHARACTERS)]


def calls(function, *given):
    """How many functions are called."""
    count = 0

    def note(frame, event, what):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*given)
    finally:
        sys.setprofile(before)
    return count


def test_it_is_a_display():
    echo: Display = MarkdownEcho(io.StringIO())
    echo.close()
    assert callable(echo.show)


def test_what_is_written_is_under_three_times_the_text(echoed):
    text = "".join(pieces(800))
    assert len(text) / 2 < len(echoed(pieces(800)).encode()) < 3 * len(text.encode())


def test_what_is_written_grows_like_the_text(echoed):
    small, big = (len(echoed(pieces(count))) for count in (400, 800))
    assert big < 2.2 * small


@pytest.mark.parametrize(
    "text",
    [ANSWER, "word **bold** ", "**never closed, ", "- item\n", "> quotation\n", "| a | b |\n|---|---|\n", "x"],
)
def test_what_it_costs_grows_like_the_text(echoed, text):
    echoed(pieces(200, text))
    small, big = (calls(echoed, pieces(count, text)) for count in (400, 1600))
    assert big < 5.5 * small


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Half a **sen", "Half a **sen\n"),
        ("```python\nx =", "    x =\n"),
        ("```python\nx = 1\n", "    x = \x1b[36m1\x1b[0m\n"),
        ("| a |\n|---|\n| b", "\x1b[1ma\x1b[0m\n\x1b[2m\u2500\x1b[0m\nb\n"),
        ("- one\n- tw", "\x1b[2m\u2022 \x1b[0mone\n\x1b[2m\u2022 \x1b[0mtw\n"),
        ("# On", "\x1b[1;4mOn\x1b[0m\n"),
    ],
)
def test_an_answer_that_is_interrupted_is_shown_as_far_as_it_came(Screen, said, shown):
    screen = Screen()
    echo = MarkdownEcho(screen)
    for character in said:
        echo.show(TextDelta(character))
    echo.close()
    assert screen.getvalue() == shown
    echo.close()
    assert screen.getvalue() == shown


def test_thinking_that_is_interrupted_is_not_dim_for_ever(Screen):
    screen = Screen()
    echo = MarkdownEcho(screen)
    echo.show(ThinkingDelta("Hm"))
    echo.close()
    echo.close()
    assert screen.getvalue() == "\x1b[2mHm\n\x1b[22m"


def test_it_can_be_used_for_the_next_answer(Screen):
    screen = Screen()
    echo = MarkdownEcho(screen)
    for said in ("```\ncode", "1. *one*"):
        echo.show(TextDelta(said))
        echo.show(TurnEnded(AssistantTurn((ContentText(said),))))
        echo.close()
    assert screen.getvalue() == "    code\n\x1b[2m1. \x1b[0m\x1b[3mone\x1b[0m\n"


def test_in_a_script_it_writes_to_stdout(capsys):
    echo = MarkdownEcho()
    echo.show(TextDelta("**Hello**"))
    assert capsys.readouterr().out == "**Hello**"
    echo.close()
    assert capsys.readouterr().out == "\n"


LAZY = """
import io, sys
from chatkit import chat_openai_compatible
from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.events import TextDelta, ThinkingDelta
from chatkit.testing import FakeService

class Screen(io.StringIO):
    def isatty(self):
        return True

with FakeService() as service:
    service.script("# Hello")
    chat_openai_compatible(service.base_url, model="m").chat("Hi", echo="output")
echo = MarkdownEcho()
echo.show(TextDelta("# Hello"))
echo.close()
echo = MarkdownEcho(Screen())
echo.show(ThinkingDelta("Hm"))
heavy = {"rich", "pygments", "markdown_it"}
print("early:", sorted(heavy & set(sys.modules)))
echo.show(TextDelta("# Hello"))
echo.close()
print("late:", sorted(heavy & set(sys.modules)))
echo.show(TextDelta("```python\\nx\\n"))
print("code:", sorted(heavy & set(sys.modules)))
"""


def test_rich_is_imported_when_something_is_drawn_and_pygments_for_code():
    run = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, timeout=120)
    assert run.stderr == ""
    assert run.stdout.split("\n")[2:5] == [
        "early: []",
        "late: ['markdown_it', 'rich']",
        "code: ['markdown_it', 'pygments', 'rich']",
    ]
