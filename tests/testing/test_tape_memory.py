"""What chatkit remembers of servers counts for nothing while a tape is at work: it would be missing on the tape."""

import ast
import sys
from importlib import import_module
from pathlib import Path

import pytest

import chatkit
from chatkit.testing import Answer, ErrorAnswer, FakeService, record, replay
from chatkit.testing._tape_memory import MEMORIES, as_in_a_new_process

SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
ROOM = Path(chatkit.__file__).parent
# Of this process, not of a server: who stands before the network, which servers of tools run, what was said once, and
# what was used up.
ELSEWHERE = {
    "chatkit._engine.entries._kept",
    "chatkit.testing._tape_hook._tapes",
    "chatkit.testing._tape_hook._bans",
    "chatkit._mcp.worker._live",
    "chatkit._constructors.assembling._told",
}


def stores():
    """All names of modules that begin as an empty dictionary, list or set: they can only be memories."""
    for path in sorted(ROOM.rglob("*.py")):
        module = ".".join(["chatkit", *path.relative_to(ROOM).with_suffix("").parts])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            is_empty = (isinstance(value, ast.Dict) and not value.keys) or (
                isinstance(value, ast.List) and not value.elts
            )
            if is_empty or (isinstance(value, ast.Call) and not value.args and _made(value.func) in _EMPTY):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                yield module, target.id


_EMPTY = ("dict", "list", "set", "OrderedDict", "defaultdict", "deque", "WeakKeyDictionary", "WeakValueDictionary")


def _made(function):
    function = function.value if isinstance(function, ast.Subscript) else function
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.parametrize(("module", "name"), MEMORIES)
def test_a_memory_that_is_put_aside_is_there_under_its_name(module, name):
    assert isinstance(getattr(import_module(module), name, None), dict), f"{module}.{name} is renamed: see MEMORIES"


def test_no_other_memory_of_servers_is_left_out():
    found = set(stores())
    assert set(MEMORIES) <= found
    assert {f"{module}.{name}" for module, name in found - set(MEMORIES)} == ELSEWHERE


def test_what_was_remembered_is_back_afterwards_and_what_was_learned_is_not():
    memory = getattr(import_module(MEMORIES[1][0]), MEMORIES[1][1])
    memory["before"] = 1
    try:
        with as_in_a_new_process():
            assert not memory
            memory["meanwhile"] = 2
        assert memory["before"] == 1
        assert "meanwhile" not in memory
    finally:
        del memory["before"]


def test_a_room_that_is_not_open_is_not_opened(monkeypatch):
    monkeypatch.delitem(sys.modules, MEMORIES[0][0])
    with as_in_a_new_process():
        assert MEMORIES[0][0] not in sys.modules


def test_a_tape_recorded_late_in_a_process_is_whole(tmp_path, chat_with):
    refused = ErrorAnswer(400, {"error": {"message": "response_format json_schema is not supported"}})
    with FakeService(strict=True) as service:
        chat = chat_with(service.base_url)
        service.script(refused, Answer('{"x": 1}'), refused, Answer('{"x": 2}'))
        assert chat.chat_structured("x?", type=SCHEMA) == {"x": 1}
        # The chat's own server is known by now; the tape has to begin from nothing all the same.
        with record(tmp_path / "tape.jsonl") as tape:
            assert chat_with(service.base_url).chat_structured("x?", type=SCHEMA) == {"x": 2}
        assert tape.count == 2
        with replay(tmp_path / "tape.jsonl") as tape:
            assert chat_with(service.base_url).chat_structured("x?", type=SCHEMA) == {"x": 2}
        assert tape.left == 0
