"""Hints about tools, in MCP's names, and the other things that a tool carries."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit._errors import ConfigError
from chatkit._tools.annotations import tool_annotations
from chatkit._tools.tool import Tool, tool
from chatkit._turns.contents import ContentToolRequest


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


def test_hints_are_kept_in_the_names_of_mcp_and_those_not_given_left_out():
    hints = tool_annotations(
        title="Add",
        read_only_hint=True,
        destructive_hint=False,
        idempotent_hint=True,
        open_world_hint=False,
        audience="people",
        nothing=None,
    )
    assert hints == {
        "title": "Add",
        "readOnlyHint": True,
        "destructiveHint": False,
        "idempotentHint": True,
        "openWorldHint": False,
        "audience": "people",
    }
    assert tool_annotations() == {}


@pytest.mark.parametrize(
    "given", [{"read_only_hint": "yes"}, {"title": 3}, {"open_world_hint": 1}, {"readOnlyHint": "yes"}]
)
def test_hints_of_the_wrong_type_are_refused(given):
    with pytest.raises(ConfigError, match=r"The annotation '\w+' of a tool is a (bool|str), not"):
        tool_annotations(**given)


def test_a_tool_takes_both_spellings():
    spelled: list[dict[str, Any]] = [
        {"read_only_hint": True},
        {"readOnlyHint": True},
        tool_annotations(read_only_hint=True),
    ]
    for given in spelled:
        assert tool(add, annotations=given).annotations == {"readOnlyHint": True}


@pytest.mark.parametrize("given", ["readOnly", [("readOnlyHint", True)], {1: True}])
def test_annotations_are_a_mapping(given):
    with pytest.raises(ConfigError, match="a mapping of names"):
        tool(add, annotations=given)


def test_a_tool_without_any_has_none_of_it():
    made = tool(add)
    assert (made.annotations, made.requires_approval, made.timeout, made.context) == ({}, False, None, "")


def rule(request: ContentToolRequest) -> bool:
    return request.name == "add"


@pytest.mark.parametrize("given", [True, False, rule])
def test_approval_is_a_yes_a_no_or_a_rule(given):
    assert tool(add, requires_approval=given).requires_approval is given


async def rule_async(request: ContentToolRequest) -> bool:
    return True


@pytest.mark.parametrize("given", ["yes", 1, rule_async])
def test_anything_else_is_no_approval(given):
    with pytest.raises(ConfigError, match="'add': `requires_approval` is True, False or a plain function"):
        tool(add, requires_approval=given)
    with pytest.raises(ConfigError, match="requires_approval"):
        Tool("add", "", {}, add, requires_approval=given)


def test_all_of_it_can_be_said_of_a_tool_later():
    made = tool(add, annotations={"title": "Add"}, requires_approval=True, timeout=3, strict=True)
    same = tool(made, name="plus")
    assert (same.annotations, same.requires_approval, same.timeout, same.strict) == ({"title": "Add"}, True, 3, True)
    other = tool(made, annotations={"title": "Plus"}, requires_approval=False, timeout=5, strict=False)
    assert (other.name, other.annotations, other.requires_approval) == ("add", {"title": "Plus"}, False)
    assert (other.timeout, other.strict) == (5, False)
    assert made.requires_approval is True


def test_as_a_decorator():
    @tool(annotations=tool_annotations(read_only_hint=True), requires_approval=rule, timeout=2.5)
    def look(x: int) -> int:
        return x

    assert look(4) == 4
    assert (look.annotations, look.requires_approval, look.timeout) == ({"readOnlyHint": True}, rule, 2.5)
