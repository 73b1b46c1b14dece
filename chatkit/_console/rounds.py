"""Commands that change the course of the conversation: starting anew, taking back, asking again, making it shorter."""

from __future__ import annotations

import contextlib
from typing import Literal

from chatkit._console.answering import answer, decide, say, waiting
from chatkit._console.state import Console
from chatkit._display.layout import cut
from chatkit._errors import ConfigError
from chatkit._turns.contents import Content, ContentText
from chatkit._turns.estimating import estimate_tokens
from chatkit._turns.turns import Round

_WORDS, _DIGITS = 60, 12
"""How many characters remind of what was said, and how many a number may have."""


def clear(console: Console, rest: str) -> None:
    """Begin a new conversation; what was kept in a store stays there, and the new one has an id of its own."""
    begin_anew(console)
    console.chat.set_turns([])
    console.attached = []
    console.file = None
    console.note("A new conversation.")


def begin_anew(console: Console) -> None:
    """Let go of what is kept in the store: what comes now is another conversation."""
    console.unanswered = None
    if console.store is not None:
        # Nothing was said yet, so that nothing is kept.
        with contextlib.suppress(ConfigError):
            console.store.detach(console.chat)


def undo(console: Console, rest: str) -> None:
    """Take back the last rounds."""
    wanted = rest.strip() or "1"
    if not _is_number(wanted) or int(wanted) < 1:
        raise ConfigError(f"{wanted[:20]!r} is no number of rounds.", hint="Usage: /undo, or /undo 2")
    rounds = console.chat.rounds()
    taken = rounds[-int(wanted) :]
    console.unanswered = None
    if not taken:
        console.note("Nothing was said yet.")
        return
    console.chat.undo(int(wanted))
    console.note(f"Took back {len(taken)} of {len(rounds)}: {begun(taken[0])}")


def begun(item: Round) -> str:
    """The first words of a round."""
    said = " ".join(turn.text for turn in item.input).split()
    return cut(" ".join(said), _WORDS, " ...") or "(no text)"


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _DIGITS


def retry(console: Console, rest: str) -> None:
    """Ask the last message again: the one that was not answered, or else the last round."""
    if console.unanswered is not None:
        say(console, console.unanswered)
        return
    with console.chat._back_to(-1, ()) as said:
        answer(console, said)


def edit(console: Console, rest: str) -> None:
    """Edit the last message, and ask it anew; images and files that went along with it do so again."""
    rounds = console.chat.rounds()
    if console.unanswered is None and not rounds:
        raise ConfigError("Nothing was said yet.")
    old = [item for turn in rounds[-1].input for item in turn.contents] if console.unanswered is None else []
    before = console.unanswered or "\n\n".join(item.text for item in old if isinstance(item, ContentText))
    text = rest.strip() or console.front.edit(before)
    if not text:
        console.note("Nothing was changed.")
    elif console.unanswered is not None:
        say(console, text)
    else:
        _ask_anew(console, text, [item for item in old if not isinstance(item, ContentText)])


def _ask_anew(console: Console, text: str, others: list[Content]) -> None:
    turns = console.chat.turns
    try:
        with console.chat._back_to(-1, [ContentText(text), *others]) as said:
            answer(console, said)
    except BaseException:
        if console.chat.turns == turns:
            console.given_back = f"/edit {text}"
        raise


def resume(console: Console, rest: str) -> None:
    """Ask again about the tool calls that wait."""
    if console.chat.pending_approvals():
        decide(console)
    else:
        console.note("No tool call waits.")


def compact(console: Console, rest: str) -> None:
    """Make the history shorter: to half, or to some tokens, by a summary or by dropping the oldest rounds."""
    words = rest.lower().split()
    numbers = [word.replace(",", "") for word in words if _is_number(word.replace(",", ""))]
    ways = [word for word in words if word in ("drop", "summarise", "summarize")]
    if len(numbers) > 1 or len(ways) > 1 or len(words) > len(numbers) + len(ways):
        raise ConfigError(f"{rest.strip()[:40]!r} is not understood.", hint="Usage: /compact, or /compact 2000 drop")
    how: Literal["drop", "summarise"] = "drop" if ways == ["drop"] else "summarise"
    tokens = int(numbers[0]) if numbers else max(1, estimate_tokens(console.chat.turns) // 2)
    with waiting(console) as (spinner, keyboard):
        keyboard.hush()
        spinner.turn("summing up" if how == "summarise" else "dropping")
        done = console.chat.compact(tokens, how=how)
    if not done.dropped:
        console.note(f"All of the about {done.before:,} tokens fit already, or are the last round.")
        return
    if done.summary is not None:
        console.note(f"Summed up: {done.summary}")
    console.note(f"About {done.before:,} tokens became about {done.after:,}; {len(done.dropped)} turns are gone.")
