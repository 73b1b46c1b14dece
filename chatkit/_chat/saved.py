"""The record of a conversation's whole state, and a conversation made of one again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._engine.conversation import DEFAULT_ROUNDS, Conversation
from chatkit._engine.limits import Limits, Spent
from chatkit._engine.pricing import recalled
from chatkit._errors import ConfigError, HistoryError
from chatkit._http.messages import TimeLimits
from chatkit._http.retry import RetryPolicy
from chatkit._models.prices import Price, check_prices
from chatkit._providers.making import ProviderSettings, provider_of, settings_of, warn_of_plain_http
from chatkit._providers.provider import Provider
from chatkit._providers.saved_settings import settings_record, settings_replay
from chatkit._record.chat import ChatRecord
from chatkit._record.kinds import Kind, count, fields_of, items, number, optional, shown, text
from chatkit._record.shapes import Shape
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.history import History
from chatkit._turns.inputs import system_turn
from chatkit._warnings import MissingToolWarning


@dataclass(frozen=True, slots=True)
class _Options:
    max_retries: int = 2
    max_tool_rounds: int = DEFAULT_ROUNDS
    tool_timeout: float | None = None
    limits: Limits = field(default_factory=Limits)
    spent: Spent = field(default_factory=Spent)
    wait_for_model: float | None = None
    fallbacks: tuple[ProviderSettings, ...] = ()
    prices: Mapping[str, Price] | None = None


def _wait(value: Any, at: str) -> float:
    seconds = number(value, at)
    RetryPolicy(wait_for_model=seconds)
    return seconds


def _fallbacks_record(fallbacks: Any, at: str) -> list[Any]:
    return [settings_record(settings, f"{at}[{place}]") for place, settings in enumerate(fallbacks)]


def _fallbacks_of(record: Any, at: str) -> tuple[ProviderSettings, ...]:
    return tuple(settings_replay(item, f"{at}[{place}]") for place, item in enumerate(items(record, at)))


def _prices_record(prices: Any, at: str) -> dict[str, Any]:
    return {text(model, at): _PRICE.write(price, f"{at}[{model!r}]") for model, price in prices.items()}


def _prices_of(record: Any, at: str) -> dict[str, Price]:
    return check_prices(
        {model: _PRICE.read(price, f"{at}[{shown(model)}]") for model, price in fields_of(record, at).items()}
    )


_COUNT, _NUMBER = optional(count), optional(number)
_LIMITS = Shape(Limits, rounds=_COUNT, tool_calls=_COUNT, tokens=_COUNT, cost=_NUMBER, seconds=_NUMBER)
_SPENT = Shape(
    Spent,
    requests=count,
    rounds=count,
    tool_calls=count,
    tokens=count,
    cost=number,
    seconds=number,
    unknown_tokens=count,
    unknown_cost=count,
)
_PRICE = Shape(Price, input=number, output=number, cached_input=_NUMBER)
_OPTIONS = Shape(
    _Options,
    max_retries=count,
    max_tool_rounds=count,
    tool_timeout=_NUMBER,
    limits=Kind(_LIMITS.write, _LIMITS.read),
    spent=Kind(_SPENT.write, _SPENT.read),
    wait_for_model=optional(_wait),
    fallbacks=Kind(_fallbacks_record, _fallbacks_of),
    prices=Kind(_prices_record, _prices_of),
)


def chat_record(talk: Conversation) -> ChatRecord:
    """What of a conversation is saved.

    Raises:
        HistoryError: when something in it cannot be said in JSON; it names the place.
        ConfigError: when its provider, or a fallback, is the user's own.
    """
    options = _Options(
        talk.retries.max_retries,
        talk.max_rounds,
        talk.toolbox.timeout,
        talk.limits,
        talk.spent,
        talk.retries.wait_for_model or None,
        tuple(settings_of(provider) for provider in talk.fallbacks),
        talk.prices or None,
    )
    return ChatRecord(
        settings_record(settings_of(talk.provider)),
        talk.history.turns,
        talk.system.text if talk.system is not None else None,
        tuple(talk.toolbox.tools),
        _OPTIONS.write(options, "record: $.options"),
        talk.metadata,
    )


def conversation_of(
    record: ChatRecord,
    at: str,
    *,
    tools: Iterable[Callable[..., Any]],
    credentials: Callable[[], Any] | None,
    api_headers: Mapping[str, str] | None,
    timeout: TimeLimits | float | None,
) -> Conversation:
    """The conversation that a record tells of; nothing is sent and nothing runs.

    Args:
        record: The record.
        at: What messages call its root.
        tools: As for `Chat.load`, and so are the others.
        credentials: Gives the key.
        api_headers: Further headers.
        timeout: Time limits.

    Raises:
        HistoryError: when the record makes no sense.
        ConfigError: when something else given cannot be used.
    """
    options = _options_of(record.options, f"{at}.options")
    settings = settings_replay(record.provider, f"{at}.provider")

    def made(item: ProviderSettings) -> Provider:
        # What is given here is for the chat's own server: no fallback elsewhere may see its key.
        own: dict[str, Any] = {"credentials": credentials, "api_headers": api_headers}
        provider = provider_of(item, timeout=timeout, **(own if _root(item) == _root(settings) else {}))
        warn_of_plain_http(provider, stacklevel=5)
        return provider

    toolbox = Toolbox(tools, timeout=options.tool_timeout)
    _warn_of_missing([name for name in record.tools if name not in toolbox.tools])
    talk = Conversation(
        made(settings),
        History(record.turns),
        system_turn(record.system),
        toolbox,
        RetryPolicy(options.max_retries, options.wait_for_model or 0.0),
        options.max_tool_rounds,
        options.limits,
        options.spent,
        metadata=dict(record.metadata),
        fallbacks=tuple(map(made, options.fallbacks)),
        prices=options.prices or {},
    )
    return recalled(talk)


def _root(settings: ProviderSettings) -> str:
    # A bare host may have been found to answer under /v1 in the meantime.
    return settings.base_url.removesuffix("/v1")


def _options_of(record: Any, at: str) -> _Options:
    try:
        options: _Options = _OPTIONS.read(record, at)
    except ConfigError as error:
        trouble = str(error)
    else:
        return options
    raise HistoryError(f"{at}: {trouble}")


def _warn_of_missing(names: list[str]) -> None:
    if names:
        warnings.warn(
            f"The chat was saved with tools that were not given to load(tools=...): {', '.join(names)}.",
            MissingToolWarning,
            stacklevel=4,
        )
