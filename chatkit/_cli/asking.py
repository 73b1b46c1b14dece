"""One question and its answer: asked, shown, and told as text, code or JSON."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatkit._chat.chat import Chat
from chatkit._cli.output import complain, say, say_json
from chatkit._cli.said import stdin_is_terminal
from chatkit._cli.shown import Apart, NoAnswer, words
from chatkit._display.approving import asked
from chatkit._display.choosing import EchoMode
from chatkit._display.sanitize import visible
from chatkit._display.showing import Showing
from chatkit._display.terminal import Terminal
from chatkit._turns.accounting import total_usage
from chatkit._turns.approvals import PendingApproval, Verdict
from chatkit._turns.contents import Content
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, UserTurn


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is told.

    Args:
        kind: The type that it shall be; None for words.
        as_json: Whether all that is known of it is told, as JSON.
        code: "first" or "last": the code block that is told instead of the answer; empty for the answer.
        plain: Whether Markdown is left alone.
        stream: Whether it is asked for in pieces.
        echo: What is said on standard error.
    """

    kind: Any = None
    as_json: bool = False
    code: str = ""
    plain: bool = False
    stream: bool = True
    echo: EchoMode = "output"

    @property
    def is_told_at_once(self) -> bool:
        """Whether nothing can be shown before all of it is there."""
        return self.kind is not None or self.as_json or bool(self.code)


def ask(chat: Chat, contents: Sequence[str | Content], form: Form, id: str | None) -> int:
    """Say something, and print what is answered.

    Args:
        chat: The chat.
        contents: What is said.
        form: How the answer is told.
        id: What the conversation is called where it is kept.

    Returns:
        The exit code.

    Raises:
        ChatkitError: as for `Chat.chat`.
    """
    before = len(chat.turns)
    chat.on_approval(_approve)
    answer = NoAnswer() if form.is_told_at_once else words(form.plain)
    shown: Any = Showing(Apart(answer, form.echo), stream=form.stream)
    value: Any = None
    if form.kind is not None:
        value = chat.chat_structured(*contents, type=form.kind, echo=shown)
    else:
        reply = chat.chat(*contents, echo=shown)
        if reply.pending:
            return _waits(reply)
    return _tell(chat, before, form, value, id)


def _tell(chat: Chat, before: int, form: Form, value: Any, id: str | None) -> int:
    """Print what was not shown while it came."""
    if form.as_json:
        say_json(report(chat, before, form, value, id))
    elif form.kind is not None:
        say_json(value)
    elif form.code:
        return _tell_code(chat, form.code)
    return 0


def _tell_code(chat: Chat, which: str) -> int:
    from chatkit._render.code_blocks import code_blocks

    text = next(turn.text for turn in reversed(chat.turns) if isinstance(turn, AssistantTurn))
    blocks = code_blocks(text)
    if blocks:
        say(visible(blocks[0 if which == "first" else -1].code.removesuffix("\n")))
        return 0
    print(visible(text), file=sys.stderr)
    complain("the answer has no code block; it stands above")
    return 1


def report(chat: Chat, before: int, form: Form, value: Any, id: str | None) -> dict[str, Any]:
    """All that is known of an answer, for `--json`.

    Args:
        chat: The chat, after the call.
        before: How many turns it had before the call.
        form: How the answer was asked for.
        value: The typed answer, if one was asked for.
        id: What the conversation is called where it is kept.
    """
    turns = chat.turns[before:]
    answers = [turn for turn in turns if isinstance(turn, AssistantTurn)]
    last = answers[-1]
    told: dict[str, Any] = {"model": last.model or chat.model, "text": last.text}
    if form.kind is not None:
        told["value"] = value
    results = {result.id: result for turn in turns if isinstance(turn, UserTurn) for result in turn.tool_results}
    return told | {
        "usage": dataclasses.asdict(total_usage(turns)),
        "cost": _cost(chat, len(answers)),
        "finish_reason": last.finish_reason,
        "thinking": last.thinking or None,
        "tool_calls": [
            {"name": call.name, "arguments": call.arguments, "error": results[call.id].error}
            for turn in answers
            for call in turn.tool_requests
            if call.id in results
        ],
        "sources": [dataclasses.asdict(source) for source in last.sources],
        "duration": last.duration,
        "time_to_first_token": last.time_to_first_token,
        "provider": last.served_by,
        "request_id": last.request_id,
        "id": id,
    }


def _cost(chat: Chat, answers: int) -> float | None:
    """US dollars of the last answers; the price may be asked for."""
    if chat.get_cost("last") is None:
        return None
    costs = [row.cost for row in chat.get_tokens()[-answers:]]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def _waits(reply: Reply) -> int:
    names = ", ".join(dict.fromkeys(approval.name for approval in reply.pending))
    complain(f"the model wants to call {names}, which needs a yes, and nobody gave one")
    return 1


def _approve(approval: PendingApproval) -> Verdict:
    """Ask the person at the terminal; standard output is for the answer."""
    if not stdin_is_terminal() or sys.stderr is None or not sys.stderr.isatty():
        return None
    return asked(approval, Terminal(name="stderr"), question)


def question(text: str) -> str | None:
    """Ask the person at the terminal something; None when there is no more input, and the line is left open then."""
    out = Terminal(name="stderr")
    try:
        out.write(visible(text))
        return sys.stdin.readline() or None
    except KeyboardInterrupt:
        out.write("\n")
        raise
