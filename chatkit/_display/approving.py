"""Asking a person at a prompt whether a tool call may run; nothing in the call can hide from what is shown."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any

from chatkit._display.place import interactive
from chatkit._display.terminal import Terminal, encodable
from chatkit._turns.approvals import PendingApproval, Verdict

_SHOWN = 400
_HIDING = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")
_QUESTION = "Allow it? [y]es, [N]o, [l]ater, or a reason to deny it: "
_WORDS: dict[str, Verdict] = {"y": True, "yes": True, "": False, "n": False, "no": False, "l": None, "later": None}


def ask_at_prompt(approval: PendingApproval) -> Verdict:
    """Show a tool call and ask; without a person at a prompt the call waits.

    Args:
        approval: The call.

    Returns:
        True for yes, False for no, the reason when one was typed, None for later and where nobody can be asked.
    """
    if not _somebody_is_there():
        return None
    out = Terminal()
    out.write(approval_text(approval, out.encoding))
    try:
        said = input(_QUESTION).strip()
    except (EOFError, RuntimeError, OSError):
        # No more input, or a notebook that is run without anybody in front of it.
        out.write("\n")
        return None
    return _WORDS.get(said.lower(), said)


def approval_text(approval: PendingApproval, encoding: str = "utf-8") -> str:
    """A tool call as a person has to see it before a yes: every argument on a line of its own, nothing invisible.

    Long values show their beginning, their end and their length.
    """
    request = approval.request
    lines = [f"The model wants to call {_shown(request.name)}:"]
    lines += [f"  {_name(name)} = {_shown(_json(value))}" for name, value in approval.arguments.items()]
    if request.raw is not None:
        lines.append(f"  (arguments that cannot be read) {_shown(request.raw)}")
    elif not approval.arguments:
        lines.append("  (without arguments)")
    return encodable("\n".join(lines) + "\n", encoding)


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
