"""What the tests of MCP share: real servers, over stdio and HTTP, and a chat with a strict service."""

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatkit import chat_openai_compatible
from chatkit._mcp.connection import connect_mcp
from chatkit._mcp.serving import http_server, url_of
from chatkit._tools.toolbox import Toolbox
from chatkit.testing import FakeService

HERE = Path(__file__).parent
PLAIN = [sys.executable, str(HERE / "plain_server.py")]


def odd(kind: str) -> list[str]:
    return [sys.executable, str(HERE / "odd_server.py"), kind]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def until(condition, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def serve_http():
    """Start the plain server over HTTP; gives its process and its URL."""
    port = free_port()
    process = subprocess.Popen([*PLAIN, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        return False

    assert until(answers, 20)
    return process, f"http://127.0.0.1:{port}/mcp"


@pytest.fixture(scope="session")
def url():
    """The URL of the plain server."""
    process, url = serve_http()
    yield url
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def stdio():
    """One connection to the plain server over stdio, for tests that do it no harm."""
    with connect_mcp(PLAIN) as connection:
        yield connection


@pytest.fixture(scope="session")
def http(url):
    """Likewise over HTTP."""
    with connect_mcp(url) as connection:
        yield connection


@pytest.fixture(params=["stdio", "http"])
def connection(request):
    """A connection over either transport."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def service():
    with FakeService(strict=True) as service:
        yield service


@pytest.fixture
def new_chat(service):
    def make():
        return chat_openai_compatible(service.base_url, model="fake-model", credentials=lambda: "sk-test")

    return make


def by_name(connection):
    return {tool.name: tool for tool in connection.tools}


def load(name: str):
    """Import a module that stands beside the tests."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are looked up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def kit():
    """What tests need besides, since test files cannot import one another here."""
    return SimpleNamespace(
        here=HERE,
        load=load,
        serve_http=serve_http,
        plain=PLAIN,
        odd=odd,
        by_name=by_name,
        free_port=free_port,
        until=until,
        is_running=is_running,
    )


# Tools of our own, served by ourselves


@pytest.fixture(scope="session")
def toolset(kit):
    return kit.load("toolset")


@pytest.fixture(scope="session")
def ours_stdio(kit):
    with connect_mcp([sys.executable, str(kit.here / "toolset.py")]) as connection:
        yield connection


@pytest.fixture(scope="session")
def ours_url(toolset):
    server, listener = http_server(Toolbox(toolset.TOOLS), "ours", "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield url_of(listener)
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()
    listener.close()


@pytest.fixture(scope="session")
def ours_http(ours_url):
    with connect_mcp(ours_url) as connection:
        yield connection
