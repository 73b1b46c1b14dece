"""`Chat.register_mcp()`: a server's tools become a chat's, and never take the place of those that are trusted."""

import asyncio

import pytest

from chatkit import ConfigError, MCPError
from chatkit.testing import Answer, ToolCall


@pytest.fixture(params=["plain", "async", "notebook"])
def register(request):
    """Register a server's tools: in plain code, in async code, or in plain code where a loop runs."""

    async def in_a_cell(chat, source, options):
        return chat.register_mcp(source, **options)

    def act(chat, source, **options):
        if request.param == "plain":
            return chat.register_mcp(source, **options)
        if request.param == "notebook":
            return asyncio.run(in_a_cell(chat, source, options))
        return asyncio.run(chat.register_mcp_async(source, **options))

    return act


@pytest.mark.parametrize("place", ["command", "url"])
def test_the_tools_of_a_server_are_registered_and_work(service, new_chat, kit, url, register, place):
    chat = new_chat()
    with register(chat, kit.plain if place == "command" else url, include=["add"], namespace="maths") as connection:
        assert list(chat.tools) == ["maths__add"] == [tool.name for tool in connection.tools]
        service.script(Answer(tool_calls=[ToolCall("maths__add", {"a": 1, "b": 2})]), "It is 3.")
        assert chat.chat("1 + 2?", echo="none") == "It is 3."
        assert service.requests[-1].messages[-1]["content"] == "3"


def test_a_server_does_not_take_the_place_of_a_tool_that_is_there(service, new_chat, kit, register):
    def add(a: int, b: int) -> str:
        """Add, trusted."""
        return "mine"

    chat = new_chat()
    mine = chat.register_tool(add)
    with pytest.raises(ConfigError, match=r"names are taken: add\. Give namespace="):
        register(chat, kit.plain)
    assert chat.tools == {"add": mine}


def test_a_server_that_does_not_come_leaves_the_chat_as_it_was(new_chat, register):
    chat = new_chat()
    with pytest.raises(MCPError):
        register(chat, ["no-such-command-anywhere"])
    assert chat.tools == {}
