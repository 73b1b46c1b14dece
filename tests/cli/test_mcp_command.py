"""`chatkit mcp`, run as a program that wants tools would run it, and as a person would."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from chatkit import ConfigError
from chatkit._cli import main
from chatkit._cli.functions import functions_at
from chatkit._mcp.connection import connect_mcp

MODULE = '''
"""Tools, and what else a module holds."""

import functools
from dataclasses import replace

from chatkit import tool

print("imported, and saying so")


def add(a: int, b: int) -> int:
    """Add two numbers."""
    print("adding")
    return a + b


class Box:
    @staticmethod
    def shout(text: str) -> str:
        """Say it louder."""
        return text.upper()


both = [tool(add, name="plus"), Box.shout]
asking = replace(tool(add), requires_approval=True)
number = 3


def untyped(a):
    return a
'''


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "own_tools.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("own_tools", None)


@pytest.fixture
def serve(script, home):
    """Connect to the command as its client."""
    return lambda *arguments: connect_mcp([str(script), "mcp", *arguments], cwd=home)


def test_functions_are_served_over_stdio(serve):
    with serve("own_tools:add", "own_tools:Box.shout", "--name", "mine") as connection:
        assert connection.name == "mine"
        add, shout = connection.tools
        assert (add(a=1, b=2).text, shout(text="hi").text) == ("3", "HI")


def test_a_list_of_tools_is_served(serve):
    with serve("own_tools:both") as connection:
        assert [tool.name for tool in connection.tools] == ["plus", "shout"]
        assert connection.name == "chatkit"


def test_tools_that_require_approval_need_a_word(run, serve, home):
    done = run("mcp", "own_tools:asking")
    assert done.returncode == 2
    assert "nobody is there to ask: add." in done.stderr
    with serve("own_tools:asking", "--allow-approval-tools") as connection:
        assert connection.tools[0](a=1, b=2).text == "3"


def test_nothing_but_protocol_is_on_stdout_and_it_ends_with_its_client(script, environ, home):
    command = [script, "mcp", "own_tools:add"]
    done = subprocess.run(command, env=environ, input="what is this?\n", capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "")
    assert "imported, and saying so" in done.stderr


def test_a_client_that_does_not_read_any_more_ends_it_quietly(script, environ, home):
    hello = (
        '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
        '"clientInfo":{"name":"c","version":"1"}}}\n'
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([script, "mcp", "own_tools:add"], env=environ, text=True, **pipes) as process:
        process.stdout.close()
        process.stdin.write(hello)
        process.stdin.flush()
        assert process.wait(60) == 0
        assert process.stderr.read() == "imported, and saying so\n"


@pytest.mark.parametrize(
    ("arguments", "sign", "code"),
    [((), signal.SIGINT, 130), (("--http", "0"), signal.SIGINT, 130), ((), signal.SIGTERM, 0)],
)
def test_a_signal_ends_it_quietly_while_the_client_stays(script, environ, home, arguments, sign, code):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [script, "mcp", "own_tools:add", *arguments]
    with subprocess.Popen(command, env=environ, text=True, **pipes) as process:
        assert process.stderr.readline() == "imported, and saying so\n"
        if arguments:
            assert process.stderr.readline().startswith("chatkit: serving at http://127.0.0.1:")
        else:
            process.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
            process.stdin.flush()
            process.stdout.readline()
        process.send_signal(sign)
        assert process.wait(60) == code
        assert process.stderr.read() == ""


def test_http_says_where_on_stderr_and_works(script, environ, home):
    command = [script, "mcp", "own_tools:add", "--http", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environ, text=True, **pipes) as process:
        process.stderr.readline()
        line = process.stderr.readline()
        url = line.removeprefix("chatkit: serving at ").partition(";")[0]
        with connect_mcp(url) as connection:
            assert connection.tools[0](a=2, b=2).text == "4"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert "adding" in process.stdout.read()


def test_by_hand_it_says_what_it_waits_for(on_terminal, home):
    mcp = on_terminal("mcp", "own_tools:add")
    mcp.read_until("waiting for a client on standard input")
    time.sleep(0.5)
    mcp.process.send_signal(signal.SIGINT)
    mcp.read_until()
    assert mcp.close() == 130


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "arguments are required: MODULE:FUNCTION"),
        (["own_tools"], "'own_tools' names no function."),
        (["own_tools:"], "names no function"),
        (["no_such_module:x"], "'no_such_module:x' cannot be found: ModuleNotFoundError: No module named"),
        (["own_tools:nothing"], "cannot be found: AttributeError"),
        (["own_tools:number"], "A tool is made of a function, not of int."),
        (["own_tools:untyped"], "untyped"),
        (["own_tools:add", "own_tools:add"], "'add'"),
        (["own_tools:add", "--http", "70000"], "must be a number from 0 to 65535"),
        (["own_tools:add", "--http", "x"], "must be a number from 0 to 65535"),
        (["own_tools:add", "--name", ""], "`name` must be"),
    ],
)
def test_a_misuse_is_told_in_one_line_and_nothing_runs(home, capsys, arguments, words):
    assert main(["mcp", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words in shown.err.splitlines()[-1]


def test_a_module_is_looked_for_here_first_and_only_once(home):
    assert functions_at(["own_tools:add"])[0](1, 2) == 3
    before = list(sys.path)
    with pytest.raises(ConfigError):
        functions_at(["own_tools:nothing"])
    assert sys.path == before


def test_it_runs_in_this_process_too(home, monkeypatch):
    said = []

    def complain(text):
        said.append(text)
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr("chatkit._cli.mcp.complain", complain)
    assert main(["mcp", "own_tools:add", "--http", "0"]) == 130
    assert said[0].startswith("serving at http://127.0.0.1:")


def test_a_missing_package_is_told_with_the_command_that_installs_it(home, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert main(["mcp", "own_tools:add"]) == 2
    assert "pip install 'chatkit-objects[mcp]'" in capsys.readouterr().err
