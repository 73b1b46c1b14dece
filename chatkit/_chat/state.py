"""What every part of a chat stands on: the state of the conversation, and how a call of it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatkit._display.choosing import Display, EchoMode, display, resolve_echo
from chatkit._display.showing import Showing
from chatkit._display.watching import Watcher
from chatkit._engine.asks import Script
from chatkit._engine.call import Call, events, events_async
from chatkit._engine.conversation import Conversation
from chatkit._engine.limits import Limits
from chatkit._http.messages import Line, Transport
from chatkit._turns.approvals import PendingApproval, Verdict, waiting_requests
from chatkit._turns.history import History
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, SystemTurn

if TYPE_CHECKING:
    from typing import Self

    from chatkit._http.lines import AsyncLine


class ChatState:
    """The state of a chat.

    Args:
        talk: The state of the conversation.
        transport: Opens the lines to the server.
        echo: As for `Chat`.
    """

    def __init__(self, talk: Conversation, transport: Transport, *, echo: EchoMode | bool | None = None) -> None:
        self._talk = talk
        talk.approvers.add(_ask)
        self._transport = transport
        self._echo = None if echo is None else resolve_echo(echo)

    def __setattr__(self, name: str, value: object) -> None:
        # `chat.temperature = 0` would otherwise do nothing, and not say so.
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(
                f"A chat has no {name!r} that can be set. Parameters of the model are set by chat.params = params(...)."
            )
        super().__setattr__(name, value)

    def clone(self) -> Self:
        """A chat with the same state that goes its own way. Tools come along, callbacks do not."""
        return type(self)(self._talk.copy(), self._transport, echo=self._echo)

    def _showing(self, echo: EchoMode | bool | Showing | None) -> Showing:
        """Where a call is shown: as the word says, or as a room above wants it. Without a word the chat's counts."""
        if isinstance(echo, Showing):
            return echo
        shown = display(resolve_echo(echo if echo is not None else self._echo))
        return Showing(shown, stream=shown is not None)

    def _call(self, script: Script, limits: Limits) -> Call[Line]:
        return Call(self._talk, script, self._transport.line(), limits)

    def _call_async(self, script: Script, limits: Limits) -> Call[AsyncLine]:
        from chatkit._http.lines import AsyncLine

        return Call(self._talk, script, AsyncLine(self._transport), limits)

    def _hear(
        self,
        script: Script,
        shown: Display | None,
        limits: Limits,
        watched: Callable[[Display | None], Watcher] = Watcher,
    ) -> Watcher:
        """Run a call to its end, show it, and give the watcher that saw it."""
        watcher = watched(shown)
        try:
            for event in events(self._call(script, limits)):
                watcher.feed(event)
        finally:
            watcher.close()
        return watcher

    async def _hear_async(
        self,
        script: Script,
        shown: Display | None,
        limits: Limits,
        watched: Callable[[Display | None], Watcher] = Watcher,
    ) -> Watcher:
        """The twin of `_hear`."""
        watcher = watched(shown)
        try:
            async for event in events_async(self._call_async(script, limits)):
                watcher.feed(event)
        finally:
            watcher.close()
        return watcher

    def _reply(self, watcher: Watcher) -> Reply:
        """The answer that a call came to, and what it waits for, if it does."""
        turn = watcher.turn
        if turn is not None and not turn.tool_requests:
            return watcher.reply(turn)
        turns = self._talk.history.turns
        last = next(turn for turn in reversed(turns) if isinstance(turn, AssistantTurn))
        return watcher.reply(last, [PendingApproval(request) for request in waiting_requests(turns)])

    def _put(self, history: History, system: SystemTurn | None = None) -> None:
        """Replace the turns, and the system prompt if one is given."""
        with self._talk.busy.kept_out():
            self._talk.history = history
            self._talk.system = system or self._talk.system
        self._talk.changed()


def _ask(approval: PendingApproval) -> Verdict:
    from chatkit._display.approving import ask_at_prompt

    return ask_at_prompt(approval)
