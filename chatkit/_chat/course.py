"""The course of a run: which prompt is next, what came of it, and the transcript in the end."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias

from chatkit._chat.exchanges import Exchange
from chatkit._chat.expecting import Heard, Outcome, judged
from chatkit._chat.prompts import Prompt, prompts_of
from chatkit._chat.transcript import Transcript
from chatkit._engine.conversation import Conversation
from chatkit._engine.pricing import priced_now
from chatkit._engine.tool_choice import check_tool_choice
from chatkit._errors import Cancelled, ChatkitError, ConfigError
from chatkit._providers.huggingface import BASE_URL as HUGGING_FACE
from chatkit._providers.params import Params
from chatkit._turns.accounting import total_cost
from chatkit._turns.inputs import exchange
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Turn

OnError: TypeAlias = Literal["raise", "return"]
Progress: TypeAlias = Callable[[int, int, Prompt], object]


class Course:
    """A run that is going on. Iterate over it for the prompts to be said.

    Args:
        talk: The conversation.
        prompts: What is said, as for `Chat.run`.
        title: What the conversation is called.
        on_error: "raise", or "return" to end the run and tell of the error in the transcript.
        progress: Called before each prompt.

    Attributes:
        answer: What the call for the prompt that is taken came to; set by whoever makes the call.

    Raises:
        ConfigError: when something given cannot be used.
    """

    def __init__(
        self,
        talk: Conversation,
        prompts: Iterable[Any],
        title: str,
        on_error: OnError,
        progress: Progress | None,
    ) -> None:
        if on_error not in ("raise", "return"):
            raise ConfigError(f'`on_error` must be "raise" or "return", not {on_error!r}.')
        if not isinstance(title, str):
            raise ConfigError(f"`title` must be a text, not {title!r}.")
        self.answer: Any = None
        self._talk = talk
        self._prompts = prompts_of(prompts)
        self._title = title
        self._returns = on_error == "return"
        self._progress = progress
        self._exchanges: list[Exchange] = []
        self._error: ChatkitError | None = None
        for prompt in self._prompts:
            check_tool_choice(prompt.tool_choice, talk.toolbox.tools)

    @property
    def needs_prices(self) -> bool:
        """Whether something is expected of costs for which prices have to be looked up."""
        return not self._talk.prices and any(one.name == "max_cost" for item in self._prompts for one in item.expect)

    def __iter__(self) -> Iterator[Prompt]:
        for number, prompt in enumerate(self._prompts, 1):
            if self._error is not None:
                return
            if prompt.answer is not None:
                self._give(prompt, prompt.answer)
                continue
            if self._progress is not None:
                self._progress(number, len(self._prompts), prompt)
            yield prompt

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Around the whole run: what ends it from outside, such as Ctrl-C, carries the transcript so far."""
        try:
            yield
        except ChatkitError:
            raise
        except BaseException as error:
            self._error = _broken_off(error)
            error.transcript = self.transcript()  # type: ignore[attr-defined]
            raise

    def options(self, prompt: Prompt) -> dict[str, Any]:
        """What the verb takes that asks for the answer."""
        return {"tool_choice": prompt.tool_choice} if prompt.type is None else {"type": prompt.type}

    @contextlib.contextmanager
    def taking(self, prompt: Prompt) -> Iterator[None]:
        """Around the call for a prompt: its parameters hold within it, and what came of it is noted."""
        self.answer = None
        before, began = len(self._talk.history), time.monotonic()
        try:
            with self._params(prompt.params):
                yield
            self._refuse_waiting()
        except ChatkitError as error:
            self._error = error
            if not self._returns:
                raise
        finally:
            self._note(prompt, before, time.monotonic() - began)

    def transcript(self) -> Transcript:
        """What the run came to."""
        talk = self._talk
        params = dict(talk.provider.params.items()) | dict(talk.provider.params.extra)
        url = talk.provider.base_url
        place = {"provider": "huggingface"} if url == HUGGING_FACE else {"base_url": url}
        settings = {**place, **({"params": params} if params else {})}
        system = talk.system.text if talk.system is not None else None
        return Transcript(tuple(self._exchanges), self._title, talk.provider.model, system, self._error, settings)

    @contextlib.contextmanager
    def _params(self, own: Params | None) -> Iterator[None]:
        if own is None:
            yield
            return
        old = self._talk.provider.params
        extra = {**old.extra, **own.extra}
        self._talk.change(params=Params(**{**dict(old.items()), **dict(own.items()), "extra": extra}))
        try:
            yield
        finally:
            self._talk.change(params=old)

    def _give(self, prompt: Prompt, answer: str) -> None:
        said, given = exchange(prompt.turn, answer)
        with self._talk.busy.kept_out():
            self._talk.history.commit(said, given)
        self._talk.changed()
        self._exchanges.append(Exchange(prompt, (said, given), Reply(given)))

    def _refuse_waiting(self) -> None:
        pending = self.answer.pending if isinstance(self.answer, Reply) else ()
        if pending:
            names = ", ".join(approval.name for approval in pending)
            raise ConfigError(
                f"A call of {names} waits for approval, and a run cannot wait.",
                hint="Say who approves by chat.on_approval(), or give tools that need no approval.",
            )

    def _note(self, prompt: Prompt, before: int, seconds: float) -> None:
        turns = tuple(priced_now(self._talk, self._talk.history.since(before)))
        outcomes: tuple[Outcome, ...] = ()
        if self._error is None and self.answer is not None:
            outcomes = judged(prompt.expect, self._heard(prompt, turns, seconds))
        self._exchanges.append(Exchange(prompt, turns, self.answer, outcomes, seconds))

    def _heard(self, prompt: Prompt, turns: tuple[Turn, ...], seconds: float) -> Heard:
        cost = total_cost(turns)
        last = next((turn for turn in reversed(turns) if isinstance(turn, AssistantTurn)), None)
        if prompt.type is None or last is None:
            return Heard(str(self.answer), None, turns, seconds, cost)
        data = prompt.data_of(last)
        plain = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        return Heard(last.text if isinstance(data, dict) else plain, data, turns, seconds, cost)


def _broken_off(error: BaseException) -> ChatkitError:
    if isinstance(error, KeyboardInterrupt):
        return Cancelled("The run was broken off by Ctrl-C.")
    told = ": ".join(filter(None, [type(error).__name__, str(error)]))
    return ChatkitError(f"The run was broken off by {told}")
