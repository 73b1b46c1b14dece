"""The state of a conversation: what the loop reads at every step, and what a chat's verbs change in between."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._engine.limits import Limits, Meter, Spent
from chatkit._errors import ChatBusyError
from chatkit._http.retry import RetryPolicy
from chatkit._models.prices import Price
from chatkit._providers.params import Params
from chatkit._providers.provider import Provider
from chatkit._tools.callbacks import Callbacks
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.history import History
from chatkit._turns.readers import Readers
from chatkit._turns.turns import SystemTurn

DEFAULT_ROUNDS = 10


class Busy:
    """Lets one call at a time into a conversation; the others are told so, and the first goes on unharmed."""

    __slots__ = ("_lock", "holder")

    def __init__(self) -> None:
        # A call that is forgotten leaves wherever Python happens to notice it, in here too.
        self._lock = threading.RLock()
        self.holder: object = None

    def enter(self, holder: object) -> None:
        """Let a call in.

        Raises:
            ChatBusyError: when another call is in.
        """
        with self._lock:
            self.check()
            self.holder = holder

    @contextlib.contextmanager
    def kept_out(self) -> Iterator[None]:
        """Keep calls out for a moment, in which the conversation is changed from beside them.

        Raises:
            ChatBusyError: when one is in.
        """
        with self._lock:
            self.check()
            yield

    def check(self) -> None:
        """Make sure that nobody is in.

        Raises:
            ChatBusyError: when a call is.
        """
        if self.holder is not None:
            raise ChatBusyError(
                "The chat is already streaming, or busy with another call.",
                hint="Finish or close that one first, or talk to a clone() of the chat.",
            )

    def __reduce__(self) -> tuple[type[Busy], tuple[()]]:
        # Who is in here is not in there.
        return Busy, ()

    def leave(self, holder: object) -> None:
        """Let a call out; harmless when it is not in."""
        with self._lock:
            if self.holder is holder:
                self.holder = None


@dataclass(slots=True, weakref_slot=True)
class Conversation:
    """Everything that a conversation is made of.

    Args:
        provider: Translates for the server.
        history: The turns so far.
        system: The system prompt, if there is one.
        toolbox: The tools on offer.
        retries: When to try again.
        max_rounds: How many times in one call the model may ask for tools.
        limits: What all calls together may use up.
        spent: What they have used up.
        approvers: Who is asked about tool calls that need approval, the newest first.
        metadata: The user's own notes about the conversation; tools can read them, the model cannot.
        jitter: Gives numbers from 0 to 1 that spread retries in time.
        busy: Lets one call at a time in.
        fallbacks: Providers that are asked, in order, when the provider cannot answer.
        prices: The user's own prices, by the model's name, perhaps with its route.
        readers: Whoever reads along, such as a store; a copy has none.
    """

    provider: Provider
    history: History = field(default_factory=History)
    system: SystemTurn | None = None
    toolbox: Toolbox = field(default_factory=Toolbox)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    max_rounds: int = DEFAULT_ROUNDS
    limits: Limits = field(default_factory=Limits)
    spent: Spent = field(default_factory=Spent)
    approvers: Callbacks = field(default_factory=Callbacks)
    metadata: dict[str, Any] = field(default_factory=dict)
    jitter: Callable[[], float] = random.random
    busy: Busy = field(default_factory=Busy)
    fallbacks: tuple[Provider, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    readers: Readers = field(default_factory=Readers, repr=False)

    def changed(self) -> None:
        """Tell whoever reads along that something was changed; within a call they look by themselves."""
        if self.busy.holder is None:
            self.readers.changed()

    def meter(self, limits: Limits | None) -> Meter:
        """What holds a call to its limits and to those of the chat."""
        return Meter(limits or Limits(), self.limits, self.spent, self.max_rounds)

    def change(self, *, model: str | None = None, params: Params | None = None) -> None:
        """Talk on with another model, or with other parameters.

        Fallbacks at the same server go along where they were the same: those that name the same model by another
        route, and those that have the same parameters.

        Args:
            model: Its name; None leaves it.
            params: All of them; None leaves them.
        """
        old = self.provider
        self.provider = old.changed(model=model, params=params)
        self.fallbacks = tuple(
            other.changed(
                model=model if other.model == old.model else None, params=params if other.params == old.params else None
            )
            if other.base_url == old.base_url
            else other
            for other in self.fallbacks
        )
        self.changed()

    def copy(self) -> Conversation:
        """The same conversation, to go its own way: nothing that can change is shared, but objects in the metadata."""
        return Conversation(
            self.provider,
            History(self.history.turns),
            self.system,
            self.toolbox.copy(),
            self.retries,
            self.max_rounds,
            self.limits,
            self.spent.copy(),
            metadata=_copied(self.metadata),
            jitter=self.jitter,
            fallbacks=self.fallbacks,
            prices=self.prices,
        )


def _copied(notes: Any) -> Any:
    """Notes whose dictionaries and lists are new; what else is in them may be anything, and stays what it is."""
    if isinstance(notes, dict):
        return {key: _copied(value) for key, value in notes.items()}
    return [_copied(value) for value in notes] if isinstance(notes, list) else notes
