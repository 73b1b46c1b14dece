"""Changing the course of a conversation: trying again, editing, trying something out, and making it shorter."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.remembering import Remembering
from chatkit._chat.talking import Talking
from chatkit._engine.asks import Script
from chatkit._engine.conversation import Conversation
from chatkit._engine.limits import Limits, check_limits
from chatkit._engine.loop import converse
from chatkit._errors import ConfigError, IncompleteOutputError
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import Content
from chatkit._turns.history import History
from chatkit._turns.inputs import whole_number
from chatkit._turns.readers import Readers
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Turn, UserTurn, as_contents

if TYPE_CHECKING:
    from typing import Self

    from chatkit._turns.compacting import Compaction, CompactWay

_SUMMARISE = (
    "Summarise our conversation so far, for yourself to go on from: what I want, what was found out and decided, "
    "names, figures and code that still matter, and what is open. Leave out what no longer matters."
)


class Rewriting(Talking, Remembering):
    """What a chat takes back and says anew."""

    def retry(self, **options: Any) -> Reply:
        """Take the last round back and ask the same again.

        When nothing of the new answer arrives the chat is as it was before. For a streamed second try, `undo()` and
        then `stream()` what it gives back.

        Args:
            **options: As for `chat`: `echo`, `tool_mode`, `limits`.

        Returns:
            The new answer, as for `chat`.

        Raises:
            ConfigError: when nothing was said yet.
            ChatkitError: as for `chat`.
        """
        return self.edit(-1, **options)

    async def retry_async(self, **options: Any) -> Reply:
        """Take the last round back and ask the same again. The twin of `retry`, with the same arguments."""
        return await self.edit_async(-1, **options)

    def edit(self, round_index: int, *contents: str | Content | None, **options: Any) -> Reply:
        """Go back to a round and say something else there; what came after it is taken back.

        When nothing of the new answer arrives the chat is as it was before. To keep the old course, `fork()` first.

        Args:
            round_index: Which round, counted from 0; negative numbers count from the end.
            *contents: What to say instead; nothing says the same again.
            **options: As for `chat`: `echo`, `tool_mode`, `limits`.

        Returns:
            The new answer, as for `chat`.

        Raises:
            ConfigError: when there is no such round.
            ChatkitError: as for `chat`.
        """
        with self._back_to(round_index, contents) as said:
            return self.chat(*said, **options)

    async def edit_async(self, round_index: int, *contents: str | Content | None, **options: Any) -> Reply:
        """Go back to a round and say something else there. The twin of `edit`, with the same arguments."""
        with self._back_to(round_index, contents) as said:
            return await self.chat_async(*said, **options)

    @contextlib.contextmanager
    def temporary(self) -> Iterator[Self]:
        """Try something out: what is said inside of the `with` block is forgotten at its end.

        Turns, system prompt, model and parameters are then as they were before; tools, limits, metadata and what
        was spent are not taken back. An answer that is still streaming at the end of the block is cancelled.
        """
        talk = self._talk
        with talk.busy.kept_out():
            before = (talk.history, talk.system, talk.provider, talk.readers)
            # Nobody reads along in what is to be forgotten.
            talk.history, talk.readers = History(talk.history.turns), Readers()
        try:
            yield self
        finally:
            self._end("the temporary chat ended")
            talk.history, talk.system, talk.provider, talk.readers = before

    def compact(
        self,
        max_tokens: int,
        *,
        how: CompactWay = "drop",
        keep_rounds: int = 1,
        limits: Limits | None = None,
    ) -> Compaction:
        """Make the history shorter, so that it fits a budget of tokens; rounds stay whole, tool calls with them.

        Args:
            max_tokens: What the rounds that stay may take, by a rough estimate: a quarter of their characters.
            how: "drop" forgets the oldest rounds; "summarise" has the model write a summary in their place, which
                costs a request.
            keep_rounds: How many of the newest rounds stay however long they are, 1 or more.
            limits: What the request for a summary may use up.

        Returns:
            What was done; its `dropped` is empty when all fits already.

        Raises:
            ConfigError: when an argument is out of range.
            IncompleteOutputError: when the summary was cut off, or is empty; the history is then unchanged.
            ChatkitError: as for `chat`, when a summary is asked for; the history is then unchanged.
        """
        old, new = self._split(max_tokens, keep_rounds, how)
        if not old or how == "drop":
            return self._compacted(old, new)
        side, allowed = self._aside(old), check_limits(limits)
        self._hear(_summarising(side, allowed), None, allowed)
        return self._compacted(old, new, side)

    async def compact_async(
        self,
        max_tokens: int,
        *,
        how: CompactWay = "drop",
        keep_rounds: int = 1,
        limits: Limits | None = None,
    ) -> Compaction:
        """Make the history shorter. The twin of `compact`, with the same arguments."""
        old, new = self._split(max_tokens, keep_rounds, how)
        if not old or how == "drop":
            return self._compacted(old, new)
        side, allowed = self._aside(old), check_limits(limits)
        await self._hear_async(_summarising(side, allowed), None, allowed)
        return self._compacted(old, new, side)

    @contextlib.contextmanager
    def _back_to(self, round_index: int, contents: Sequence[str | Content | None]) -> Iterator[tuple[Content, ...]]:
        """Go back to before a round; gives what to say there, and goes forward again when nothing comes of it."""
        rounds, index = self.rounds(), whole_number("round_index", round_index)
        if not -len(rounds) <= index < len(rounds):
            raise ConfigError(f"There is no round {index}: the chat has {len(rounds)}.")
        index %= len(rounds)
        said = as_contents([item for item in contents if item is not None])
        kept = [turn for item in rounds[:index] for turn in (*item.input, *item.response)]
        with self._talk.busy.kept_out():
            before = self._talk.history
            # Not told to those who read along: what comes after is not taken back before there is something new.
            self._talk.history = History(turn for turn in before.turns[: len(kept)])
        try:
            yield said or tuple(item for turn in rounds[index].input for item in turn.contents)
        except BaseException:
            if len(self._talk.history) == len(kept):
                self._talk.history = before
            raise

    def _split(self, max_tokens: int, keep_rounds: int, how: str) -> tuple[list[Turn], list[Turn]]:
        from chatkit._turns.compacting import check_budget, split_at_budget

        check_budget(max_tokens, keep_rounds, how)
        self._talk.busy.check()
        return split_at_budget(self._talk.history.turns, max_tokens, keep_rounds)

    def _aside(self, turns: Sequence[Turn]) -> Conversation:
        """A conversation beside this one, about some turns of it and without tools, paid for by this one."""
        side = self._talk.copy()
        side.history = History(turn for turn in self._talk.history.turns[: len(turns)])
        side.toolbox, side.spent = Toolbox(), self._talk.spent
        return side

    def _compacted(self, old: list[Turn], new: list[Turn], side: Conversation | None = None) -> Compaction:
        from chatkit._turns.compacting import Compaction
        from chatkit._turns.estimating import estimate_tokens

        before = self._talk.history
        # The summary is the model's own: it stands where it was asked for, as an exchange like any other.
        summary = side.history.since(len(old)) if side is not None else []
        text = _summed_up(summary[-1]) if summary else None
        if old:
            self._put(History([*summary, *before.turns[len(old) :]]))
        return Compaction(tuple(old), estimate_tokens(before.turns), estimate_tokens(self._talk.history.turns), text)


def _summarising(side: Conversation, limits: Limits) -> Script:
    return converse(side, UserTurn(_SUMMARISE), stream=False, concurrent=False, limits=limits)


def _summed_up(answer: Turn) -> str:
    """The text of a summary that can stand in the place of what it sums up."""
    cut_off = isinstance(answer, AssistantTurn) and answer.finish_reason in ("length", "content_filter")
    if cut_off or not answer.text.strip():
        raise IncompleteOutputError(
            f"The summary {'was cut off' if cut_off else 'is empty'}; nothing was left out of the history.",
            hint='Raise max_tokens, try again, or use how="drop".',
            turn=answer,
        )
    return answer.text
