"""A script that was read and checked: what is said in it, for any values of its placeholders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from chatkit._chat.expecting import Expectation
from chatkit._chat.prompts import Prompt
from chatkit._errors import ChatkitError, ScriptError
from chatkit._record.files import path_name
from chatkit._render.talk import Block
from chatkit._scripts.filling import asked_in, filled, filled_value, refuse_unasked
from chatkit._scripts.front import Front, front_of, held, refuse_secret
from chatkit._scripts.options import OPTIONS, contents_of, params_of, schema_of
from chatkit._scripts.places import Part
from chatkit._scripts.reading import ScriptText, parse, read_text
from chatkit._scripts.tools import tools_at


@dataclass(frozen=True, slots=True)
class Said:
    """What a script says in one turn.

    Args:
        user: The block of the user.
        answer: The block with the answer that is given, if one is.
        expect: The blocks that tell what is expected of the answer.
    """

    user: Block
    answer: Block | None = None
    expect: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of a script, with all placeholders filled in.

    Args:
        title: What it is called.
        system: The system prompt, if the script has one.
        prompts: What is said.
        row: The number of its row, from 1; 0 without rows.
        values: The values that were filled in.
    """

    title: str
    system: str | None
    prompts: tuple[Prompt, ...]
    row: int
    values: Mapping[str, Any]


class Script:
    """A script. Make one with `read_script`.

    Args:
        text: The script as it was read.

    Attributes:
        path: The file.
        front: The front matter.
        tools: The tools that it names; their modules have been imported.

    Raises:
        ScriptError: when something in it cannot be used; it names the line and the column.
    """

    def __init__(self, text: ScriptText) -> None:
        self.path = text.path
        self.front: Front = front_of(text)
        self._text = text
        self._folder = Path(text.path).parent
        self._system = self._system_block()
        self._said = tuple(_assembled(self))
        for block in text.blocks:
            _check_options(self, block)
        self.tools: list[Callable[..., Any]] = [
            tool
            for place in self.front.tools
            for tool in held(text.header, "tools", lambda place=place: tools_at(place, self._folder))  # type: ignore[misc]
        ]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks."""
        return self._text.blocks

    @property
    def names(self) -> set[str]:
        """The names of all values that the script asks for, or has."""
        names = set(self.front.values) | asked_in(self.front.title) | asked_in(self.front.system)
        for block in self.blocks:
            if block.role == "expect":
                # Not what stands in comments.
                names |= asked_in(self.body(block).toml())
            elif block.role in ("system", "user") or (block.role == "assistant" and self.is_given(block)):
                names |= asked_in(block.text) | asked_in(dict(block.options))
        return names

    def talk(self, values: Mapping[str, Any], row: int = 0) -> Talk:
        """The conversation for some values.

        Args:
            values: The values of placeholders; they go before those of the front matter.
            row: The number of the row that they come from, from 1; 0 for none.

        Raises:
            ScriptError: when a placeholder cannot be filled in, or something makes no sense then.
        """
        known = {**self.front.values, **values}
        title = self._front_text("title", self.front.title, known) or Path(self.path).stem
        prompts = tuple(self._prompt(said, known) for said in self._said)
        return Talk(f"{title}, row {row}" if row else title, self._system_text(known), prompts, row, known)

    def refuse_unasked(self, names: Iterable[str]) -> None:
        """Refuse values that the script does not ask for.

        Raises:
            ConfigError: for the first such name.
        """
        refuse_unasked(names, self.names, self.path)

    def is_given(self, block: Block) -> bool:
        """Whether a block under `# assistant` is an answer that is given, and no record."""
        return bool(block.options.get("given", self.front.assistant == "given"))

    def fail(self, block: Block, trouble: str, hint: str = "") -> NoReturn:
        """Refuse a block.

        Raises:
            ScriptError: always.
        """
        raise ScriptError(trouble, path=self.path, line=block.line, column=1, hint=hint)

    def heading(self, block: Block) -> Part:
        """The line of a block's heading."""
        return Part(self.path, self._text.line(block.line), block.line)

    def body(self, block: Block) -> Part:
        """The text of a block."""
        return Part(self.path, block.text, block.start)

    def _system_block(self) -> Block | None:
        found = [block for block in self.blocks if block.role == "system"]
        if found and (len(found) > 1 or self.front.system is not None):
            self.fail(found[-1], "The system prompt is told twice.")
        return found[0] if found else None

    def _system_text(self, values: Mapping[str, Any]) -> str | None:
        if self._system is None:
            return self._front_text("system", self.front.system, values)
        return self._block_text(self._system, values)

    def _front_text(self, key: str, text: str | None, values: Mapping[str, Any]) -> str | None:
        return None if text is None else str(filled_value(text, self._text.header, key, values))

    def _block_text(self, block: Block, values: Mapping[str, Any]) -> str:
        if "text" in block.options:
            return str(filled_value(block.options["text"], self.heading(block), "text", values))
        return filled(self.body(block), values)

    def _prompt(self, said: Said, values: Mapping[str, Any]) -> Prompt:
        block, heading = said.user, self.heading(said.user)
        options = filled_value(dict(block.options), heading, "", values)
        text, expect = self._block_text(block, values), [*self._expected(said, values)]
        given = None if said.answer is None else self._block_text(said.answer, values)
        trouble: ChatkitError
        try:
            return Prompt(
                contents_of(text, options, self._folder),
                type=self._schema(options) if given is None else None,
                expect=expect,
                params=params_of(options),
                tool_choice=options.get("tool_choice"),
                answer=given,
                line=block.line,
            )
        except ScriptError:
            raise
        except ChatkitError as error:
            trouble = error
        raise heading.error(trouble.summary, 0, trouble.hint)

    def _schema(self, options: Mapping[str, Any]) -> Any:
        if "schema" in options:
            return schema_of(options["schema"], self._folder)
        return held(self._text.header, "schema", lambda: schema_of(self.front.schema, self._folder))

    def _expected(self, said: Said, values: Mapping[str, Any]) -> Iterator[Expectation]:
        for block in said.expect:
            part = self.body(block)
            for name, value in part.toml().items():
                yield _expectation(part, name, filled_value(value, part, name, values))


def read_script(path: str | os.PathLike[str]) -> Script:
    """Read a script and check it. The modules of its tools are imported; nothing is sent.

    Raises:
        ScriptError: when it cannot be read or used; it names the line and the column.
        ConfigError: when the path is none.
    """
    name = path_name(path)
    return Script(parse(read_text(name), name))


def _expectation(part: Part, name: str, value: Any) -> Expectation:
    made: Expectation = held(part, name, lambda: Expectation(name, value, part.error_at_key("", name).line))
    return made


def _assembled(script: Script) -> Iterator[Said]:
    """The turns of a script, each with what belongs to it."""
    said: Said | None = None
    for block in script.blocks:
        if block.role == "user":
            if said is not None:
                yield said
            said = Said(block)
        elif block.role in ("assistant", "tool", "expect"):
            if said is None:
                script.fail(block, f"`# {block.role}` has no `# user` before it.")
            said = _joined(script, said, block)
        elif block.role == "system" and said is not None:
            script.fail(block, "The system prompt comes before what the user says.")
    if said is None:
        hint = "Put what is said under a line `# user`."
        raise ScriptError("Nothing is said in this script.", path=script.path, line=1, column=1, hint=hint)
    yield said


def _joined(script: Script, said: Said, block: Block) -> Said:
    if block.role == "tool" or (block.role == "assistant" and not script.is_given(block)):
        return said
    if block.role == "expect":
        if said.answer is not None and script.body(block).toml():
            script.fail(block, "The answer above is given, so nothing can be expected of it.", _RECORDED)
        return Said(said.user, said.answer, (*said.expect, block))
    if said.answer is not None or said.expect:
        script.fail(block, "This answer is given, so it stands right under what the user says.", _RECORDED)
    if not block.text and "text" not in block.options:
        script.fail(block, "The answer that is given here is empty.")
    return Said(said.user, block)


_RECORDED = 'If answers stand here as a record, put `assistant = "recorded"` into the front matter.'


def _check_options(script: Script, block: Block) -> None:
    known = OPTIONS.get(block.role, ())
    heading = script.heading(block)
    for key in block.options:
        refuse_secret(heading, key)
        if key not in known:
            if not known:
                raise heading.error_at_key(f"`# {block.role}` takes no options.", key)
            raise heading.unknown(f"`# {block.role}`", key, known)
    if "text" in block.options and block.text:
        script.fail(block, "The text is told twice: as `text = ...`, and under the heading.")
    if not isinstance(block.options.get("text", ""), str):
        raise heading.error_at_key("`text` must be a text.", "text")
    if not isinstance(block.options.get("given", True), bool):
        raise heading.error_at_key("`given` must be true or false.", "given")
