"""How connections begin, and fail to."""

import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from chatkit import ChatkitError, MCPError
from chatkit._mcp import worker
from chatkit._mcp.connection import connect_mcp
from chatkit.testing import FakeService


def failure(source, **options):
    with pytest.raises(MCPError) as caught:
        connect_mcp(source, **options)
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    return error


def test_a_command_that_does_not_exist():
    error = failure(["no-such-command"])
    assert str(error) == "The MCP server 'no-such-command' could not be started: there is no such command or directory."
    assert (error.server, error.cause_type) == ("no-such-command", "FileNotFoundError")


def test_a_command_that_cannot_be_run(tmp_path):
    assert "could not be started: Permission denied." in str(failure([str(tmp_path)]))


def test_a_directory_that_does_not_exist(kit, tmp_path):
    assert "no such command or directory" in str(failure(kit.plain, cwd=tmp_path / "nowhere"))


def test_a_server_that_never_answers(kit):
    begun = time.monotonic()
    error = failure(kit.odd("silent"), timeout=0.7)
    assert time.monotonic() - begun < 5
    assert "did not answer within 0.7 seconds." in str(error)
    assert str(error).endswith("standard error:\n\u241b[31mloading the model")
    assert error.cause_type == "TimeoutError"


def test_a_server_that_prints_garbage_and_ends(kit, capfd):
    text = str(failure(kit.odd("garbage")))
    assert "ended before it was ready. It writes lines to its standard output that are no messages" in text
    assert text.endswith("no such file: config.toml")
    assert capfd.readouterr() == ("", "")


def test_an_address_where_nobody_listens(kit):
    error = failure(f"http://127.0.0.1:{kit.free_port()}/mcp")
    assert re.match(
        r"The MCP server '127\.0\.0\.1:\d+' could not be used: All connection attempts failed\.", str(error)
    )


def test_an_address_where_something_else_is():
    with FakeService() as service:
        assert "could not be used: it answered with HTTP 404 Not Found." in str(failure(f"{service.base_url}/nothing"))


def test_an_address_that_is_silent():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "did not answer within 0.5 seconds" in str(failure(f"http://127.0.0.1:{port}/mcp", timeout=0.5))


def test_a_wrong_address_at_a_server(url):
    assert "it answered with HTTP 404 Not Found." in str(failure(url.replace("/mcp", "/other")))


def test_a_failure_leaves_nothing_behind(kit, stdio, http):
    before = {thread.name for thread in threading.enumerate()}
    failure(kit.odd("silent"), timeout=0.3)
    with pytest.raises(ChatkitError):
        connect_mcp(kit.odd("none"), include="x")
    names = [thread.name for thread in threading.enumerate()]
    assert set(names) <= before and names.count("chatkit-mcp") == 2


def test_ctrl_c_while_connecting(kit):
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    count = len(worker._live)
    with pytest.raises(KeyboardInterrupt):
        connect_mcp(kit.odd("silent"), timeout=20)
    assert kit.until(lambda: len(worker._live) == count)


# Where the server runs


def test_a_server_inherits_no_key(kit, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with connect_mcp(kit.plain, env={"OWN_KEY": "given"}) as connection:
        tools = kit.by_name(connection)
        names = tools["environment"]().value["result"]
        assert "PATH" in names
        assert not {"OPENAI_API_KEY", "HF_TOKEN"} & set(names)
        assert tools["variable"](name="OWN_KEY").text == "given"


def test_a_server_runs_in_the_directory_given(kit, tmp_path):
    with connect_mcp(kit.plain, cwd=tmp_path) as connection:
        assert Path(kit.by_name(connection)["where"]().text) == tmp_path


def test_headers_are_sent_and_never_shown(url, kit):
    with connect_mcp(url, headers={"X-Key": "secret-key"}) as connection:
        assert kit.by_name(connection)["header"](name="x-key").text == "secret-key"
        assert "secret-key" not in repr(connection) + repr(connection.tools[0].function.session._worker._source)
