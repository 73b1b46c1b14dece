"""How connections end, and calls; whatever happens, nothing stays behind."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatkit import Cancelled, MCPError
from chatkit._mcp import worker
from chatkit._mcp.connection import connect_mcp, connect_mcp_async


@pytest.fixture
def own(kit):
    """A connection that the test may harm."""
    with connect_mcp(kit.plain) as connection:
        yield connection


def pid_of(connection, kit):
    return int(kit.by_name(connection)["pid"]().text)


def no_threads(kit):
    return kit.until(lambda: not any(thread.name.startswith("chatkit-mcp") for thread in threading.enumerate()))


# Ending


def test_close_ends_the_server_and_calls_fail(own, kit):
    pid = pid_of(own, kit)
    own.close()
    own.close()
    assert not kit.is_running(pid)
    assert repr(own) == "<MCPConnection 'plain': closed>"
    with pytest.raises(MCPError, match="is closed, or the server has ended"):
        kit.by_name(own)["add"](a=1, b=2)


def test_close_ends_calls_under_way(own, kit, tmp_path):
    mark = tmp_path / "mark"
    with ThreadPoolExecutor() as pool:
        call = pool.submit(kit.by_name(own)["slow"], mark=str(mark))
        assert kit.until(mark.exists)
        own.close()
        with pytest.raises(MCPError, match="is closed"):
            call.result(5)


def test_a_call_that_comes_too_late_fails_too(own, kit, monkeypatch):
    add = kit.by_name(own)["add"]
    worker = add.function.session._worker
    submit = worker.submit

    def late(ask):
        own.close()
        return submit(ask)

    monkeypatch.setattr(worker, "submit", late)
    with pytest.raises(MCPError, match="is closed"):
        add(a=1, b=2)


def test_a_server_that_is_killed_says_so(own, kit):
    os.kill(pid_of(own, kit), signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(MCPError, match="The connection to the MCP server 'plain' is closed, or the"):
            kit.by_name(own)["add"](a=1, b=2)


def test_a_server_that_dies_in_a_call_says_so(own, kit):
    with pytest.raises(MCPError, match="the server has ended"):
        kit.by_name(own)["die"]()


def test_an_http_server_that_is_killed_says_so(kit, tmp_path):
    process, url = kit.serve_http()
    with connect_mcp(url) as connection, ThreadPoolExecutor() as pool:
        mark = tmp_path / "mark"
        call = pool.submit(kit.by_name(connection)["slow"], mark=str(mark))
        assert kit.until(mark.exists)
        process.kill()
        process.wait()
        assert isinstance(call.exception(10), MCPError)
        for _ in range(2):
            with pytest.raises(MCPError, match="plain"):
                kit.by_name(connection)["add"](a=1, b=2)


def test_a_forgotten_connection_ends(kit):
    connection = connect_mcp(kit.plain)
    tool = kit.by_name(connection)["pid"]
    session = weakref.ref(tool.function.session)
    pid = int(tool().text)
    del connection
    gc.collect()
    assert tool().text == str(pid)  # a tool is enough to keep it
    del tool
    gc.collect()
    assert session() is None
    assert kit.until(lambda: not kit.is_running(pid))


FORGETFUL = """
import os, sys, warnings
from chatkit._mcp.connection import connect_mcp
kept = connect_mcp(eval(sys.argv[1]))
print(next(tool for tool in kept.tools if tool.name == "pid")().text, flush=True)
"""


@pytest.mark.parametrize("ending", ["", "raise SystemExit(0)", "import gc; kept.me = kept"])
def test_python_ends_soon_and_quietly_without_close(kit, ending):
    begun = time.monotonic()
    command = [sys.executable, "-W", "error", "-c", FORGETFUL + ending, repr(kit.plain)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - begun < 10
    assert not kit.is_running(int(done.stdout))


def test_python_ends_soon_without_close_over_http(url):
    code = f"from chatkit._mcp.connection import connect_mcp; kept = connect_mcp({url!r}); print(len(kept.tools))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 10


def test_at_exit_all_connections_are_closed_at_once(kit, stdio, http, monkeypatch):
    connections = [connect_mcp(kit.plain) for _ in range(2)]
    pids = [pid_of(connection, kit) for connection in connections]
    monkeypatch.setattr(worker, "_live", {tool.tools[0].function.session._worker for tool in connections})
    worker._close_all()
    assert not any(map(kit.is_running, pids))


# Cancelling


class Context:
    def __init__(self):
        self.cancelled = False
        self.heard = []

    def report(self, value):
        self.heard.append(value)


def test_a_cancelled_call_is_cancelled_at_the_server(connection, kit, tmp_path):
    mark, context = tmp_path / "mark", Context()
    slow = kit.by_name(connection)["slow"]
    with ThreadPoolExecutor() as pool:
        call = pool.submit(slow, mark=str(mark), **{slow.context: context})
        assert kit.until(mark.exists)
        context.cancelled = True
        with pytest.raises(Cancelled, match="'slow' was cancelled"):
            call.result(5)
    assert kit.until(lambda: mark.read_text() == "cancelled")
    assert kit.by_name(connection)["add"](a=1, b=1).text == "2"


def test_ctrl_c_in_a_call_is_told_to_the_server(stdio, kit, tmp_path):
    mark = tmp_path / "mark"
    timer = threading.Thread(target=lambda: kit.until(mark.exists) and os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        kit.by_name(stdio)["slow"](mark=str(mark))
    assert kit.until(lambda: mark.read_text() == "cancelled")
    assert kit.by_name(stdio)["add"](a=1, b=1).text == "2"


def test_progress_is_passed_on(connection, kit):
    context = Context()
    steps = kit.by_name(connection)["steps"]
    assert steps(**{steps.context: context}).text == "arrived"
    assert context.heard == [{"progress": n, "total": 3, "message": f"step {n}"} for n in range(3)]


# Async code


def test_async_code_connects_and_closes_without_blocking_its_loop(kit):
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        async with await connect_mcp_async(kit.plain, include="pid") as connection:
            pid = int((await asyncio.to_thread(connection.tools[0])).text)
        ticking.cancel()
        return ticks, pid

    ticks, pid = asyncio.run(main())
    assert ticks > 20
    assert not kit.is_running(pid)


def test_plain_code_connects_inside_a_running_loop(kit):
    async def cell():
        with connect_mcp(kit.plain, include="add") as connection:
            return connection.tools[0](a=2, b=2).text

    assert asyncio.run(cell()) == "4"
