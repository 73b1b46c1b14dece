"""Limits on a call and on a chat: rounds, tool calls, tokens, cost and time, and what was spent of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from chatkit._errors import ConfigError, LimitError, ToolLoopLimitError
from chatkit._models.book import Origin
from chatkit._models.prices import Price
from chatkit._models.unpriced import Unpriced
from chatkit._turns.turns import AssistantTurn, short_repr
from chatkit._warnings import UnknownCostWarning, caller

_UNITS = {"rounds": "rounds of tool calls", "tool_calls": "tool calls", "tokens": "tokens", "cost": "US dollars"}
_COUNTED_AFTER = ("tokens", "cost")
_BLIND_TOKENS = "Without that the limit cannot be kept: remove tokens from limits=Limits(...), or limit rounds."
_BLIND_COST = (
    "Without that the limit cannot be kept: give the model's price as prices={...} when making the chat, remove cost "
    "from limits=Limits(...), or limit rounds."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call, or a chat in all its calls, may use up; None means no limit.

    Give it to a verb (`chat.chat("...", limits=Limits(seconds=60))`) for that call, or to a constructor for the whole
    chat. When a limit is reached a `LimitError` names it; the history stays valid and the chat can go on. Tokens and
    cost are known only after an answer, so the answer that passes the limit is the last one, and is kept.

    Args:
        rounds: How many times the model may ask for tools, from 0. For a call it takes the place of
            `max_tool_rounds`.
        tool_calls: How many tool calls may be run, from 0.
        tokens: Tokens of requests and answers together, 1 or more.
        cost: US dollars, above 0. Where the cost of an answer is not known, the server's list of prices is asked for,
            once an hour. Where it is not known even so, the chat does not go on blindly: a warning tells it at once,
            and the next request is refused.
        seconds: Wall-clock time, above 0; an answer that is under way then breaks off and is kept as a partial turn.

    Raises:
        ConfigError: when a limit is something else.
    """

    rounds: int | None = None
    tool_calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None

    def __repr__(self) -> str:
        return short_repr(self)

    def __post_init__(self) -> None:
        for name, least in (("rounds", 0), ("tool_calls", 0), ("tokens", 1)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ConfigError(f"The limit `{name}` must be a whole number of {least} or more, not {value!r}.")
        for name in ("cost", "seconds"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < math.inf):
                raise ConfigError(f"The limit `{name}` must be a number above 0, not {value!r}.")


class _Settling:
    """Holds what may still get a price. It is no figure, and so no field."""

    __slots__ = ("unpriced",)

    def _hold(self, unpriced: Unpriced) -> None:
        self.unpriced = unpriced


@dataclass(slots=True)
class Spent(_Settling):
    """What a chat has used up so far, answers that are no longer in its history included.

    Answers that broke off are not counted: no server tells what they cost.

    Args:
        requests: Answers received.
        rounds: How many times the model asked for tools.
        tool_calls: Tool calls that were let through.
        tokens: Tokens of requests and answers together, as far as servers told them.
        cost: US dollars, as far as they are known.
        seconds: Wall-clock time in calls.
        unknown_tokens: How many answers came without token counts.
        unknown_cost: How many answers there were whose cost is not known; it is added as soon as a price is.
    """

    requests: int = 0
    rounds: int = 0
    tool_calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    unknown_tokens: int = 0
    unknown_cost: int = 0

    def __post_init__(self) -> None:
        self._hold(Unpriced())

    def note(self, turn: AssistantTurn, origin: Origin | None = None) -> None:
        """Count an answer; chats do so themselves.

        Args:
            turn: The answer.
            origin: Where it came from, so that its cost can be found later if it is not known yet.
        """
        self.requests += 1
        counts = (turn.usage.input_tokens, turn.usage.output_tokens)
        self.tokens += sum(count for count in counts if count is not None)
        self.unknown_tokens += None in counts
        self.cost += turn.cost or 0.0
        self.unknown_cost += turn.cost is None
        if turn.cost is None and origin is not None:
            self.unpriced.note(origin, turn.usage)

    def settle(self, prices: Mapping[str, Price]) -> None:
        """Add the cost of those answers whose price was not known when they came, and is now; chats do so themselves.

        Args:
            prices: The user's own prices.
        """
        answers, cost = self.unpriced.settled(prices)
        self.unknown_cost -= answers
        self.cost += cost

    def copy(self) -> Spent:
        """The same figures, to go their own way."""
        twin = replace(self)
        twin._hold(self.unpriced.copy())
        return twin


class Meter:
    """Holds one call to its limits and to those of its chat.

    Args:
        call: The limits of the call.
        chat: The limits of the chat.
        spent: What the chat has spent; it is added to.
        max_rounds: The limit of rounds of a call that names none.
    """

    def __init__(self, call: Limits, chat: Limits, spent: Spent, max_rounds: int) -> None:
        if call.rounds is None:
            call = replace(call, rounds=max_rounds)
        self._accounts = (("call", call, Spent()), ("chat", chat, spent))
        self._turn: AssistantTurn | None = None

    @property
    def limits_cost(self) -> bool:
        """Whether cost is limited."""
        return any(limits.cost is not None for _, limits, _ in self._accounts)

    @property
    def servers(self) -> set[str]:
        """The addresses of servers whose answers had no known price."""
        return {origin.base_url for _, _, spent in self._accounts for origin in spent.unpriced}

    def settle(self, prices: Mapping[str, Price]) -> None:
        """Count the cost of answers whose price was not known when they came, and is now."""
        for _, _, spent in self._accounts:
            spent.settle(prices)

    def note(self, turn: AssistantTurn, origin: Origin | None = None) -> None:
        """Count an answer, and warn when its cost is limited but not known."""
        self._turn = turn
        for _, _, spent in self._accounts:
            spent.note(turn, origin)
        if turn.cost is None and self.limits_cost:
            warnings.warn(
                "A limit on cost is set, but what the answer cost is not known; the next request will be refused "
                "unless a price is found until then.",
                UnknownCostWarning,
                stacklevel=caller(),
            )

    def check(self) -> None:
        """Make sure that another request may be sent.

        Raises:
            LimitError: when a limit is reached.
        """
        for error in self._reached():
            raise error

    def admit(self, calls: int) -> LimitError | None:
        """Let a round of tool calls in and count it; or say why it may not run."""
        for scope, limits, spent in self._accounts:
            if limits.rounds is not None and spent.rounds >= limits.rounds:
                return self._too_many_rounds(scope, limits.rounds)
            if limits.tool_calls is not None and spent.tool_calls + calls > limits.tool_calls:
                return self._error(scope, "tool_calls", limits.tool_calls, spent.tool_calls + calls)
        for error in self._reached():
            return error
        for _, _, spent in self._accounts:
            spent.rounds += 1
            spent.tool_calls += calls
        return None

    def admit_approved(self, calls: int) -> None:
        """Count tool calls that waited for approval; the chat did so when they were asked for, this call does now.

        Raises:
            LimitError: when they are too many for the call.
        """
        scope, limits, spent = self._accounts[0]
        if limits.tool_calls is not None and calls > limits.tool_calls:
            raise self._error(scope, "tool_calls", limits.tool_calls, calls)
        spent.tool_calls += calls

    def _reached(self) -> Iterator[LimitError]:
        for scope, limits, spent in self._accounts:
            for name in _COUNTED_AFTER:
                limit = getattr(limits, name)
                if limit is not None and getattr(spent, f"unknown_{name}"):
                    yield self._blind(scope, name, limit)
                elif limit is not None and getattr(spent, name) >= limit:
                    yield self._error(scope, name, limit, getattr(spent, name))

    def _error(self, scope: str, name: str, limit: float, used: float) -> LimitError:
        unit = _UNITS[name]
        return LimitError(
            f"The {scope}'s limit of {limit:,} {unit} is reached ({used:,.6g} by now).",
            hint=f"Raise {name} in limits=Limits(...) if that is right; the chat can go on.",
            name=name,
            scope=scope,
            limit=limit,
            used=used,
            turn=self._turn,
        )

    def _blind(self, scope: str, name: str, limit: float) -> LimitError:
        what = "what an answer cost" if name == "cost" else "how many tokens an answer took"
        return LimitError(
            f"The {scope} has a limit of {limit:,} {_UNITS[name]}, but the server did not tell {what}.",
            hint=_BLIND_COST if name == "cost" else _BLIND_TOKENS,
            name=name,
            scope=scope,
            limit=limit,
            turn=self._turn,
        )

    def _too_many_rounds(self, scope: str, limit: int) -> ToolLoopLimitError:
        requests = self._turn.tool_requests if self._turn is not None else ()
        names = ", ".join(sorted({request.name for request in requests}))
        return ToolLoopLimitError(
            f"The model asked for tools in more than {limit} rounds of one {scope}; the last ones ({names}) were not "
            "run.",
            hint="Raise max_tool_rounds, or rounds in limits=Limits(...), if that many are right; the chat can go on.",
            scope=scope,
            limit=limit,
            used=limit + 1,
            turn=self._turn,
        )


def check_limits(limits: Limits | None) -> Limits:
    """The limits given, or none.

    Raises:
        ConfigError: when something else was given.
    """
    if limits is None:
        return Limits()
    if not isinstance(limits, Limits):
        names = ", ".join(item.name for item in fields(Limits))
        raise ConfigError(f"`limits` must be Limits({names}), not {type(limits).__name__}.")
    return limits
