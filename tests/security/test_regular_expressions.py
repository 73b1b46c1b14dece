"""No regular expression of the package takes more than linear time, whatever it is given.

All of them are gathered, those that are compiled in modules and those that are written where they are used, and each
is tried with texts that make careless ones go back and forth: its time must grow as the text does.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from pathlib import Path

import pytest

import chatkit

UNITS = [
    "*", "`", "[", "]", "(", "<", ">", "<title", "<!--", '"', "'", "\\", "\x1b", " ", "\n", "\t", "a", "A", "_", "-",
    "1", "0.", "1 ", ".", "/", "/v1", ":", "{", "}", ",", "a.", "a b ", "model ", "@", "a@", "=", "```\n", "[1", "{ ",
    '"\\', "https://", "x<", "é", "\ud83d", "\u4e00",
]  # fmt: skip
ENDS = ["", "!", "\0"]
SMALL, GROWTH = 2_000, 10
# Seconds below which nothing can be said of how a time grows.
NOISE = 0.02

# Not of text from elsewhere: the stand-in model reads what its own user types.
APART = ("chatkit.testing",)


def compiled():
    """Where each stands, the pattern, and what the module does with it."""
    for info in pkgutil.walk_packages(chatkit.__path__, "chatkit."):
        if info.name.endswith("__main__") or info.name.startswith(APART):
            continue
        module = importlib.import_module(info.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            used = set(re.findall(rf"\b{re.escape(name)}\.(\w+)\(", source)) if isinstance(value, re.Pattern) else set()
            yield from ((f"{info.name}.{name}", found, used) for found in patterns_in(value))


def patterns_in(value, depth=4):
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from patterns_in(list(value.values()), depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from patterns_in(item, depth - 1)


def written_in_place():
    root = Path(chatkit.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "testing" not in path.relative_to(root).parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (text := text_of(node)) and node.func.attr != "compile":
                    flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else 0
                    yield f"{path.relative_to(root)}:{node.lineno}", re.compile(text, flags), {node.func.attr}


def text_of(node):
    """The regular expression in a call such as `re.search("...", text)`."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
    if not (called and isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
        return None
    return node.args[0].value if isinstance(node.args[0], ast.Constant) else None


ALL = {}
for where, found, used in [*compiled(), *written_in_place()]:
    known = ALL.setdefault((found.pattern, found.flags), (where, found, set()))
    # What is handed on to be used elsewhere may be used in any way.
    known[2].update(used or {"search"})


def seconds(pattern, used, text):
    text = text.encode("utf-8", "surrogatepass") if isinstance(pattern.pattern, bytes) else text
    started = time.process_time()
    if used & {"match"}:
        pattern.match(text)
    if used & {"fullmatch"}:
        pattern.fullmatch(text)
    if used - {"match", "fullmatch"}:
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - started


def grows_too_fast(pattern, unit, end, used=frozenset({"search"})):
    small, large = (unit * (size // len(unit)) + end for size in (SMALL, SMALL * GROWTH))
    if seconds(pattern, used, large) < NOISE:
        return False
    # Measured again where it looks bad: somebody else may have had the processor.
    slow = min(seconds(pattern, used, large) for _ in range(3))
    return slow > NOISE and slow > 3 * GROWTH * min(seconds(pattern, used, small) for _ in range(3))


@pytest.mark.parametrize("key", ALL, ids=[where for where, _, _ in ALL.values()])
def test_a_regular_expression_takes_linear_time(key):
    where, pattern, used = ALL[key]
    slow = next(((unit, end) for unit in UNITS for end in ENDS if grows_too_fast(pattern, unit, end, used)), None)
    assert slow is None, f"{where}: {pattern.pattern!r} ({', '.join(used)})"


def test_the_search_finds_those_that_do_not():
    assert len(ALL) > 60
    assert grows_too_fast(re.compile(r"a+b"), "a", "!")
    assert grows_too_fast(re.compile(r"<[^>]*>"), "<", "")
    assert not grows_too_fast(re.compile(r"<[^<>]*>"), "<", "")
