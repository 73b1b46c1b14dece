"""A long answer on a real terminal (a pseudoterminal, with pyte as its screen), which gets text and colours only."""

import fcntl
import itertools
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
import unicodedata

import pyte
import pytest

from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.events import TextDelta, ThinkingDelta

ANSWER = """\
# Cities of Norway

Here is **what you asked for**: words that *go on* over the end of a line, with `code`, ~~mistakes~~ and a
[link](https://example.org/statistics). 你好世界。这是一个很长的句子。
https://example.org/an/address/that/is/longer/than/the/line/of/any/terminal/here/can/ever/be/so/it/goes/on

- Oslo, the capital, which has more people than the others
  - Frogner
    1. The Monolith
- Bergen

| City | People | Remarks |
|:--|--:|:-:|
| Oslo | 717,710 | the **capital** |
| Bergen | 291,940 | it rains on two days out of three, and on the third one waits for it |
| 特隆赫姆 | 214,565 | | more |

> Not all those who wander are lost, it goes on for rather a long time.

```python
def total(cities):
    # a comment
    return sum(city.people for city in cities if city.name != "Bergen") + 1_000_000
```

```klingon
nuqneH
```

3. three
4. four

---

The end 🎉
"""


class Pty:
    """A stream into a terminal, and what came out at its other end."""

    def __init__(self, encoding="utf-8"):
        self._screen, side = pty.openpty()
        self.stream = os.fdopen(side, "w", encoding=encoding, newline="\n")
        self._read = b""
        self._reader = threading.Thread(target=self._gather, daemon=True)
        self._reader.start()

    def _gather(self):
        while True:
            try:
                piece = os.read(self._screen, 65536)
            except OSError:  # nobody writes any more, as Linux tells it
                return
            self._read += piece

    def finish(self):
        """Everything that was written."""
        self.stream.close()
        self._reader.join(60)
        os.close(self._screen)
        return self._read


@pytest.fixture
def written(monkeypatch):
    """Give a function that shows an answer in pieces on a terminal, and gives what came out of it."""

    def show(text, columns=80, size=7, encoding="utf-8", thoughts=""):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm-256color")
        terminal = Pty(encoding)
        echo = MarkdownEcho(terminal.stream)
        for at in range(0, len(thoughts), size):
            echo.show(ThinkingDelta(thoughts[at : at + size]))
        for at in range(0, len(text), size):
            echo.show(TextDelta(text[at : at + size]))
        echo.close()
        return terminal.finish().decode(encoding)

    return show


def rows(written, columns):
    """The lines of a screen of so many columns, and the screen."""
    screen = pyte.Screen(columns, 400)
    pyte.Stream(screen).feed(written)
    return [line.rstrip() for line in screen.display[: screen.cursor.y]], screen


def bare(written):
    return re.sub(r"\x1b\[[0-9;]*m", "", written).replace("\r\n", "\n")


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_only_code_and_addresses_are_left_to_the_terminal_to_break(written, columns):
    out = written(ANSWER, columns)
    for line in bare(out).split("\n"):
        assert width(line) < columns or "https://" in line or line.startswith("    ")
    shown, screen = rows(out, columns)
    assert "" not in (shown[0], shown[-1])
    assert ("", "") not in itertools.pairwise(shown)
    assert screen.cursor.x == 0


def test_at_80_columns(written):
    shown, screen = rows(written(ANSWER, 80), 80)
    assert shown[0] == "Cities of Norway"
    assert all(screen.buffer[0][column].bold for column in range(16))
    place = shown.index("• Oslo, the capital, which has more people than the others")
    assert shown[place + 1 : place + 4] == ["  • Frogner", "    1. The Monolith", "• Bergen"]
    table = [line for line in shown if "│" in line]
    assert table[0].split("│")[0].strip() == "City"
    assert {line.count("│") for line in table} == {2}
    assert not any("more" in line for line in table)
    place = shown.index("    def total(cities):")
    assert [screen.buffer[place][column].fg for column in (4, 8)] == ["blue", "green"]
    assert "    nuqneH" in shown
    assert shown[shown.index("3. three") + 1] == "4. four"
    assert shown[-3] == "─" * 40


def test_at_40_columns_the_table_is_narrowed(written):
    shown, _ = rows(written(ANSWER, 40), 40)
    table = [line for line in shown if "│" in line]
    assert len(table) > 8
    assert {line.count("│") for line in table} == {2}
    assert "▌ Not all those who wander are lost, it" in shown


def test_at_20_columns_the_table_is_told(written):
    shown, screen = rows(written(ANSWER, 20), 20)
    assert not any("│" in line for line in shown)
    place = shown.index("City: Oslo")
    assert shown[place + 1 : place + 3] == ["People: 717,710", "Remarks: the"]
    assert screen.buffer[place][0].bold
    assert not screen.buffer[place][6].bold


@pytest.mark.parametrize("columns", [80, 20])
def test_an_ascii_terminal_gets_ascii(written, columns):
    out = written(ANSWER, columns, encoding="ascii")
    shown, _ = rows(out, columns)
    assert out.isascii()
    assert any(line.startswith("* Oslo") for line in shown)
    assert any(line.startswith("| Not all") for line in shown)
    assert "-" * min(40, columns - 1) in shown


def test_an_answer_longer_than_the_screen_scrolls_by_whole(written):
    screen = pyte.HistoryScreen(80, 10, history=10_000, ratio=1)
    answer = "\n\n".join(f"## Part {number}\n\nWords **of part** {number}.\n\n- its item" for number in range(200))
    pyte.Stream(screen).feed(written(answer))
    gone = ["".join(line[column].data for column in range(80)).rstrip() for line in screen.history.top]
    wanted = [line for number in range(200) for line in (f"Part {number}", f"Words of part {number}.", "• its item")]
    assert [line for line in (*gone, *map(str.rstrip, screen.display)) if line] == wanted


@pytest.mark.parametrize("columns", [100, 33])
def test_any_split_gives_the_same_bytes(written, columns):
    whole = written(ANSWER, columns, len(ANSWER))
    assert all(written(ANSWER, columns, size) == whole for size in (1, 2, 5, 64))


def test_items_within_an_item_stand_apart_where_they_do_in_the_text(written):
    source = "- one\n\n  - two\n\n  - three\n- four\n  1. five\n  2. six\n"
    assert bare(written(source)) == "• one\n\n  • two\n\n  • three\n\n• four\n  1. five\n  2. six\n"


def test_thinking_is_dim_and_the_text_is_not(written):
    out = written("Yes, **it** is.", thoughts="Is it?\nI think so.")
    assert out == "\x1b[2mIs it?\r\nI think so.\r\n\x1b[22m\r\nYes, \x1b[1mit\x1b[0m is.\r\n"


def test_the_terminal_gets_colours_and_nothing_else(written, payload):
    hostile = (
        f"# {payload}\n\n- **{payload}** `{payload}`\n\n| a |\n|---|\n| {payload} |\n\n```python\n{payload}\n```\n"
    )
    out = written(hostile + f"[{payload}](https://example.org/{payload}) {payload}", thoughts=payload)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", bare(out))


def test_a_very_long_line_of_code_is_whole(written):
    code = "x = " + "1 + " * 600 + "1"
    out = written(f"```python\n{code}\n```\n\nEnd.\n")
    assert bare(out) == f"    {code}\n\nEnd.\n"


RESIZED = """
import sys
from chatkit._display.markdown_echo import MarkdownEcho
from chatkit._turns.events import TextDelta
echo = MarkdownEcho()
words = "one two three four five six seven eight nine ten eleven twelve\\n\\n"
echo.show(TextDelta(words))
sys.stdin.readline()
echo.show(TextDelta(words + "```\\nopen"))
echo.close()
"""


def resize(screen, columns):
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def read_until(screen, wanted):
    shown, end = "", time.monotonic() + 60
    while wanted not in shown:
        assert time.monotonic() < end, shown
        if select.select([screen], [], [], 0.1)[0]:
            shown += os.read(screen, 65536).decode()
    return shown


def test_a_window_that_is_resized_meanwhile():
    screen, side = pty.openpty()
    resize(screen, 60)
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", RESIZED], stdin=side, stdout=side, stderr=side, env=environ)
    try:
        first = read_until(screen, "twelve")
        resize(screen, 30)
        os.write(screen, b"\n")
        then = read_until(screen, "    open")
        assert process.wait(60) == 0
    finally:
        process.kill()
        os.close(side)
        os.close(screen)
    assert "one two three four five six seven eight nine ten eleven\r\ntwelve" in first
    assert "one two three four five six\r\nseven eight nine ten eleven\r\ntwelve" in then
