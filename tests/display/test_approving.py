"""Asking at a prompt: what is shown, what is understood, and when nobody is asked."""

import io
import sys

import pytest

from chatkit._display import approving
from chatkit._display.approving import approval_text, ask_at_prompt
from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import ContentToolRequest


def pending(name="delete", arguments=None, raw=None):
    return PendingApproval(ContentToolRequest("c1", name, arguments, raw))


class Keyboard(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def prompt(monkeypatch):
    """A person at a prompt who types some lines; gives the output."""

    def act(*lines, terminal=True):
        monkeypatch.setattr(approving, "interactive", lambda: True)
        monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
        text = "".join(line + "\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", Keyboard(text) if terminal else io.StringIO(text))

    return act


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("y", True),
        ("YES ", True),
        ("n", False),
        ("", False),
        ("no", False),
        ("l", None),
        ("later", None),
        ("Not that file.", "Not that file."),
    ],
)
def test_a_word_decides_and_anything_else_is_the_reason(prompt, capsys, typed, verdict):
    prompt(typed)
    assert ask_at_prompt(pending(arguments={"path": "a.txt"})) is verdict or verdict == typed
    out = capsys.readouterr().out
    assert out.startswith('The model wants to call delete:\n  path = "a.txt"\n')
    assert "[y]es, [N]o, [l]ater" in out


def test_the_end_of_input_leaves_it_waiting(prompt, capsys):
    prompt()
    assert ask_at_prompt(pending(arguments={})) is None
    assert "(without arguments)" in capsys.readouterr().out


def test_ctrl_c_is_not_an_answer(prompt, monkeypatch):
    def interrupted(question):
        raise KeyboardInterrupt

    prompt()
    monkeypatch.setattr("builtins.input", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask_at_prompt(pending(arguments={}))


def test_nobody_is_asked_without_a_person(prompt, monkeypatch, capsys):
    prompt("y", terminal=False)
    assert ask_at_prompt(pending(arguments={})) is None
    monkeypatch.setattr(sys, "stdin", None)
    assert ask_at_prompt(pending(arguments={})) is None
    prompt("y")
    monkeypatch.setattr(approving, "interactive", lambda: False)
    assert ask_at_prompt(pending(arguments={})) is None
    assert capsys.readouterr().out == ""


def test_a_notebook_asks_without_a_terminal(prompt, monkeypatch):
    prompt("y", terminal=False)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert ask_at_prompt(pending(arguments={})) is True


@pytest.mark.parametrize(
    "sly",
    [
        "\r",
        "\x08\x08\x08",
        "\x1b[2K\x1b[1A",
        "\x1b]52;c;AAAA\x07",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2028",
        "\x9b31m",
        "\n",
    ],
)
def test_nothing_in_a_call_can_hide_from_the_one_who_is_asked(sly):
    text = approval_text(pending(f"rm{sly}", {f"pa{sly}th": f"/etc{sly}/home"}))
    assert sly not in text.replace("\n", "") if sly != "\n" else text.count("\n") == 2
    assert "/etc" in text
    assert "/home" in text
    raw = approval_text(pending("rm", None, f"{{{sly}"))
    assert "cannot be read" in raw
    assert raw.count("\n") == 2


def test_a_long_value_shows_its_head_its_tail_and_its_length():
    text = approval_text(pending(arguments={"text": "a" * 5000 + "THE END"}))
    assert len(text) < 600
    assert "THE END" in text
    assert '"aaa' in text
    assert "(5,009 characters)" in text


def test_a_name_that_is_no_identifier_is_quoted():
    text = approval_text(pending(arguments={"a = 1, b": 2, "p\u0430th": 3}))
    assert '"a = 1, b" = 2' in text
    assert '"p\u0430th" = 3' in text


def test_what_the_encoding_lacks_is_replaced():
    assert "?" in approval_text(pending(arguments={"text": "ä"}), "ascii")
