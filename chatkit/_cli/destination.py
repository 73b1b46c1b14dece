"""Where a command talks to: the stand-in on this machine, a local server, Hugging Face, or the server at an address."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chatkit._chat.chat import Chat
from chatkit._constructors.assembling import CredentialsLike
from chatkit._constructors.huggingface import chat_huggingface
from chatkit._constructors.local import chat_local
from chatkit._constructors.openai_compatible import chat_openai_compatible
from chatkit._errors import ConfigError, MissingKeyError
from chatkit._providers.addresses import check_base_url
from chatkit._providers.credentials import huggingface_default
from chatkit._providers.hf_token import find_token
from chatkit._providers.huggingface import BASE_URL, DEFAULT_MODEL
from chatkit._providers.params import Params
from chatkit._settings.reading import Settings

_STAND_IN = "offline-chat"
# Servers with a single model take any name for it.
_UNNAMED = "default"


@dataclass(frozen=True, slots=True)
class Destination:
    """A chat, and what a person should know about its other end.

    Args:
        chat: A new chat.
        notice: Sentences, one a line.
        offline: Whether the other end is the stand-in.
    """

    chat: Chat
    notice: tuple[str, ...]
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to talk to, as it was given or settled.

    Args:
        place: "offline", "local", "huggingface", "server", or empty when nothing was said of it.
        url: The address of a server.
        model: The model, or None.
        key_from: The environment variable with the key for the address, or None.
    """

    place: str
    url: str | None = None
    model: str | None = None
    key_from: str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a destination."""
    group = parser.add_argument_group("where to talk to")
    group.add_argument("-m", "--model", help="the model to ask for")
    one = group.add_mutually_exclusive_group()
    one.add_argument("--huggingface", action="store_true", help="Hugging Face, with your token")
    one.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server, as http://localhost:8080/v1")
    one.add_argument("--local", action="store_true", help="the model server that runs on this machine")
    one.add_argument("--offline", action="store_true", help="the stand-in on this machine, even if there is a key")
    group.add_argument(
        "--key-from", metavar="VARIABLE", help="the environment variable with the key for --base-url, if it needs one"
    )


def wanted(arguments: argparse.Namespace, settled: Settings | None = None) -> Wanted:
    """Where the arguments lead, or without any the settings.

    A settled model is for a settled place or for one that is named by an address, since the stand-in and local servers
    have models of their own; and a settled key goes to the address that stands beside it in the file, never elsewhere.

    Raises:
        ConfigError: when a key is for nobody.
    """
    held = {} if settled is None else settled
    named = next((name for name in ("offline", "local", "huggingface") if getattr(arguments, name)), "")
    place = "server" if arguments.base_url else named
    model = arguments.model or (held.get("model") if place not in ("offline", "local") else None)
    if place:
        if arguments.key_from and place != "server":
            raise ConfigError("--key-from needs --base-url.")
        return Wanted(place, arguments.base_url, model, arguments.key_from)
    url = held.get("base_url")
    if url is None:
        if arguments.key_from:
            raise ConfigError("--key-from needs --base-url.")
        return Wanted("", model=model)
    beside = settled is not None and settled.source("base_url") == settled.source("key_from")
    return Wanted("server", url, model, arguments.key_from or (held.get("key_from") if beside else None))


@contextlib.contextmanager
def destination(
    arguments: argparse.Namespace,
    *,
    system_prompt: str | None,
    params: Params,
    delay: float,
    settled: Settings | None = None,
    must_be_real: bool = False,
) -> Iterator[Destination]:
    """Make a chat with the place that was chosen; without a choice Hugging Face if there is a token, else offline.

    Args:
        arguments: What `add_options` led to.
        system_prompt: The chat's system prompt.
        params: The chat's parameters.
        delay: Seconds between two pieces of an answer of the stand-in.
        settled: What holds where the arguments say nothing.
        must_be_real: Whether the stand-in has to be asked for.

    Raises:
        ConfigError: when the choice cannot be used, or there is none to make.
        APIConnectionError: when no local server is found.
    """
    where = wanted(arguments, settled)
    if where.place == "server":
        yield _server(where, system_prompt, params)
    elif where.place == "local":
        chat = chat_local(system_prompt, model=where.model, params=params)
        yield Destination(chat, (f"This goes to the server on this machine at {chat.provider.base_url}.",))
    elif where.place == "huggingface" or (where.place != "offline" and _has_token(os.environ)):
        yield _huggingface(where.model or DEFAULT_MODEL, system_prompt, params)
    elif must_be_real and where.place != "offline":
        raise MissingKeyError("There is no model to talk to: no place is given, and no Hugging Face token.", hint=_WAYS)
    else:
        with _stand_in(where.model, system_prompt, params, delay) as place:
            yield place


_WAYS = (
    "Set HF_TOKEN; or give --local for a server on this machine, --base-url for any other, or --offline for a "
    "stand-in that is no language model."
)


@contextlib.contextmanager
def _stand_in(model: str | None, system_prompt: str | None, params: Params, delay: float) -> Iterator[Destination]:
    from chatkit.testing import OfflineService

    with OfflineService(delay=delay) as service:
        chat = chat_openai_compatible(
            service.base_url, model=model or _STAND_IN, system_prompt=system_prompt, params=params
        )
        yield Destination(chat, _about_stand_in(service.base_url, os.environ), offline=True)


def _server(where: Wanted, system_prompt: str | None, params: Params) -> Destination:
    url = check_base_url(where.url or "")
    model = where.model or _UNNAMED
    chat = chat_openai_compatible(
        url, model=model, system_prompt=system_prompt, params=params, credentials=key_for(url, where.key_from)
    )
    return Destination(chat, (f"This goes to the server at {url} (model: {model}).",))


def key_for(url: str, variable: str | None) -> CredentialsLike | None:
    """The function that gives the key for an address, or None for the usual one."""
    if variable:
        return key_in(variable)
    # An address at Hugging Face, such as that of a dedicated endpoint, gets the token of Hugging Face.
    own = huggingface_default(url)
    return own if own.source else None


def key_in(variable: str) -> CredentialsLike:
    """The function that gives the key in an environment variable.

    Raises:
        MissingKeyError: when there is none in it now.
    """
    if not os.environ.get(variable, "").strip():
        raise MissingKeyError(f"There is no key: the environment variable {variable} is unset.")
    return lambda: os.environ.get(variable, "")


def _huggingface(model: str, system_prompt: str | None, params: Params) -> Destination:
    chat = chat_huggingface(system_prompt, model=model, params=params)
    huggingface_default(BASE_URL)()  # raises when there is no token: before anything is said about one
    place, _ = find_token(os.environ)
    return Destination(
        chat,
        (
            f"This goes to Hugging Face ({model}) with the token from {place}, and may cost a little.",
            "With --offline a stand-in on this machine answers, which costs nothing.",
        ),
    )


def _about_stand_in(url: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    way = "" if _has_token(environ) else "For a real model set HF_TOKEN, or give --base-url."
    return (
        "No language model is behind this: a stand-in answers by fixed rules.",
        f"It is a real server, at {url}, and streams its answers.",
        *filter(None, (way,)),
    )


def _has_token(environ: Mapping[str, str]) -> bool:
    return bool(find_token(environ)[1].strip())
