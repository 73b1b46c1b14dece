"""A plain place to show things in, and the escape payloads of row K1 for every test that asks for a `payload`."""

import io
import sys

import pytest

from chatkit._display.choosing import display

PAYLOADS = {
    "clear screen": "a\x1b[2J\x1b[Hb",
    "colour": "a\x1b[31mb\x1b[0m",
    "title, BEL": "a\x1b]0;owned\x07b",
    "title, ST": "a\x1b]0;owned\x1b\\b",
    "clipboard": "a\x1b]52;c;ZXZpbA==\x07b",
    "hyperlink": "a\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\b",
    "unterminated OSC": "a\x1b]0;the rest of the answer",
    "DCS": 'a\x1bP$q"p\x1b\\b',
    "APC": "a\x1b_Gf=100;AAAA\x1b\\b",
    "PM and SOS": "a\x1b^pm\x1b\\\x1bXsos\x1b\\b",
    "reset": "a\x1bcb",
    "charset": "a\x1b(0b\x0e\x0f",
    "cursor report": "a\x1b[6nb",
    "alternate screen": "a\x1b[?1049hb",
    "8-bit CSI": "a\x9b2Jb",
    "8-bit OSC": "a\x9d0;owned\x9cb",
    "8-bit DCS, NEL": "a\x90q\x9c\x85b",
    "backspace": "rm -rf /\x08\x08\x08\x08ls",
    "carriage return": "rm -rf /\rls      ",
    "BEL, VT, FF, NUL, DEL": "\x07\x0b\x0c\x00\x7f",
    "bidi override": "a\u202etxt.exe\u202cb",
    "bidi isolate": "a\u2066b\u2067c\u2068d\u2069e",
    "lone escape at the end": "a\x1b",
    "lone surrogate": "a\udc9b31mb\ud83d",
}


def pytest_generate_tests(metafunc):
    if "payload" in metafunc.fixturenames:
        metafunc.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)


class TerminalLike(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(scope="session")
def Screen():
    return TerminalLike


@pytest.fixture(scope="session")
def shown():
    """Give a function that shows events in a mode and gives what was written."""

    def show(mode, *events, stream=None):
        stream = stream or io.StringIO()
        screen = display(mode, stream)
        for event in events:
            screen.show(event)
        screen.close()
        return stream.getvalue()

    return show


@pytest.fixture(autouse=True)
def plain_place(monkeypatch):
    """A place that is neither a prompt nor of any width by accident."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "CHATKIT_ECHO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delattr(sys, "ps1", raising=False)
