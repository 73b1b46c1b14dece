"""The form of a scripted conversation: TOML between `+++` lines, then blocks of text under headings such as `# user`.

A heading is a line of its own: `# user`, or `# user {temperature = 0}` with options in TOML. Lines inside a fence are
never headings. A line of text that looks like a heading has a backslash in front, which is not part of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._turns.characters import whole_characters

MARK = "+++"
"""The line before and after the front matter."""
ROLES = ("system", "user", "assistant", "tool", "expect")
"""The words that make a heading."""
heading_like = re.compile(rf"(\\*)#[ \t]+({'|'.join(ROLES)})[ \t]*(:[ \t]*|\{{.*)?", re.I).fullmatch
"""A line that is a heading, nearly one, or one with backslashes before it."""
opens_fence = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)").fullmatch
_is_quoting = re.compile(r'["\\\\]').search
_not_literal = re.compile(r"['\x00-\x1f\x7f]").search
_control = re.compile(r"[\x00-\x1f\x7f]")
_bare_key = re.compile(r"[A-Za-z0-9_-]+").fullmatch


@dataclass(frozen=True, slots=True)
class Block:
    """What stands under one heading.

    Args:
        role: One of `ROLES`; "" for the note in front of the first heading.
        text: The text as it is meant, without escapes.
        options: The options of the heading.
        line: The line of the heading in its file, from 1; 0 when it has none.
        start: The line that the text begins in.
    """

    role: str
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    line: int = field(default=0, compare=False)
    start: int = field(default=0, compare=False)


def script_text(front: Mapping[str, Any], blocks: Iterable[Block], remark: str = "") -> str:
    """The text of a script, from which the same front matter and blocks can be read again.

    Args:
        front: The front matter; what is None is left out.
        blocks: The blocks; those of the role "expect" hold TOML.
        remark: A comment in the front matter.
    """
    told = {key: value for key, value in front.items() if value is not None}
    above = [comment(remark)] if remark else []
    lines = [MARK, *above, *(toml_line(key, value) for key, value in told.items()), MARK]
    return whole_characters("\n".join([*lines, *map(_block, blocks)]) + "\n")


def comment(text: str) -> str:
    """A text as a comment in TOML, on one line; such a one holds no control characters, and no escapes."""
    return f"# {_control.sub(' ', ' '.join(text.split()))}"


def toml_line(key: str, value: Any) -> str:
    """A key and its value as a line of TOML."""
    return f"{key if _bare_key(key) else _quoted(key)} = {toml(value)}"


def toml(value: Any) -> str:
    """A value as TOML on one line; what TOML has no words for, null among it, as its JSON in a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping) and not _holds_null(value):
        inner = ", ".join(toml_line(str(key), item) for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple) and not _holds_null(value):
        return f"[{', '.join(map(toml, value))}]"
    held = value is None or isinstance(value, Mapping | list | tuple)
    return _quoted(json.dumps(value, ensure_ascii=False, default=str) if held else str(value))


def can_stand(text: str) -> bool:
    """Whether a text can stand under a heading and be read again as it is."""
    fence, lines = "", text.split("\n")
    for line in lines:
        fence = fence_after(line, fence)
    return bool(lines[0].strip() and lines[-1].strip() and not fence and "\r" not in text)


def escaped_lines(text: str) -> str:
    """A text in which no line outside its fences can be taken for a heading."""
    fence, lines = "", []
    for line in text.split("\n"):
        lines.append(f"\\{line}" if not fence and heading_like(line) else line)
        fence = fence_after(line, fence)
    return "\n".join(lines)


def fence_after(line: str, fence: str) -> str:
    """The fence that is open after a line, or nothing.

    Args:
        line: The line.
        fence: The fence that was open before it, or nothing.
    """
    if not fence:
        opened = opens_fence(line)
        return (opened[1] or opened[2]) if opened else ""
    bare = line.strip()
    ends = bare and not bare.strip(fence[0]) and len(bare) >= len(fence) and not line.startswith("    ")
    return "" if ends else fence


def _block(block: Block) -> str:
    options, text = dict(block.options), block.text
    if block.role not in ("expect", "") and text and not can_stand(text):
        options, text = {**options, "text": text}, ""
    heading = f"\n# {block.role}{f' {toml(options)}' if options else ''}" if block.role else ""
    body = text if block.role == "expect" else escaped_lines(text)
    return "\n\n".join(filter(None, [heading, body])) if heading else f"\n{body}"


def _quoted(text: str) -> str:
    if _is_quoting(text) and not _not_literal(text):
        return f"'{text}'"
    # JSON's escapes are TOML's; of the controls it leaves one bare that TOML does not allow.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _holds_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_null, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_null, value))
    return not isinstance(value, bool | str | int | float)
