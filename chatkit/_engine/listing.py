"""Asking a server which models it has. A list is taken from the shelf while it is fresh, and fetched otherwise."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._engine.asks import Ask, Pause, Receive, Release, Send
from chatkit._engine.drivers import Means, drive, drive_async
from chatkit._errors import (
    APIError,
    APIResponseError,
    APIStatusError,
    AuthenticationError,
    Cancelled,
    ConfigError,
    MissingKeyError,
    NotFoundError,
    PermissionDeniedError,
)
from chatkit._http.messages import Request, TimeLimits, Transport, no_credentials
from chatkit._http.retry import RetryPolicy
from chatkit._models.reading import read_models
from chatkit._models.shelf import asked_lately, keep, listed
from chatkit._providers.addresses import shown_url
from chatkit._providers.provider import Provider
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.events import Event

if TYPE_CHECKING:
    from chatkit._models.rows import ModelInfo

Rows: TypeAlias = "tuple[ModelInfo, ...]"
Fetching: TypeAlias = "Generator[Event | Ask, Any, Rows]"
_RETRIES = RetryPolicy(max_retries=1)
_LONGEST_PAUSE = 5.0
# Nobody asked for it: whoever waits for an error should not wait for the list that belongs to it.
_QUICK = TimeLimits(connect=3.0, first_byte=5.0, idle=5.0, total=8.0)
_NO_LIST = (404, 405, 501)
_HINT = "Not every server has one. A model can be used without: give its name as model=."


def list_models(provider: Provider, *, refresh: bool = False, limits: TimeLimits | None = None) -> Fetching:
    """The models of a provider's server.

    Args:
        provider: Whose list.
        refresh: Whether it is fetched even if there is a fresh one on the shelf.
        limits: How long to wait; None leaves it to the provider.

    Returns:
        The rows.

    Raises:
        ConfigError: when the provider knows of no list.
        APIError: when there is none, or it cannot be had.
    """
    kept = None if refresh else listed(provider.base_url)
    return kept if kept is not None else (yield from _fetched(provider, limits, _RETRIES))


def known_models(provider: Provider) -> Generator[Event | Ask, Any, Rows | None]:
    """The models of a provider's server as far as they can be had quickly and without a word; None if they cannot.

    Nothing but a cancelled call comes out of it. A server without a list is not asked again for a while.

    Args:
        provider: Whose list.
    """
    if asked_lately(provider.base_url):
        return listed(provider.base_url)
    try:
        return (yield from _fetched(provider, _QUICK, RetryPolicy(max_retries=0)))
    except Cancelled:
        raise
    except Exception:
        # Whatever it was, also an error of the user's own credentials: nobody has asked for this list.
        keep(provider.base_url, None)
    return None


def _fetched(provider: Provider, limits: TimeLimits | None, retries: RetryPolicy) -> Fetching:
    attempt, asked = 1, provider
    while isinstance(got := (yield from _attempt(provider, limits)), APIError):
        got.attempts = attempt
        moved = provider.conceding(got) if isinstance(got, NotFoundError) and provider is asked else None
        if moved is not None and moved.base_url != provider.base_url:
            # A bare host was given, and its API lies further down.
            provider = moved
            continue
        delay = retries.delay(got, attempt, random.random)
        if delay is None or delay > _LONGEST_PAUSE:
            raise _worded(got)
        yield Pause(delay)
        attempt += 1
    for address in {asked.base_url, provider.base_url}:
        keep(address, got)
    return got


def _attempt(provider: Provider, limits: TimeLimits | None) -> Generator[Event | Ask, Any, Rows | APIError]:
    """Ask for the list once; gives it, or the failure."""
    request = provider.listing()
    if request is None:
        raise ConfigError(f"{provider.name} has no list of models.", hint=_HINT)
    if limits is not None:
        request = replace(request, limits=limits)
    try:
        return (yield from _answer(provider, request))
    except MissingKeyError as error:
        missing = error.with_traceback(None)
    except APIError as error:
        return error
    # Many lists are for everybody.
    try:
        found = yield from _answer(provider, replace(request, credentials=no_credentials))
    except APIError as error:
        found = error
    if isinstance(found, AuthenticationError | PermissionDeniedError):
        raise missing
    return found


def _answer(provider: Provider, request: Request) -> Generator[Event | Ask, Any, Rows | APIError]:
    head = yield Send(request)
    batch = yield Receive()
    text = batch.pieces[0].data if batch else ""
    if head.status >= 400:
        return provider.explain(head, text)
    yield Release()
    rows = read_models(text)
    if rows is not None:
        return rows
    return APIResponseError(
        f"There is no list of models at {shown_url(request.url)}: what it answered is none.",
        kind="bad_json",
        status_code=head.status,
        url=shown_url(request.url),
        hint=_HINT,
    )


def _worded(error: APIError) -> APIError:
    """An error told as one of a list: it was not for a model that a server was asked."""
    said = error.summary.replace(f" for model {error.model!r}", "") if error.model else error.summary
    error.model = None
    if isinstance(error, APIResponseError):
        error.summary = said.replace("with a chat completion", "with a list of models")
    elif isinstance(error, APIStatusError) and error.status_code in _NO_LIST:
        return NotFoundError(
            f"There is no list of models at {error.url}: {said}",
            status_code=error.status_code,
            hint=_HINT,
            **{name: getattr(error, name) for name in ("body", "code", "server_message", "url", "request_id")},
        )
    elif isinstance(error, APIStatusError):
        error.summary = f"The list of models could not be had: {said}"
    return error


def run_listing(fetching: Fetching, transport: Transport) -> Rows:
    """Have a list fetched over a line of its own: whatever else goes on is not disturbed."""
    found: list[Rows] = []
    list(drive(_into(found, fetching), transport.line(), Means(Toolbox())))
    return found[0]


async def run_listing_async(fetching: Fetching, transport: Transport) -> Rows:
    """The twin of `run_listing`."""
    from chatkit._http.lines import AsyncLine

    found: list[Rows] = []
    [event async for event in drive_async(_into(found, fetching), AsyncLine(transport), Means(Toolbox()))]
    return found[0]


def _into(found: list[Rows], fetching: Fetching) -> Generator[Event | Ask, Any, None]:
    found.append((yield from fetching))
