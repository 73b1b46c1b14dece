r"""The clipboard: a program of the desktop where there is one, else the terminal's own, by an escape sequence.

The sequence is OSC 52 of xterm, `ESC ] 52 ; c ; base64 BEL`: it reaches the clipboard through ssh too, and a terminal
that does not know it does nothing, without a word. Source: "Manipulate Selection Data" in xterm's control sequences.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from chatkit._display.terminal import Terminal

_MOST = 74_000
"""Characters of text that terminals take in one sequence; xterm's limit is 100,000 of base64."""
_SECONDS = 5


def copied(text: str, out: Terminal, environ: Mapping[str, str] = os.environ) -> str:
    """Put a text onto the clipboard.

    Args:
        text: The text. What is in it cannot reach the terminal but as base64.
        out: The terminal.
        environ: Where it is looked up which desktop this is.

    Returns:
        How it was done, in words; empty when it could not be.
    """
    command = _program(environ)
    if command is not None and _fed(command, text):
        return f"by {Path(command[0]).stem}"
    data = text.encode("utf-8", "replace")
    if not out.rewrites or len(data) > _MOST:
        return ""
    out.write(f"\x1b]52;c;{base64.b64encode(data).decode()}\x07")
    return "by the terminal, if it knows OSC 52"


def _program(environ: Mapping[str, str]) -> list[str] | None:
    # Over ssh the desktop is another machine's; the terminal is the user's own.
    if environ.get("SSH_CONNECTION"):
        return None
    wanted = []
    if sys.platform == "darwin":
        wanted.append(["pbcopy"])
    if sys.platform == "win32":
        wanted.append(["clip"])
    if environ.get("WAYLAND_DISPLAY"):
        wanted.append(["wl-copy"])
    if environ.get("DISPLAY"):
        wanted += [["xclip", "-selection", "clipboard"], ["xsel", "--clipboard", "--input"]]
    for name, *options in wanted:
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return [found, *options]
    return None


def _fed(command: list[str], text: str) -> bool:
    try:
        # Its output is not waited for: xclip stays in the background with it.
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
