"""What a type checker knows of typed answers: the value is of the type that was asked for."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNIPPET = """
import dataclasses
import enum
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from chatkit import Chat
from chatkit._engine.typed_streams import AsyncStructuredStream, StructuredStream
from chatkit._types.values import type_string


class Model(BaseModel):
    a: int


@dataclasses.dataclass
class Data:
    a: int


class Keys(TypedDict):
    a: int


class Color(enum.Enum):
    RED = 1


def plain(chat: Chat) -> None:
    assert_type(chat.chat_structured("?", type=Model), Model)
    assert_type(chat.chat_structured("?", type=Data), Data)
    assert_type(chat.chat_structured("?", type=Keys), Keys)
    assert_type(chat.chat_structured("?", type=Color), Color)
    assert_type(chat.chat_structured(type=int), int)
    assert_type(chat.chat_structured("?", type=list[Model]), list[Model])
    optional: Model | None = chat.chat_structured("?", type=Model | None)
    print(optional)
    assert_type(chat.chat_structured("?", type=type_string()), Any)
    assert_type(chat.chat_structured("?", type={"type": "object"}), Any)
    stream = chat.stream_structured("?", type=Model)
    assert_type(stream, StructuredStream[Model])
    assert_type(stream.value, Model)


async def awaited(chat: Chat) -> None:
    assert_type(await chat.chat_structured_async("?", type=Model), Model)
    assert_type(await chat.chat_structured_async("?", type=type_string()), Any)
    assert_type(chat.stream_structured_async("?", type=Model), AsyncStructuredStream[Model])
    async with chat.stream_structured_async("?", type=list[int]) as stream:
        assert_type(stream.value, list[int])
"""


def test_a_type_checker_knows_the_type_of_the_answer(tmp_path):
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", f"--cache-dir={tmp_path / 'cache'}"]
    found = subprocess.run(
        [*command, "--follow-imports=silent", str(file)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert found.stdout.startswith("Success"), found.stdout + found.stderr
