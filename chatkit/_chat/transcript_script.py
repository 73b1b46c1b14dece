"""A transcript as a script: what was said by the user can be said again, and what was answered stands beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatkit._chat.exchanges import Exchange, told_outcomes
from chatkit._chat.prompts import Prompt
from chatkit._errors import ChatkitError
from chatkit._record.replay import contents_record
from chatkit._render.markdown import Exact, joined
from chatkit._render.subject import voice
from chatkit._render.talk import Block, comment, script_text, toml_line
from chatkit._turns.contents import ContentText
from chatkit._turns.turns import AssistantTurn, Turn


def transcript_script(
    front: Mapping[str, Any], exchanges: Iterable[Exchange], remark: str, error: ChatkitError | None
) -> str:
    """The Markdown of a transcript.

    Its front matter says `assistant = "recorded"`: when it is run, the blocks under `# assistant` and `# tool` are
    passed over, and the user's turns are said anew.

    Args:
        front: Further front matter.
        exchanges: What was said.
        remark: A comment at the top.
        error: What ended the run early, if something did.
    """
    blocks = [block for item in exchanges for block in _blocks(item)]
    if error is not None:
        # Before the first heading anything is a note.
        blocks.append(Block("expect" if blocks else "", comment(f"The run ended here: {error}")))
    return script_text({**front, "assistant": "recorded"}, blocks, remark)


def literal(value: Any) -> Any:
    """A value in whose texts nothing is a placeholder."""
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(literal, value))
    return value.replace("{{", "{{{{") if isinstance(value, str) else value


def _blocks(item: Exchange) -> Iterator[Block]:
    yield _user(item.prompt)
    if item.prompt.answer is not None:
        yield Block("assistant", literal(item.prompt.answer), {"given": True})
        return
    for turn in item.turns[1:]:
        if text := _recorded(turn):
            yield Block("tool" if voice(turn) == "tool" else turn.role, text)
    for lines in _expected(item):
        yield Block("expect", "\n".join(lines))


def _user(prompt: Prompt) -> Block:
    options: dict[str, Any] = {}
    if prompt.type is not None:
        options["schema"] = json.dumps(prompt.schema, ensure_ascii=False)
    if prompt.params is not None:
        options |= prompt.params.items()
        options |= {"params": dict(prompt.params.extra)} if prompt.params.extra else {}
    if prompt.tool_choice is not None:
        options["tool_choice"] = prompt.tool_choice
    contents = prompt.turn.contents
    if len(contents) == 1 and isinstance(contents[0], ContentText):
        return Block("user", literal(contents[0].text), literal(options))
    options["contents"] = json.dumps(contents_record(prompt.turn)["contents"], ensure_ascii=False)
    return Block("user", "", literal(options))


def _recorded(turn: Turn) -> str:
    parts = [joined(turn.contents, Exact())]
    if isinstance(turn, AssistantTurn) and turn.interrupted is not None:
        parts.append(f"**Broke off:** {turn.interrupted}")
    # For people: line ends and blanks around it need not be kept.
    return str(literal("\n\n".join(filter(None, parts)).replace("\r\n", "\n").replace("\r", "\n").strip()))


def _expected(item: Exchange) -> list[list[str]]:
    """The lines of each block of expectations: in TOML a name stands once."""
    blocks: list[list[str]] = []
    names: set[str] = set()
    for outcome in told_outcomes(item):
        name = outcome.expectation.name
        if name in names or not blocks:
            blocks, names = [*blocks, []], set()
        names.add(name)
        told = "holds" if outcome.ok else f"FAILS: {outcome.problem}"
        blocks[-1] += [toml_line(name, literal(outcome.expectation.value)), comment(told)]
    return blocks
