"""Asking for data: what all verbs that do so begin with, and who watches them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chatkit._chat.state import ChatState
from chatkit._display.choosing import Display
from chatkit._display.watching import Watcher, caller
from chatkit._engine.limits import Limits
from chatkit._engine.loop import ToolMode, is_concurrent
from chatkit._errors import ConfigError
from chatkit._turns.events import Event, TurnEnded
from chatkit._turns.inputs import user_turn, whole_number
from chatkit._turns.turns import UserTurn
from chatkit._warnings import SeveralAnswersWarning

if TYPE_CHECKING:
    from chatkit._engine.asks import Script
    from chatkit._engine.structured import Wish
    from chatkit._types.wanted import Way


class Asking(ChatState):
    """What a chat asks for."""

    def _wish(self, kind: Any, repairs: int, keep_repairs: bool, way: Way | None) -> Wish[Any]:
        from chatkit._engine.ladder import Ladder
        from chatkit._engine.structured import Wish
        from chatkit._types.answer import answer_of

        answer = answer_of(kind)
        ladder = Ladder(self._talk.provider, way, json.dumps(answer.schema, default=str))
        return Wish(answer, ladder, whole_number("repairs", repairs, 0), keep_repairs)

    def _typed(
        self, contents: Iterable[Any], wish: Wish[Any], tool_mode: ToolMode, limits: Limits, *, stream: bool
    ) -> Script:
        from chatkit._engine.structured import converse_typed

        user, concurrent = self._said(contents), is_concurrent(tool_mode)
        return converse_typed(self._talk, user, wish, stream=stream, concurrent=concurrent, limits=limits)

    def _said(self, contents: Iterable[Any]) -> UserTurn | None:
        given = [item for item in contents if item is not None]
        if given:
            return user_turn(given)
        if not len(self._talk.history) and self._talk.system is None:
            raise ConfigError("There is nothing to answer: give a text or another content, or a system prompt.")
        return None


class TypedWatcher(Watcher):
    """Reads the events of a call for a typed answer. An answer that is cut off is an error then, and not warned of."""

    def __init__(self, display: Display | None, wish: Wish[Any]) -> None:
        super().__init__(display)
        self._wish = wish

    def feed(self, event: Event) -> None:
        if type(event) is TurnEnded and event.turn.finish_reason in ("length", "content_filter"):
            if self._display is not None:
                self._display.show(event)
            return
        super().feed(event)

    def close(self) -> None:
        super().close()
        verdict = self._wish.verdict
        if verdict is not None and verdict.several:
            warnings.warn(
                "The typed answer held several objects; the first was taken.",
                SeveralAnswersWarning,
                stacklevel=caller(),
            )
