"""Reading a script: its front matter, and its blocks, each under its heading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit._errors import ScriptError
from chatkit._render.talk import MARK, Block, fence_after, heading_like, script_text
from chatkit._scripts.places import Part

_OPTIONS = "options = "
_MOST_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScriptText:
    """A script as it was read: nothing in it is filled in or checked yet.

    Args:
        path: The file.
        front: The front matter.
        blocks: The blocks in order; one of the role "" in front is a note.
        header: Where the front matter stands.
        lines: The lines of the file.
    """

    path: str
    front: dict[str, Any]
    blocks: tuple[Block, ...]
    header: Part = field(compare=False)
    lines: tuple[str, ...] = field(compare=False, repr=False)

    def line(self, number: int) -> str:
        """A line of the file, from 1."""
        return self.lines[number - 1]

    def __str__(self) -> str:
        return script_text(self.front, self.blocks)


def read_text(path: str) -> str:
    """The text of a file in UTF-8.

    Raises:
        ScriptError: when it cannot be read.
    """
    line = column = 0
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            trouble = "it is larger than 100 MiB"
        else:
            return Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        trouble = error.strerror or type(error).__name__
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        trouble = "it is not UTF-8"
    raise ScriptError(f"The file cannot be read: {trouble}.", path=path, line=line, column=column)


def parse(text: str, path: str = "script") -> ScriptText:
    """Read a script.

    Args:
        text: Its text.
        path: What errors call it.

    Raises:
        ScriptError: when it is none; it names the line and the column.
    """
    lines = text.split("\n")
    header, first = _header(lines, path)
    blocks = tuple(_blocks(lines, first, path))
    return ScriptText(path, header.toml(), blocks, header, tuple(lines))


def _header(lines: list[str], path: str) -> tuple[Part, int]:
    """The front matter, and the number of the line that follows it, from 0."""
    if lines[0].rstrip() != MARK:
        return Part(path, "", 1), 0
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == MARK:
            return Part(path, "\n".join(lines[1:number]), 2), number + 1
    raise ScriptError(f"The front matter that begins here has no {MARK} at its end.", path=path, line=1, column=1)


def _blocks(lines: list[str], first: int, path: str) -> Iterator[Block]:
    heading, kept, fence, opened = Block("", line=first + 1), list[str](), "", 0
    for number, line in enumerate(lines[first:], first + 1):
        looks = heading_like(line) if not fence else None
        if looks and not looks[1]:
            yield from _finished(heading, kept)
            heading, kept = _heading(line, number, path), []
            continue
        kept.append(line[1:] if looks else line)
        # What is expected is TOML, which knows no fences.
        if heading.role != "expect":
            opened = opened if fence else number
            fence = fence_after(line, fence)
    if fence:
        hint = "End it with a line of its own, or say the text as `text = ...` behind the heading."
        trouble = f"The fence {fence} that begins here is never ended, so no heading after it counts."
        raise ScriptError(trouble, path=path, line=opened, column=1, hint=hint)
    yield from _finished(heading, kept)


def _finished(heading: Block, lines: list[str]) -> Iterator[Block]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    text = "\n".join(lines[start:end])
    line = heading.line + start + (1 if heading.role else 0)
    if heading.role or text:
        yield Block(heading.role, text, heading.options, heading.line, line)


def _heading(line: str, number: int, path: str) -> Block:
    found = heading_like(line)
    assert found is not None
    role, rest = found[2], found[3] or ""
    hint = f"Write `# {role.lower()}`, or `\\{line.strip()}` where it is text."
    if role != role.lower() or rest.startswith(":"):
        raise ScriptError(f"`{line.strip()}` is nearly a heading.", path=path, line=number, column=1, hint=hint)
    options: dict[str, Any] = {}
    if rest:
        options = Part(path, _OPTIONS + rest, number, found.start(3) - len(_OPTIONS) + 1).toml()["options"]
    return Block(role, "", options, number, number)
