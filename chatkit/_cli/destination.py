"""Where a command talks to: the stand-in on this machine, Hugging Face, or the server at an address."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chatkit._chat.chat import Chat
from chatkit._constructors.assembling import CredentialsLike
from chatkit._constructors.huggingface import chat_huggingface
from chatkit._constructors.openai_compatible import chat_openai_compatible
from chatkit._errors import ConfigError, MissingKeyError
from chatkit._providers.addresses import check_base_url
from chatkit._providers.credentials import huggingface_default
from chatkit._providers.hf_token import find_token
from chatkit._providers.huggingface import BASE_URL, DEFAULT_MODEL
from chatkit._providers.params import Params

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a destination."""
    group = parser.add_argument_group("where to talk to")
    one = group.add_mutually_exclusive_group()
    one.add_argument("--offline", action="store_true", help="the stand-in on this machine, even if there is a key")
    one.add_argument("--huggingface", action="store_true", help="Hugging Face, with your token")
    one.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server, such as http://localhost:8080/v1")
    group.add_argument("--model", help="the model to ask for")
    group.add_argument(
        "--key-from", metavar="VARIABLE", help="the environment variable with the key for --base-url, if it needs one"
    )


@contextlib.contextmanager
def destination(
    arguments: argparse.Namespace, *, system_prompt: str, params: Params, delay: float
) -> Iterator[Destination]:
    """Make a chat with the place that was chosen; without a choice Hugging Face if there is a token, else offline.

    Args:
        arguments: What `add_options` led to.
        system_prompt: The chat's system prompt.
        params: The chat's parameters.
        delay: Seconds between two pieces of an answer of the stand-in.

    Raises:
        ConfigError: when the choice cannot be used.
    """
    if arguments.key_from and not arguments.base_url:
        raise ConfigError("--key-from needs --base-url.")
    if arguments.base_url:
        yield _server(arguments, system_prompt, params)
    elif arguments.huggingface or (not arguments.offline and _has_token(os.environ)):
        yield _huggingface(arguments.model or DEFAULT_MODEL, system_prompt, params)
    else:
        from chatkit.testing import OfflineService

        with OfflineService(delay=delay) as service:
            model = arguments.model or _STAND_IN
            chat = chat_openai_compatible(service.base_url, model=model, system_prompt=system_prompt, params=params)
            yield Destination(chat, _about_stand_in(service.base_url, os.environ), offline=True)


def _server(arguments: argparse.Namespace, system_prompt: str, params: Params) -> Destination:
    url = check_base_url(arguments.base_url)
    model = arguments.model or _UNNAMED
    chat = chat_openai_compatible(
        url, model=model, system_prompt=system_prompt, params=params, credentials=key_for(url, arguments.key_from)
    )
    return Destination(chat, (f"This goes to the server at {url} (model: {model}).",))


def key_for(url: str, variable: str | None) -> CredentialsLike | None:
    """The function that gives the key for an address, or None for the usual one."""
    if variable:
        if not os.environ.get(variable, "").strip():
            raise MissingKeyError(f"There is no key: the environment variable {variable} is unset.")
        return lambda: os.environ.get(variable, "")
    # An address at Hugging Face, such as that of a dedicated endpoint, gets the token of Hugging Face.
    own = huggingface_default(url)
    return own if own.source else None


def _huggingface(model: str, system_prompt: str, params: Params) -> Destination:
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
