"""The help of every command, as a newcomer reads it."""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys

import pytest

from chatkit._cli import COMMANDS, EXIT_CODES, _parser
from chatkit._cli.tree import tree

PATHS = [command.path for command in tree(_parser("completion"))]
HEAVY = ("prompt_toolkit", "rich", "pydantic", "requests", "asyncio", "mcp", "markdown_it", "PIL", "sqlite3")


def parsers(parser, path="chatkit"):
    """Every parser by the words that lead to it."""
    yield path, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from parsers(inner, f"{path} {name}")


ALL = dict(parsers(_parser("completion")))


def examples(path):
    """The examples that the help of a command ends with."""
    return [line.strip() for line in ALL[path].epilog.partition("examples:\n")[2].splitlines()]


@pytest.fixture(scope="module")
def helps():
    """The help of each command at 80 columns, and the heavy modules that telling it imported; all by one process."""
    code = f"""
import contextlib, io, json, sys
before = set(sys.modules)
from chatkit._cli import main
told = {{}}
for path in {PATHS!r}:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*path.split()[1:], "--help"])
    told[path] = code, out.getvalue()
print(json.dumps([told, [name for name in {HEAVY!r} if name in sys.modules and name not in before]]))
"""
    environ = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_no_help_opens_a_heavy_room(helps):
    assert helps[1] == []


@pytest.mark.parametrize("path", PATHS)
def test_every_help_fits_80_columns_and_ends_with_examples(helps, path):
    code, text = helps[0][path]
    assert code == 0
    assert text.startswith(f"usage: {path} ")
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert re.search(r"\nexamples:\n(  \S.*\n)+$", text)


@pytest.mark.parametrize("path", PATHS)
def test_every_option_of_a_command_has_a_help_and_a_place(path):
    for action in ALL[path]._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action.dest
        assert not (action.help or "").endswith("."), action.dest
    assert ALL[path].description
    assert "%(default)s" not in ALL[path].format_help()


@pytest.mark.parametrize("path", PATHS)
def test_the_examples_are_commands_that_parse(path):
    for example in examples(path):
        words = re.split(r"[|>()]", example.partition("#")[0])
        call = next(part for part in words if part.strip().startswith("chatkit "))
        given = shlex.split(call)[1:]
        parser = _parser(given[0])
        assert parser.parse_args(given).command in COMMANDS


def test_the_main_help_has_the_table_of_exit_codes(helps):
    text = helps[0]["chatkit"][1]
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^  {code} +{re.escape(meaning[:30])}", text, re.MULTILINE)
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)


def test_what_is_not_understood_is_one_line_that_names_the_help(run):
    done = run("chat", "--nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "chatkit: unrecognized arguments: --nonsense (see `chatkit chat --help`)\n"
    assert run("--nonsense").stderr == "chatkit: unrecognized arguments: --nonsense (see `chatkit --help`)\n"
    done = run("chat", "Why", "is", "this")
    assert "is this; words that belong together stand in quotes (see `chatkit chat" in done.stderr
    done = run("log", "show")
    assert done.stderr == "chatkit: the following arguments are required: ID (see `chatkit log show --help`)\n"
