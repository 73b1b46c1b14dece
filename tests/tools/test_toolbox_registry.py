"""What a toolbox holds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatkit._errors import ConfigError
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


async def later(x: int) -> int:
    """Come back later."""
    await asyncio.sleep(0)
    return x


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def test_register_makes_tools_and_gives_them_back():
    box = Toolbox()
    made = box.register(add)
    assert isinstance(made, Tool)
    assert box.register(tool(later)).name == "later"
    assert list(box.tools) == ["add", "later"]
    assert len(box) == 2
    assert repr(box) == "<Toolbox: add, later>"
    assert repr(Toolbox()) == "<Toolbox: empty>"


def test_tools_is_a_copy():
    box = Toolbox([add])
    box.tools.clear()
    assert len(box) == 1


def test_row_a15_what_is_no_tool_is_refused_at_registration():
    box = Toolbox()
    with pytest.raises(ConfigError, match="'bad', parameter 'x'"):
        box.register(tool(lambda x: x, name="bad"))
    assert len(box) == 0


def test_case_57_the_same_name_replaces_in_place():
    box = Toolbox([add, later])
    other = box.register(tool(later, name="add"))
    assert box.definitions == (other, box.tools["later"])


def test_row_a15_two_tools_of_one_name_in_a_list_are_refused():
    box = Toolbox([later])
    with pytest.raises(ConfigError, match="Two tools have the name 'add'"):
        box.replace([add, tool(later, name="add")])
    assert list(box.tools) == ["later"]


def test_definitions_are_the_same_object_until_the_box_changes():
    box = Toolbox([add])
    first = box.definitions
    assert box.definitions is first
    box.register(first[0])
    box.replace([add])
    assert box.definitions is first
    box.register(later)
    assert box.definitions is not first
    assert [item.name for item in box.definitions] == ["add", "later"]
    box.replace([])
    assert box.definitions == ()


def test_case_59_a_copy_has_the_tools_but_not_the_callbacks(plain):
    box = Toolbox([add])
    told: list[Any] = []
    box.on_request(told.append)
    box.on_result(told.append)
    twin = box.copy()
    assert twin.definitions is box.definitions
    twin.register(later)
    assert list(box.tools) == ["add"]
    plain.answers(twin, call("add", x=1))
    assert told == []
    plain.answers(box, call("add", x=1))
    assert len(told) == 2
