"""Our own server, by our own client and by the official one, over stdio and over HTTP."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import mcp
import pytest

from chatkit import MCPError, chat_openai_compatible, tool
from chatkit._mcp.answering import make_server
from chatkit._mcp.connection import connect_mcp
from chatkit._mcp.serving import serve_mcp, url_of
from chatkit._tools.toolbox import Toolbox
from chatkit.testing import Answer, ToolCall


@pytest.fixture(params=["ours_stdio", "ours_http"])
def ours(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def call(ours, kit):
    return lambda tool_name, /, **arguments: kit.by_name(ours)[tool_name](**arguments)


def test_tools_are_told_as_a_chat_tells_them(ours, kit, toolset):
    assert ours.name == "ours"
    tools = kit.by_name(ours)
    assert list(tools) == [*[item.__name__ for item in toolset.TOOLS[:-1]], "sum_up"]
    own = tool(toolset.add)
    assert tools["add"].description == own.description == "Add two numbers."
    assert tools["add"].parameters == own.parameters
    assert "ctx" not in tools["slow"].parameters["properties"]


def test_plain_and_async_tools_run(call):
    assert call("add", a=1, b=2).text == "3"
    assert call("greet", name="Ada").text == "Hello, Ada!"
    assert call("silent").text == ""


def test_arguments_are_checked_and_mended_as_in_a_chat(call):
    assert call("add", a="4").text == "5"
    with pytest.raises(MCPError, match=r"Tool `add` was not called, its arguments are wrong:\n- a: .*valid integer"):
        call("add", a="many")


def test_a_tool_that_fails_says_so(call):
    with pytest.raises(MCPError, match=r"^Tool `broken` failed: ValueError: it broke$"):
        call("broken")


def test_what_a_tool_prints_or_reads_is_not_the_protocol(call):
    assert call("loud").text == "printed"
    assert call("add", a=1, b=1).text == "2"


def test_standard_input_is_empty_for_tools(ours_stdio, kit):
    assert kit.by_name(ours_stdio)["reads"]().text == "nothing"


def test_objects_are_structured_and_texts_are_not(call):
    assert (call("table").value, call("table").text) == ({"rows": [1, 2]}, '{"rows":[1,2]}')
    assert call("odd_text").value == '{"not": "meant"}'
    assert "truncated" in call("cut").value


def test_media_are_sent(call):
    result = call("media")
    assert [item.type for item in result.attachments] == ["image_inline"]  # what is no sound and no PDF is left out
    lines = result.text.splitlines()
    assert lines[0] == "Here:"
    assert lines[1].startswith("[audio (audio/mpeg) was left out: ")
    assert lines[2].startswith("[a b.pdf (application/pdf) was left out: ")
    assert lines[3:] == ["[https://example.org/x.png] image", "[https://example.org/x.pdf] x.pdf"]
    assert (call("picture").text, call("picture").attachments) == ("", result.attachments)


def test_an_error_may_have_an_image(call):
    with pytest.raises(MCPError, match=r"^it looks wrong$"):
        call("half_broken")


def test_an_unknown_tool_is_told_with_those_there_are(toolset):
    async def main():
        async with mcp.Client(make_server(Toolbox(toolset.TOOLS[:2]), "x")) as client:
            return await client.call_tool("nope", {})

    result = asyncio.run(main())
    assert result.is_error
    assert result.content[0].text == "Unknown tool 'nope'. Available tools: add, greet."


def test_hints_are_passed_on():
    hinted = replace(tool(lambda: 1, name="one"), annotations={"readOnlyHint": True, "mine": 1})

    async def main():
        async with mcp.Client(make_server(Toolbox([hinted]), "x")) as client:
            return (await client.list_tools()).tools

    (listed,) = asyncio.run(main())
    assert listed.annotations.model_dump(exclude_none=True) == {"read_only_hint": True}


def test_progress_is_passed_on(ours, kit):
    heard = []

    class Context:
        cancelled = False
        report = heard.append

    steps = kit.by_name(ours)["steps"]
    assert steps(**{steps.context: Context}).text == "arrived"
    assert heard == [
        {"progress": 1, "total": None, "message": None},
        {"progress": 2, "total": 3, "message": "two"},
    ]


def test_a_cancelled_call_ends_the_tool(ours, kit, tmp_path):
    mark = tmp_path / "mark"

    class Context:
        cancelled = False

    context, slow = Context(), kit.by_name(ours)["slow"]
    with ThreadPoolExecutor() as pool:
        future = pool.submit(slow, mark=str(mark), **{slow.context: context})
        assert kit.until(mark.exists)
        context.cancelled = True
        assert "cancelled" in str(future.exception(5))
    assert kit.until(lambda: mark.read_text() == "cancelled")


def test_a_chat_uses_our_own_server(ours, service):
    chat = chat_openai_compatible(service.base_url, model="m", credentials=lambda: "k", echo="none")
    chat.register_tools(ours.tools)
    service.script(Answer(tool_calls=[ToolCall("greet", {"name": "Ada"})]), "Greeted.")
    assert chat.chat("Greet Ada") == "Greeted."
    assert service.requests[-1].messages[-1]["content"] == "Hello, Ada!"


@pytest.mark.parametrize(
    ("header", "value", "status"), [("Host", "evil.example", 421), ("Origin", "http://evil.example", 403)]
)
def test_requests_of_web_pages_are_refused(ours_url, header, value, status):
    request = urllib.request.Request(ours_url, data=b"{}", headers={"Content-Type": "application/json", header: value})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    assert caught.value.code == status
    caught.value.close()


def test_http_ends_with_ctrl_c(kit):
    urls = []

    def visit(url):
        def work():
            with connect_mcp(url) as connection:
                urls.append((url, connection.tools[0](name="Bob").text))
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=work).start()

    async def greet(name: str) -> str:
        """Greet."""
        return f"Hi {name}"

    with pytest.raises(KeyboardInterrupt):
        serve_mcp(greet, transport="http", host="localhost", ready=visit)
    assert urls[0][0].startswith("http://127.0.0.1:") and urls[0][0].endswith("/mcp")
    assert urls[0][1] == "Hi Bob"


def test_http_ends_with_ctrl_c_without_ready(monkeypatch, toolset):
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    assert serve_mcp(toolset.TOOLS, transport="http") is None


def test_ipv6_has_brackets():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}/mcp"


def test_a_process_over_http_says_where_and_ends_with_ctrl_c(kit):
    command = [sys.executable, str(kit.here / "toolset.py"), "http"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with connect_mcp(url) as connection:
            assert kit.by_name(connection)["add"](a=1, b=2).text == "3"
        process.send_signal(signal.SIGINT)
        process.wait(10)
