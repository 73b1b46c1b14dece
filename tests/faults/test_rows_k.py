"""Group K of the fault catalogue: what is shown, each row through a chat that goes on.

More of each is in tests/display and tests/render, and at the console's prompt in test_rows_k_console.py. What waits for
the web page stands in a table of test_rows.py.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chatkit import ContentText, InternalServerError, contents_html
from chatkit._render.cell_style import CELL_STYLE
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, ToolCall

PAYLOADS = {
    "clear screen": "a\x1b[2J\x1b[Hb",
    "colour": "a\x1b[31mb",
    "title, BEL": "a\x1b]0;owned\x07b",
    "title, ST": "a\x1b]0;owned\x1b\\b",
    "clipboard": "a\x1b]52;c;ZXZpbA==\x07b",
    "hyperlink": "a\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\b",
    "unterminated": "a\x1b]0;the rest of the answer",
    "device control": 'a\x1bP$q"p\x1b\\b',
    "application": "a\x1b_Gf=100;AAAA\x1b\\b",
    "reset": "a\x1bcb",
    "charset": "a\x1b(0b\x0e\x0f",
    "cursor report": "a\x1b[6nb",
    "8-bit": "a\x9b2Jb\x9d0;owned\x9cb",
    "backspace": "rm -rf /\x08\x08\x08\x08ls",
    "carriage return": "rm -rf /\rls      ",
    "bidi": "a\u202etxt.exe\u202cb\u2066c\u2069",
    "others": "\x07\x0b\x0c\x00\x7f",
}
# Chatkit's own colours and styles.
OWN = re.compile("\x1b\\[(1|2|3|22|23|3[0-7]|39)m")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def shown(row_once, monkeypatch):
    """Let a chat echo all that it hears to a terminal; gives what was written, once the row is whole."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def act(*answers, tools=(), screen=None, **expected):
        chat = row_once.make(system_prompt="Be terse.")
        chat.set_tools(list(tools))
        screen = screen or Screen()

        def talk():
            with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
                chat.chat("Hi", echo="all")

        row_once(*answers, chat=chat, act=talk, **expected)
        return screen.getvalue()

    return act


def only_own(written):
    return not CONTROL.search(OWN.sub("", written))


@pytest.mark.parametrize("pieces", [lambda text: [text], list], ids=["whole", "by characters"])
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_k1_escapes_in_text_and_thinking(shown, payload, pieces):
    answer = Answer(pieces(payload), reasoning=pieces(payload), delivery=Delivery(piece=1, coalesce=True))
    written = shown(answer, text=payload)
    assert only_own(written)
    assert "\x1b" in written


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_k1_escapes_in_a_tools_name_arguments_result_and_model_id(shown, payload):
    def give(text: str) -> str:
        """Give."""
        return payload

    calls = [ToolCall("give", {"text": payload}), ToolCall(f"x{payload}", {payload: 1})]
    answers = [Answer(tool_calls=calls, model=payload), Answer("I see.", model=payload)]
    written = shown(*answers, tools=[give], history="HT", requests=2)
    assert only_own(written)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_k1_escapes_in_errors(row_once, payload):
    error = ErrorAnswer(500, {"error": {"message": payload, "code": payload, "param": payload}}, {"x-request-id": "id"})
    found = row_once(error, raises=InternalServerError, names=["500"], max_retries=0)
    assert not CONTROL.search(found.message)


class Broken(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text):
        raise BrokenPipeError(32, "Broken pipe")


def test_k2_stdout_is_a_broken_pipe(shown):
    shown(Answer(["Hel", "lo"]), screen=Broken(), text="Hello")


def test_k2_stdout_is_closed(shown):
    screen = Screen()
    screen.close()
    screen.getvalue = lambda: ""
    shown(Answer(["Hel", "lo"]), screen=screen, text="Hello")


@pytest.mark.parametrize(("encoding", "written"), [("ascii", b"caf? ?"), ("cp1252", b"caf\xe9 ?")])
def test_k3_an_encoding_without_the_characters(shown, encoding, written):
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    screen.getvalue = lambda: None
    shown(Answer(["café", " 😀"]), screen=screen, text="café 😀")
    assert written in raw.getvalue()


def test_k4_no_terminal(shown):
    answers = [Answer("So: ", reasoning="Hm", tool_calls=[ToolCall("x")]), Answer("I see.")]
    written = shown(*answers, screen=io.StringIO(), history="HT", requests=2)
    assert "\x1b" not in written
    assert "\r" not in written


@pytest.mark.parametrize(
    "text", ["```\n" + "code\n" * 20_000, "|a|\n|-|\n" + "|b" * 50_000, "[x](" * 50_000, "*" * (1 << 20)]
)
def test_k5_markdown_that_is_never_closed(shown, text):
    def seconds(act):
        started = time.process_time()
        act()
        return time.process_time() - started

    written = shown(Answer([text]), text=text)
    assert len(OWN.sub("", written)) >= len(text)
    half = min(seconds(lambda: contents_html(ContentText(text[: len(text) // 4]))) for _ in range(2))
    assert seconds(lambda: contents_html(ContentText(text))) < 16 * half + 1


ATTACKS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "[x](javascript:alert(1))",
    "[x](data:text/html,x)", "![beacon](https://evil.example/steal)", "<iframe srcdoc='<script>'>",
    "</code></pre><script>", "</div></details><object data=x>", "<a onclick=alert(1)>x</a>",
    "<math><mi xlink:href=x>", "<style>*{display:none}</style>", "<form action=//evil.example><input name=x>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "[x]: javascript:alert(1)\n\n[a][x]",
    "<jAvAsCrIpT:alert(1)>", "```<script>\n</textarea>\n```", "<!--<img src=x onerror=alert(1)>-->",
    "$\\href{javascript:alert(1)}{x}$ </p onclick=x>",
]  # fmt: skip
KINDS = ("text/html", "text/markdown", "text/plain")
FOREIGN = {
    "script", "img", "svg", "iframe", "object", "embed", "math", "style", "link", "meta", "base", "form", "input",
    "textarea",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_k6_nothing_foreign_in_html_markdown_and_notebook(row, tmp_path, attack):
    chat = row.make()
    row(Answer([attack], reasoning=[attack]), chat=chat, text=attack)
    chat.add_turn(attack, attack)
    html = contents_html(chat.turns[-1])
    for name in ("chat.html", "chat.ipynb", "chat.md"):
        chat.export(tmp_path / name, title=attack)
    for text in (html, (tmp_path / "chat.html").read_text(encoding="utf-8")):
        assert not re.search(
            r"<(script|img|svg|iframe)\b|<[^>]*\son\w+\s*=|(href|src)\s*=\s*.?(javascript|data):", text
        )
    cells = json.loads((tmp_path / "chat.ipynb").read_text(encoding="utf-8"))["cells"]
    assert {cell["cell_type"] for cell in cells} == {"markdown"}


class Acting(HTMLParser):
    """Finds what acts in a page."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        acts = [name for name, value in attrs if name.startswith("on") or (name == "style" and "url(" in value)]
        acts += [
            value for name, value in attrs if name in ("href", "src") and not re.match(r"https?:|#|mailto:", value)
        ]
        self.found = [*self.found, *acts, *([tag] if tag in FOREIGN else [])]


def pages_of(book):
    """A notebook as nbconvert shows it: as it is, with its Markdown alone, and with its plain text alone."""
    from nbconvert import HTMLExporter

    book = copy.deepcopy(book)
    for at in range(len(KINDS)):
        for output in (output for cell in book.cells for output in cell.get("outputs", ()) if "data" in output):
            output.data = {name: output.data[name] for name in KINDS[at:] if name in output.data}
        yield HTMLExporter(template_name="basic").from_notebook_node(book)[0]


def test_k6_nothing_foreign_and_no_key_in_a_cells_own_output(service, canary, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    attacks = [Answer([attack], reasoning=[attack]) for attack in ATTACKS]
    service.script(*attacks, ErrorAnswer(500, " ".join([*ATTACKS, canary.credentials()])), "Fine.")
    monkeypatch.setenv("ROW_K6", json.dumps([service.base_url, canary.credentials(), len(ATTACKS)]))
    page, out = Path(__file__).with_name("k6_page.md"), tmp_path / "page.ipynb"
    maker = Path(__file__).parents[1] / "vignettes" / "make_notebook.py"
    subprocess.run([sys.executable, maker, page, "--out", out], timeout=180, check=True)
    canary.assert_not_in(out.read_text(encoding="utf-8"))
    book = nbformat.read(out, as_version=4)
    kinds = [{output.output_type for output in cell.outputs} for cell in book.cells[2:]]
    assert "Fine." in str(book.cells[-1].outputs)
    shows, fails, tells = {"display_data"}, {"error"}, {"execute_result"}
    assert kinds == [shows, shows, shows | fails, fails, shows | tells]
    for shown in pages_of(book):
        assert Acting(shown.replace(f"<style>{CELL_STYLE}</style>", "")).found == []


INTERRUPTED = """
import sys
from chatkit import chat_openai_compatible
chat = chat_openai_compatible(sys.argv[1], model="m", echo="output")
try:
    chat.chat("Hi")
except KeyboardInterrupt:
    print("interrupted", repr(chat.last_turn().interrupted is not None), chat.last_turn().text)
print(chat.chat("Go on.", echo="none"))
"""


def test_k7_ctrl_c_stops_the_answer_and_the_program_goes_on(service, chunk):
    # The rest of the row, twice and Ctrl-D, is about the console's prompt: test_rows_k_console.py.
    service.script(EventsAnswer([chunk("Hello "), chunk("late")], delivery=Delivery(pause=60)), "Fine.")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, service.base_url], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout.read(6) == "Hello "
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out.split("\n")[1:] == ["interrupted True Hello ", "Fine.", ""]


@pytest.mark.parametrize("text", ["a < b & c", "[bold]x[/bold]", "{x} {0}", "%s %d", "\\n \\x1b[31m \\"])
def test_k8_marks_of_other_languages_are_shown_as_they_are(shown, text):
    def give() -> str:
        """Give."""
        return text

    answers = [Answer([text], tool_calls=[ToolCall("give")]), Answer([text])]
    written = OWN.sub("", shown(*answers, tools=[give], history="HT", requests=2))
    assert written.count(text) >= 2
