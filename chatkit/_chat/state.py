"""What every part of a chat stands on: the state of the conversation, and how a call of it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatkit._display.choosing import Display, EchoMode, display, resolve_echo
from chatkit._engine.conversation import Conversation
from chatkit._engine.loop import ToolMode, converse, is_concurrent
from chatkit._engine.streams import Call
from chatkit._http.messages import Transport
from chatkit._turns.history import History
from chatkit._turns.turns import UserTurn

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
        self._transport = transport
        self._echo = None if echo is None else resolve_echo(echo)

    def clone(self) -> Self:
        """A chat with the same state that goes its own way. Tools come along, callbacks do not."""
        return type(self)(self._talk.copy(), self._transport, echo=self._echo)

    def _display(self, echo: EchoMode | bool | None) -> Display | None:
        return display(resolve_echo(echo if echo is not None else self._echo))

    def _call(self, user: UserTurn, tool_mode: ToolMode, *, stream: bool) -> Call[Any]:
        script = converse(self._talk, user, stream=stream, concurrent=is_concurrent(tool_mode))
        return Call(self._talk, script, self._transport.line())

    def _call_async(self, user: UserTurn, tool_mode: ToolMode, *, stream: bool) -> Call[AsyncLine]:
        from chatkit._http.lines import AsyncLine

        script = converse(self._talk, user, stream=stream, concurrent=is_concurrent(tool_mode))
        return Call(self._talk, script, AsyncLine(self._transport))

    def _put(self, history: History) -> None:
        self._talk.busy.check()
        self._talk.history = history
