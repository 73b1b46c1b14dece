"""The turns of a chat: looking at them, and changing their course."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

from chatkit._chat.state import ChatState
from chatkit._errors import ConfigError
from chatkit._turns.accounting import rounds_of
from chatkit._turns.history import History
from chatkit._turns.inputs import exchange, whole_history, whole_number
from chatkit._turns.turns import AssistantTurn, Round, Turn, UserTurn

if TYPE_CHECKING:
    from typing import Self

Role: TypeAlias = Literal["assistant", "user", "system"]


class Remembering(ChatState):
    """What a chat remembers."""

    @property
    def turns(self) -> list[Turn]:
        """The turns, oldest first, without the system prompt: a copy. Set it to replace them, see `set_turns`."""
        return list(self._talk.history.turns)

    @turns.setter
    def turns(self, value: Iterable[Turn]) -> None:
        self.set_turns(value)

    def get_turns(self, *, include_system_prompt: bool = False) -> list[Turn]:
        """The turns so far, oldest first, as a list of your own.

        Args:
            include_system_prompt: Whether the system prompt stands in front, as a turn.
        """
        system = self._talk.system
        return [system, *self.turns] if include_system_prompt and system is not None else self.turns

    def set_turns(self, value: Iterable[Turn]) -> Self:
        """Replace all turns. The system prompt stays, unless the new turns begin with one of their own.

        Args:
            value: User and assistant turns, oldest first; `[]` starts anew.

        Returns:
            The chat itself.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when something else is among them; the chat is unchanged.
        """
        system, history = whole_history(value)
        self._put(history, system)
        return self

    def add_turn(self, user: UserTurn | str, assistant: AssistantTurn | str) -> Self:
        """Add an exchange as if it had taken place.

        Args:
            user: What the user said; a string will do.
            assistant: What the model answered; a string will do.

        Returns:
            The chat itself.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when they are no user turn and assistant turn.
        """
        pair = exchange(user, assistant)
        with self._talk.busy.kept_out():
            self._talk.history.commit(*pair)
        self._talk.changed()
        return self

    def last_turn(self, role: Role = "assistant") -> Turn | None:
        """The last turn of a role, or None.

        Args:
            role: "assistant", "user" or "system".

        Raises:
            ConfigError: for any other role.
        """
        if role not in ("assistant", "user", "system"):
            raise ConfigError(f'`role` must be "assistant", "user" or "system", not {role!r}.')
        if role == "system":
            return self._talk.system
        return next((turn for turn in reversed(self._talk.history.turns) if turn.role == role), None)

    def rounds(self) -> list[Round]:
        """The turns grouped into rounds: what the user said, and all that was answered, tool calls included."""
        return rounds_of(self._talk.history.turns)

    def undo(self, rounds: int = 1) -> list[Turn]:
        """Take back the last rounds.

        Args:
            rounds: How many; more than there are takes all.

        Returns:
            The turns that were taken back.

        Raises:
            ConfigError: when it is not a whole number of 1 or more.
            ChatBusyError: when the chat is in the middle of a call.
        """
        taken = whole_number("rounds", rounds, 1)
        with self._talk.busy.kept_out():
            turns = self._talk.history.turns
            kept = sum(len(item.input) + len(item.response) for item in rounds_of(turns)[:-taken])
            self._talk.history = History(turns[:kept])
        self._talk.changed()
        return list(turns[kept:])

    def fork(self, rounds: int | None = None) -> Self:
        """A clone that goes on from an earlier point.

        Args:
            rounds: How many rounds, counted from the first, the fork keeps; None keeps all, a negative number
                leaves that many out at the end.

        Returns:
            The new chat.

        Raises:
            ConfigError: when it is something else.
        """
        kept = whole_number("rounds", rounds) if rounds is not None else None
        fork = self.clone()
        fork.set_turns([turn for item in self.rounds()[:kept] for turn in (*item.input, *item.response)])
        return fork

    def __copy__(self) -> Self:
        return self.clone()

    def __deepcopy__(self, memo: object) -> Self:
        return self.clone()

    def __len__(self) -> int:
        return len(self._talk.history)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)

    def __bool__(self) -> bool:
        # A chat without turns is a chat all the same.
        return True
