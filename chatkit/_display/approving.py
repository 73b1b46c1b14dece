"""Asking a person at a prompt whether a tool call may run; nothing in the call can hide from what is shown."""

from __future__ import annotations

import contextlib
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from chatkit._display.layout import folded
from chatkit._display.place import interactive
from chatkit._display.terminal import Terminal, encodable
from chatkit._turns.approvals import PendingApproval, Verdict

_SHOWN = 400
_HIDING = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")
_QUESTION = "Allow it? [y]es, [N]o, [l]ater, or a reason to deny it: "
_WORDS: dict[str, Verdict] = {"y": True, "yes": True, "": False, "n": False, "no": False, "l": None, "later": None}
_left_alone: ContextVar[bool] = ContextVar("chatkit_asked_elsewhere", default=False)


def ask_at_prompt(approval: PendingApproval) -> Verdict:
    """Show a tool call and ask; without a person at a prompt the call waits.

    Args:
        approval: The call.

    Returns:
        True for yes, False for no, the reason when one was typed, None for later and where nobody can be asked.
    """
    if _left_alone.get() or not _somebody_is_there():
        return None
    return asked(approval, Terminal(), input)


def asked(approval: PendingApproval, out: Terminal, ask: Callable[[str], str | None]) -> Verdict:
    """Show a tool call and ask about it.

    Args:
        approval: The call.
        out: Where it is shown.
        ask: Asks a question; None, and the errors of `input()`, say that nobody answers.

    Returns:
        As for `ask_at_prompt`.
    """
    width = out.width - 1 if out.is_terminal else None
    out.write(approval_text(approval, out.encoding, width))
    *above, last = folded(_QUESTION, width)
    out.write("".join(f"{line}\n" for line in above))
    try:
        said = ask(last)
    except (EOFError, RuntimeError, OSError):
        # No more input, or a notebook that is run without anybody in front of it.
        said = None
    if said is None:
        out.write("\n")
        return None
    return _WORDS.get(said.strip().lower(), said.strip())


@contextlib.contextmanager
def asked_elsewhere() -> Iterator[None]:
    """Have `ask_at_prompt` keep still: whoever opened this asks about the calls that then wait."""
    token = _left_alone.set(True)
    try:
        yield
    finally:
        _left_alone.reset(token)


def approval_text(approval: PendingApproval, encoding: str = "utf-8", width: int | None = None) -> str:
    """A tool call as a person has to see it before a yes: every argument on a line of its own, nothing invisible.

    Long values show their beginning, their end and their length.

    Args:
        approval: The call.
        encoding: What it will be written in.
        width: Columns there are; a line that goes on below is indented there, deeper than any argument begins.
    """
    request = approval.request
    lines = [f"The model wants to call {_shown(request.name)}:"]
    lines += [f"  {_name(name)} = {_shown(_json(value))}" for name, value in approval.arguments.items()]
    if request.raw is not None:
        lines.append(f"  (arguments that cannot be read) {_shown(request.raw)}")
    elif not approval.arguments:
        lines.append("  (without arguments)")
    return "".join(f"{part}\n" for line in lines for part in folded(encodable(line, encoding), width, "      "))


def _name(name: str) -> str:
    # Quoted when it is no identifier, so that a name cannot pass itself off as several arguments.
    return name if name.isidentifier() and name.isascii() else _shown(_json(name))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(text: str) -> str:
    if len(text) > _SHOWN:
        half = _SHOWN // 2
        return f"{_plain(text[:half])} [...] {_plain(text[-half:])} ({len(text):,} characters)"
    return _plain(text)


def _plain(text: str) -> str:
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDING else char for char in text)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _somebody_is_there() -> bool:
    if not interactive() or sys.stdin is None:
        return False
    # A notebook has no terminal, yet it can ask; a REPL that reads from a pipe has nobody in front of it.
    return "ipykernel" in sys.modules or sys.stdin.isatty()
