"""Where a router sends a request, and who pays: what follows a model's name, and the header that names the payer.

Source: Hugging Face's guide of Inference Providers. A route is a part of `model` on the wire, `org/name:groq`; the
payer is named by the header `X-HF-Bill-To`. Only Hugging Face's router knows either.
"""

from __future__ import annotations

from typing import Any

from chatkit._errors import ConfigError
from chatkit._providers.addresses import hostname_of, is_loopback, shown_url
from chatkit._providers.headers import check_headers

AUTO = "auto"
BILL_TO = "X-HF-Bill-To"
_ROUTER = "router.huggingface.co"


def is_router(base_url: str) -> bool:
    """Whether an address is that of Hugging Face's router."""
    return hostname_of(base_url) == _ROUTER


def route_of(provider: Any, model: str) -> str:
    """The route that a user's `provider=` means; empty when the router shall choose.

    Args:
        provider: The name of an inference provider or of a policy, "auto", or None.
        model: The model, perhaps with a route of its own.

    Raises:
        ConfigError: when it is no name, or another one than that behind the model.
    """
    if provider is None:
        return ""
    route = check_route(provider, "provider")
    own = model.partition(":")[2]
    if own and own.casefold() != provider.casefold():
        raise ConfigError(
            f"The route is named twice: {own!r} in model={model!r}, and provider={provider!r}.",
            hint="Give one of them.",
        )
    return route


def check_route(route: Any, what: str) -> str:
    """A route as a user named it, checked as a text only: which ones there are is the router's business.

    Args:
        route: A name; "auto" means none.
        what: What the user calls it.

    Raises:
        ConfigError: when it cannot be a name.
    """
    if not isinstance(route, str) or not route or not _is_name(route):
        hint = 'Such as "groq", "fastest" or "auto".'
        raise ConfigError(
            f"`{what}` must be a name without spaces, colons and control characters, not {route!r}.", hint=hint
        )
    return "" if route == AUTO else route


def payer_of(bill_to: Any) -> str:
    """Who pays, as a user said it; empty for the owner of the key.

    Raises:
        ConfigError: when it cannot stand in a header.
    """
    if bill_to is None:
        return ""
    if not isinstance(bill_to, str) or not bill_to.strip():
        raise ConfigError(f"`bill_to` must be the name of an organisation, not {bill_to!r}.")
    return check_headers({BILL_TO: bill_to}, "bill_to")[BILL_TO]


def check_routing(route: str, bill_to: str, base_url: str) -> None:
    """Make sure that a route and a payer can be told, and that there is a router at the address to heed them.

    A server on this machine may stand in for the router.

    Args:
        route: The route; empty for none.
        bill_to: Who pays; empty for the owner of the key.
        base_url: Where the requests go.

    Raises:
        ConfigError: when one of them can not.
    """
    if route:
        check_route(route, "provider")
    if bill_to:
        payer_of(bill_to)
    if is_router(base_url) or is_loopback(base_url):
        return
    for given, what, effect in ((route, "provider", "chooses who serves a model"), (bill_to, "bill_to", "bills")):
        if given:
            raise ConfigError(
                f"`{what}={given!r}` is for Hugging Face's router, which {effect}; {shown_url(base_url)} is none.",
                hint=f"Leave out {what}=, or base_url=.",
            )


def _is_name(text: str) -> bool:
    return text.isprintable() and ":" not in text and not any(character.isspace() for character in text)
