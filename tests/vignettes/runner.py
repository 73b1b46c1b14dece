"""Runs the Python in Markdown files, and compares what it shows with what stands beside it.

    python tests/vignettes/runner.py                 compare every vignette; print the differences
    python tests/vignettes/runner.py --refresh       write what the code shows into the vignettes
    python tests/vignettes/runner.py README.md       the same for other files

How a file is written:

- Every block fenced as ```` ```python ```` is run, in order, in one namespace for the file. Other fences are not.
- What a statement prints stands below it in lines that begin with `#>`. So do what it writes to stderr, its warnings,
  and, as in a notebook, the repr of the block's last expression unless that is None.
- ```` ```python raises ```` ends in an exception, of which the type and the message are shown. A page rendered by
  GitHub does not show the word.
- A comment that begins with a line `<!-- setup` and ends with a line `-->` holds code that is run but not shown: the
  place where a service is started that stands in for a real one.
- A line `<!-- fmt: off -->` near the top keeps ruff from writing `# >` for `#>`.
- What differs from run to run is best not shown. The only thing replaced is the port of a server on this machine:
  `127.0.0.1:40123` becomes `127.0.0.1:PORT`.

A file runs in a process of its own, in an empty folder, with an environment that holds no keys.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
MARK = "#>"
RULES = ((re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),)
SETUP, SETUP_END = "<!-- setup", "-->"

_FENCE = re.compile(r"(`{3,})\s*(.*)")
_SECONDS = 120


class BlockError(Exception):
    """A block did not do what it should; the message says which and why."""


@dataclass(frozen=True)
class Block:
    """Code in a file.

    Args:
        start: The number of the line before its first one, from 1.
        lines: The lines of code and output.
        words: What follows the opening fence's "python".
        hidden: Whether it is a setup, whose output is not shown.
    """

    start: int
    lines: list[str]
    words: tuple[str, ...] = ()
    hidden: bool = False


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a Markdown text that are to be run, in order."""
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        fence = _FENCE.fullmatch(lines[place].rstrip())
        end = fence[1] if fence else SETUP_END if lines[place].rstrip() == SETUP else None
        place += 1
        if end is None:
            continue
        start = place
        while place < len(lines) and lines[place].rstrip() != end:
            place += 1
        if place == len(lines):
            raise BlockError(f"line {start}: this block has no end")
        words = fence[2].split() if fence else ["python"]
        if words[:1] == ["python"]:
            yield Block(start, lines[start:place], tuple(words[1:]), hidden=fence is None)
        place += 1


def render(text: str, name: str) -> str:
    """Run a text's blocks and give the text with what they show.

    Args:
        text: Markdown.
        name: The file's name, for messages.

    Raises:
        BlockError: when a block fails, or does not although it should.
    """
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    lines = text.split("\n")
    shift = 0
    for block in blocks_of(text):
        shown = _run_block(block, module, name)
        if not block.hidden:
            start = block.start + shift
            lines[start : start + len(block.lines)] = shown
            shift += len(shown) - len(block.lines)
    return "\n".join(lines)


def _run_block(block: Block, module: types.ModuleType, name: str) -> list[str]:
    """Run a block, statement by statement, and give its lines with what each shows below it."""
    where = f"{name}, line {block.start + 1}"
    try:
        statements = ast.parse("\n".join(block.lines), name).body
    except SyntaxError as error:
        raise BlockError(f"{where}: {error}") from None
    outputs: dict[int, str] = {}
    failure: Exception | None = None
    for statement in statements:
        end = statement.end_lineno or 0
        last = statement is statements[-1] and not block.hidden
        ast.increment_lineno(statement, block.start)
        outputs[end], failure = _run_statement(statement, module, name, show=last)
        if failure is not None:
            break
    _check_ending(block, failure, where)
    return [line for number, code in enumerate(block.lines, 1) for line in _with_output(code, outputs.get(number, ""))]


def _check_ending(block: Block, failure: Exception | None, where: str) -> None:
    if failure is not None and "raises" not in block.words:
        raise BlockError(f"{where}: {''.join(traceback.format_exception(failure))}")
    if failure is None and "raises" in block.words:
        raise BlockError(f"{where}: this block should raise an exception, but does not")


def _run_statement(
    statement: ast.stmt, module: types.ModuleType, name: str, *, show: bool
) -> tuple[str, Exception | None]:
    output = io.StringIO()
    with _captured(output):
        try:
            if show and isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), name, "eval"), module.__dict__)
                if value is not None:
                    _on_new_line(output, repr(value))
            else:
                exec(compile(ast.Module([statement], []), name, "exec"), module.__dict__)
        except Exception as error:
            _on_new_line(output, f"{type(error).__name__}: {error}")
            return output.getvalue(), error
    return output.getvalue(), None


@contextlib.contextmanager
def _captured(output: io.StringIO) -> Iterator[None]:
    def show(message: Warning | str, category: type[Warning], *_: object) -> None:
        _on_new_line(output, f"{category.__name__}: {message}")

    with warnings.catch_warnings(), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _on_new_line(output: io.StringIO, text: str) -> None:
    gap = "" if output.getvalue().endswith("\n") or not output.getvalue() else "\n"
    output.write(f"{gap}{text}\n")


def _with_output(code: str, output: str) -> list[str]:
    """A line of code, and the lines that belong below it; output that stood there before is dropped."""
    for pattern, stand_in in RULES:
        output = pattern.sub(stand_in, output)
    shown = [f"{MARK} {line}".rstrip() for line in output.removesuffix("\n").split("\n")] if output else []
    return [*([] if code.startswith(MARK) else [code]), *shown]


def as_run(path: Path) -> str:
    """A file's text as a run of it gives it, made in a process of its own.

    Raises:
        BlockError: when a block fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "PYTHONUTF8": "1", "COLUMNS": "80"}
        command = [sys.executable, __file__, "--render", str(path.resolve())]
        done = subprocess.run(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS
        )
    if done.returncode:
        raise BlockError(done.stderr.decode().strip())
    return done.stdout.decode()


def difference(path: Path) -> str:
    """How a file differs from what a run of it shows, line by line; empty when it does not."""
    written = path.read_text(encoding="utf-8")
    try:
        shown = as_run(path)
    except BlockError as error:
        return f"{error}\n"
    lines = difflib.unified_diff(
        written.splitlines(), shown.splitlines(), f"{path.name}, as written", f"{path.name}, as run", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def refresh(path: Path) -> str:
    """Put what a run shows into a file; gives what went wrong, or nothing."""
    try:
        shown = as_run(path)
    except BlockError as error:
        return f"{error}\n"
    path.write_text(shown, encoding="utf-8")
    return ""


def _render_here(path: Path, out: TextIO) -> int:
    try:
        out.write(render(path.read_text(encoding="utf-8"), path.name))
        return 0
    except BlockError as error:
        print(error, file=sys.stderr)
        return 1


def main() -> int:
    """Compare or refresh the files given, or all vignettes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--refresh", action="store_true", help="write what the code shows into the files")
    parser.add_argument("--render", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.render:
        return _render_here(arguments.files[0], sys.stdout)
    files = arguments.files or sorted((ROOT / "vignettes").glob("*.md"))
    found = "".join(refresh(path) if arguments.refresh else difference(path) for path in files)
    print(found, end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
