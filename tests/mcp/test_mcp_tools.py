"""Tools of a real server, over stdio and over streamable HTTP."""

import copy
import inspect
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatkit import (
    ConfigError,
    ContentAudio,
    ContentDocument,
    ContentImageInline,
    ContentToolRequest,
    MCPError,
)
from chatkit._mcp.connection import connect_mcp
from chatkit._tools.toolbox import Toolbox


def ran(connection, name, arguments):
    """The result that a chat would get."""
    results = [None]
    list(Toolbox(connection.tools).run([ContentToolRequest("c1", name, arguments)], results))
    return results[0]


def test_a_tool_is_called_and_gives_its_value_and_its_text(connection, kit):
    result = kit.by_name(connection)["add"](a=1, b=2)
    assert (result.value, result.text, result.error) == ({"result": 3}, "3", None)


def test_a_tool_is_described_as_the_server_does(connection, kit):
    add = kit.by_name(connection)["add"]
    assert add.description == "Add two numbers."
    assert set(add.parameters) == {"type", "properties", "required"}
    assert add.parameters["required"] == ["a"]
    assert add.parameters["properties"]["b"]["description"] == "the second one"
    assert add.strict is False
    assert add.annotations == {"title": "Addition", "readOnlyHint": True, "idempotentHint": True}
    assert repr(add) == "<Tool add(a, b=...): Add two numbers.>"
    assert "arguments" in inspect.signature(add).parameters


def test_the_connection_says_what_it_is(connection):
    assert connection.name == "plain"
    assert repr(connection) == f"<MCPConnection 'plain': {len(connection.tools)} tools>"


def test_names_are_mapped_and_the_call_uses_the_servers_own(connection, kit):
    tools = kit.by_name(connection)
    assert tools["math_add"](a=1, b=2).text == "3"
    assert tools["gro_er"](a=1, b=2).text == "false"


def test_a_namespace_goes_before_the_names_and_not_to_the_server(url, kit):
    with connect_mcp(url, namespace="demo", include=["math.add", "add"]) as connection:
        assert list(kit.by_name(connection)) == ["demo__add", "demo__math_add"]
        assert [tool(a=1, b=2).text for tool in connection.tools] == ["3", "3"]


def test_a_servers_error_is_raised_in_its_own_words(connection, kit):
    with pytest.raises(MCPError, match=r"^Error executing tool fail: the disk is full$") as caught:
        kit.by_name(connection)["fail"](words="the disk is full")
    assert caught.value.server == "plain"


def test_an_error_without_words_says_so(connection, kit):
    with pytest.raises(MCPError, match="without saying why"):
        kit.by_name(connection)["quiet_failure"]()


def test_the_model_reads_a_servers_error(connection):
    result = ran(connection, "fail", {"words": "no such file"})
    assert result.error == "Tool `fail` failed: MCPError: Error executing tool fail: no such file"


def test_the_server_checks_the_arguments(connection):
    assert "valid integer" in ran(connection, "add", {"a": "x", "b": 1}).error


def test_an_image_is_attached(connection):
    result = ran(connection, "picture", {})
    assert [(item.type, item.media_type) for item in result.attachments] == [("image_inline", "image/png")]
    assert result.text.startswith("[Attached: 1 image, ")


def test_every_kind_of_content_reaches_the_model(connection):
    result = ran(connection, "everything", {})
    assert result.text.startswith("Here:\n[note://1]\na note\n[https://example.org/more] more; read on\n[Attached: ")
    assert [type(item) for item in result.attachments] == [ContentImageInline, ContentAudio, ContentDocument]
    assert result.attachments[1].format == "wav"
    assert (result.attachments[2].media_type, result.attachments[2].filename) == ("application/pdf", "a b.pdf")


def test_structured_values_are_the_value_and_their_text_is_read(connection):
    result = ran(connection, "nearest", {"points": [{"x": 9, "y": 9}, {"x": 1, "y": 2}]})
    assert result.value == {"x": 1, "y": 2}
    assert json.loads(result.text) == {"x": 1, "y": 2}


def test_a_structured_value_without_text_is_read_as_json(connection):
    assert ran(connection, "only_structured", {}).text == '{"answer":42}'


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"a": float("nan")}, "not JSON compliant"), ({"a": object()}, "not JSON serializable")],
)
def test_arguments_that_cannot_be_sent_do_not_end_the_connection(stdio, arguments, words):
    assert words in ran(stdio, "add", arguments).error
    assert ran(stdio, "add", {"a": 1, "b": 1}).text == "2"


def test_deep_arguments_and_half_characters_do_not_end_the_connection(stdio):
    deep = []
    for _ in range(500):
        deep = [deep]
    assert "arguments" in ran(stdio, "add", {"a": deep}).error
    assert "\ufffd" in ran(stdio, "fail", {"words": "\ud800"}).error
    assert ran(stdio, "add", {"a": 1, "b": 1}).text == "2"


def test_calls_run_at_once_over_one_connection(connection, kit):
    meet = kit.by_name(connection)["meet"]
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(meet, people=4) for _ in range(4)]
        assert [call.result(20).text for call in calls] == ["met"] * 4


def test_copies_share_the_connection(connection, kit):
    tool = kit.by_name(connection)["add"]
    for twin in (copy.copy(tool), copy.deepcopy(tool)):
        assert twin == tool
        assert twin(a=1, b=1).text == "2"
    assert copy.deepcopy(connection) is connection
    assert copy.copy(connection) is connection
    assert copy.copy(tool.function) is tool.function
    session = tool.function.session
    assert copy.copy(session) is session and copy.deepcopy(session) is session


def test_all_pages_of_tools_are_read_and_a_tool_listed_twice_is_one(kit):
    with connect_mcp(kit.odd("pages")) as connection:
        assert list(kit.by_name(connection)) == ["one", "two", "three", "four"]
        assert kit.by_name(connection)["four"]().text == "four: {}"


def test_pages_without_end_end(monkeypatch, kit):
    monkeypatch.setattr("chatkit._mcp.worker._MAX_PAGES", 5)
    with connect_mcp(kit.odd("endless")) as connection:
        assert list(kit.by_name(connection)) == ["again"]


def test_definitions_in_a_schema_are_kept_and_its_dialect_is_not(kit):
    with connect_mcp(kit.odd("defs")) as connection:
        (walk,) = connection.tools
        assert set(walk.parameters) == {"type", "$defs", "properties"}
        assert walk.description == "WALK"
        assert connection.name == "odd\u241b[31m"
        assert walk(at={"x": 1}).text == "walk: {'at': {'x': 1}}"


def test_names_that_would_be_the_same_are_told_apart(kit):
    with connect_mcp(kit.odd("twins"), namespace="n") as connection:
        names = list(kit.by_name(connection))
        assert len(names) == 5 and all(len(name) <= 64 for name in names)
        assert names[2] == "n__a_b"
        assert [tool().text.partition(":")[0] for tool in connection.tools] == ["a.b", "a b", "a_b", "計算", "x" * 80]


def test_a_server_without_tools_is_none_the_less_connected(kit):
    with connect_mcp(kit.odd("none")) as connection:
        assert connection.tools == []
        with pytest.raises(ConfigError, match="It has none"):
            connect_mcp(kit.odd("none"), include="add")


def test_include_and_exclude_go_by_the_servers_own_names(url, kit):
    with connect_mcp(url, include=("math.*", "add", "p*"), exclude="picture") as connection:
        assert list(kit.by_name(connection)) == ["add", "math_add", "pid"]
    with pytest.raises(ConfigError, match=r"does not have: adder, x\*\. It has: add, fail, .* größer"):
        connect_mcp(url, include=["add", "adder", "x*"])


def test_a_command_may_be_one_text(kit):
    with connect_mcp(" ".join(f"'{word}'" for word in kit.plain), include="add", exclude=[]) as connection:
        assert repr(connection) == "<MCPConnection 'plain': 1 tool>"
