"""The printed form of a chat: a header with what is known of tokens and cost, then every turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatkit._display.layout import cells, cut
from chatkit._display.sanitize import one_line
from chatkit._display.terminal import Style, Terminal, encodable, symbol
from chatkit._display.wording import content_text, head
from chatkit._turns.accounting import dollars
from chatkit._turns.contents import Content, ContentThinking, ContentToolResult
from chatkit._turns.turns import AssistantTurn, SystemTurn, Turn, Usage


def chat_text(
    name: str,
    model: str | None,
    system: str | None,
    turns: Sequence[Turn],
    color: bool = False,
    width: int = 80,
    encoding: str = "utf-8",
) -> str:
    """Put a chat into words, for `print()` and the console.

    Text is not re-wrapped, so that what is copied from it is what was said. Of a tool result the first lines are
    shown.

    Args:
        name: The provider's name.
        model: The model's id, or None when the server chooses.
        system: The system prompt, or None.
        turns: The turns; a system turn may be among them.
        color: Whether SGR sequences may be used.
        width: Columns that a rule may fill.
        encoding: What the text will be written in; what it lacks becomes `?`, and rules and marks ASCII.
    """
    said: list[Turn] = [SystemTurn(system)] if system else []
    said += turns
    style = Style(color)
    parts = [_header(name, model, said)]
    for turn in said:
        parts.append(_rule(turn, style, width, encoding))
        parts += filter(None, (_content(item, style, encoding) for item in turn.contents))
    return encodable("\n".join(parts), encoding)


def text_for_stdout(name: str, model: str | None, system: str | None, turns: Sequence[Turn]) -> str:
    """A chat in words, fit for what stdout is now; without colour, since a `str` may go anywhere."""
    out = Terminal()
    return chat_text(name, model, system, turns, width=out.width, encoding=out.encoding)


def _header(name: str, model: str | None, turns: Sequence[Turn]) -> str:
    answers = [turn for turn in turns if isinstance(turn, AssistantTurn)]
    title = one_line("/".join(filter(None, (name, model))))
    known = _accounts([turn.usage for turn in answers], [turn.cost for turn in answers])
    return f"<Chat {' '.join([title, f'turns={len(turns)}', *known])}>"


def _rule(turn: Turn, style: Style, width: int, encoding: str) -> str:
    line = symbol("─", "-", encoding)
    note = _note(turn) if isinstance(turn, AssistantTurn) else ""
    note = cut(note, width - len(turn.role) - 6, symbol("…", "...", encoding) + "]")
    paint = {"user": style.blue, "assistant": style.green, "system": style.bold}[turn.role]
    left = width - len(turn.role) - cells(note) - 4 - bool(note)
    return f"{line * 2} {paint(turn.role)}{' ' * bool(note)}{note} {line * left}"


def _note(turn: AssistantTurn) -> str:
    if turn.interrupted is not None:
        return f"[{one_line(turn.interrupted)}]"
    known = _accounts([turn.usage], [turn.cost])
    return f"[{' '.join(known)}]" if known else ""


def _accounts(usages: Sequence[Usage], costs: Sequence[float | None]) -> list[str]:
    """What is known of tokens and cost; the cost only when all of it is known."""
    cached = sum(usage.cached_tokens or 0 for usage in usages if usage.input_tokens is not None)
    given = _total(usage.input_tokens for usage in usages)
    made = _total(usage.output_tokens for usage in usages)
    words = []
    if given is not None:
        # What came from a cache is part of the input; shown apart, since it is paid for apart.
        words.append(f"input={given - cached}+{cached}" if cached else f"input={given}")
    if made is not None:
        words.append(f"output={made}")
    paid = [cost for cost in costs if cost is not None]
    if paid and len(paid) == len(costs):
        words.append(f"cost={dollars(sum(paid))}")
    return words


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _content(content: Content, style: Style, encoding: str) -> str:
    text = content_text(content)
    if isinstance(content, ContentThinking):
        return style.dim(text)
    if isinstance(content, ContentToolResult):
        text = "\n".join(head(text, symbol("…", "...", encoding)))
        return style.red(text) if content.error is not None else text
    return text
