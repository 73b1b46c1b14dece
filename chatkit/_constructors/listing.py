"""The models that a server has, without a chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatkit._constructors.assembling import CredentialsLike
from chatkit._http.messages import TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._providers.credentials import user_credentials
from chatkit._providers.huggingface import BASE_URL
from chatkit._providers.making import ProviderSettings, provider_of, warn_of_plain_http
from chatkit._providers.openai_compatible import Service
from chatkit._providers.profiles import resolve_profile

if TYPE_CHECKING:
    from requests import Session

    from chatkit._models.choosing import SortKey
    from chatkit._models.lists import Choice, ModelList

# A list is not asked for with a model; the name is not sent.
_NO_MODEL = "none"


def models_huggingface(
    *,
    base_url: str = BASE_URL,
    credentials: CredentialsLike | None = None,
    session: Session | None = None,
    refresh: bool = False,
    timeout: TimeLimits | float | None = None,
    tools: bool | None = None,
    structured: bool | None = None,
    modality: str | None = None,
    provider: str | None = None,
    max_price: float | None = None,
    min_context: int | None = None,
    search: str | None = None,
    live: bool | None = None,
    sort: SortKey | None = None,
) -> ModelList:
    """The models that Hugging Face's router serves, with their providers, prices and abilities.

    The list is for everybody: without a token none is sent. It is kept for an hour. What it says is advice, and models
    that are not in it may be served all the same, so chatkit never checks a name against it.

    Args:
        base_url: Another address than the router's.
        credentials: As for `chat_huggingface`.
        session: A `requests.Session` of your own, for proxies, certificates or custom fetching.
        refresh: Whether to fetch the list anew.
        timeout: Time limits; a number of seconds limits each wait. None waits 15 seconds for an answer.
        tools: Whether a model takes tools. This and what follows: as for `ModelList.filter`.
        structured: Whether it gives typed answers by a JSON schema.
        modality: What it has to read: "text", "image", "audio" or "video".
        provider: Who serves it, such as "groq".
        max_price: US dollars per million tokens; neither input nor output may cost more.
        min_context: Tokens of request and answer together, at least.
        search: Words that its name holds.
        live: Whether it can be used right now.
        sort: "id", "price", "context", "throughput", "latency" or "created", the best first; None leaves the
            server's order.

    Returns:
        The list, a sequence that shows itself as a table.

    Raises:
        ConfigError: when something given cannot be used.
        NotFoundError: when the server has no list.
        APIError: when the list cannot be had.
    """
    choice = _choice(tools, structured, modality, provider, max_price, min_context, search, live, sort)
    return _models("huggingface", base_url, credentials, None, session, timeout, refresh, choice)


def models_openai_compatible(
    base_url: str,
    *,
    credentials: CredentialsLike | None = None,
    api_headers: Mapping[str, str] | None = None,
    session: Session | None = None,
    refresh: bool = False,
    timeout: TimeLimits | float | None = None,
    tools: bool | None = None,
    structured: bool | None = None,
    modality: str | None = None,
    provider: str | None = None,
    max_price: float | None = None,
    min_context: int | None = None,
    search: str | None = None,
    live: bool | None = None,
    sort: SortKey | None = None,
) -> ModelList:
    """The models that an OpenAI-compatible server lists; most tell little more than their names.

    Args:
        base_url: Where the server is, usually with `/v1` at its end.
        credentials: As for `chat_openai_compatible`.
        api_headers: Further headers of the request.
        session: As for `models_huggingface`, and so are the others.
        refresh: Whether to fetch the list anew; it is kept for an hour.
        timeout: Time limits.
        tools: Whether a model takes tools.
        structured: Whether it gives typed answers by a JSON schema.
        modality: What it has to read.
        provider: Who serves it, where a router's list says so.
        max_price: US dollars per million tokens, at most.
        min_context: Tokens of request and answer together, at least.
        search: Words that its name holds.
        live: Whether it can be used right now.
        sort: In which order.

    Returns:
        The list, a sequence that shows itself as a table.

    Raises:
        ConfigError: when something given cannot be used.
        NotFoundError: when the server has no list.
        APIError: when the list cannot be had.
    """
    choice = _choice(tools, structured, modality, provider, max_price, min_context, search, live, sort)
    return _models("openai_compatible", base_url, credentials, api_headers, session, timeout, refresh, choice)


def _choice(*filters: Any) -> Choice:
    from chatkit._models.choosing import Wish
    from chatkit._models.lists import Choice

    return Choice(Wish(*filters[:-1]), filters[-1])


def _models(
    service: Service,
    base_url: str,
    credentials: CredentialsLike | None,
    api_headers: Mapping[str, str] | None,
    session: Session | None,
    timeout: TimeLimits | float | None,
    refresh: bool,
    choice: Choice,
) -> ModelList:
    from chatkit._engine.listing import list_models, run_listing

    provider = provider_of(
        ProviderSettings(service, service, base_url, _NO_MODEL, resolve_profile(None, base_url)),
        credentials=None if credentials is None else user_credentials(credentials),
        api_headers=api_headers,
    )
    warn_of_plain_http(provider, stacklevel=3)
    limits = None if timeout is None else TimeLimits.of(timeout)
    return choice.of(run_listing(list_models(provider, refresh=refresh, limits=limits), LazyTransport(session)))
