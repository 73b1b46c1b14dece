"""Chats with a server on this very machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._constructors.assembling import FallbackLike, Options, assemble, tell_once
from chatkit._display.choosing import EchoMode
from chatkit._display.sanitize import one_line
from chatkit._engine.conversation import DEFAULT_ROUNDS
from chatkit._engine.limits import Limits
from chatkit._errors import APIConnectionError, APIError, APITimeoutError, Cancelled, ChatkitError, ConfigError
from chatkit._http.messages import Line, Request, TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit._models.prices import PriceLike
from chatkit._providers.huggingface import seconds_to_wait
from chatkit._providers.local_looking import Found, Heard, Looking, look, told
from chatkit._providers.local_servers import server_named
from chatkit._providers.making import ProviderSettings, model_name
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile, resolve_profile
from chatkit._providers.wires import Api, check_api

if TYPE_CHECKING:
    from requests import Session

    from chatkit.store import ConversationStore

# Seconds for one request, whatever its limits say.
_PATIENCE = 1.5


def chat_local(
    system_prompt: str | Sequence[str] | None = None,
    *,
    model: str | None = None,
    server: str | None = None,
    port: int | None = None,
    params: Params | None = None,
    api_args: Mapping[str, Any] | None = None,
    echo: EchoMode | bool | None = None,
    api_headers: Mapping[str, str] | None = None,
    preserve_thinking: bool = False,
    profile: Profile | str | None = None,
    timeout: TimeLimits | float | None = None,
    max_retries: int = 2,
    max_tool_rounds: int = DEFAULT_ROUNDS,
    tool_timeout: float | None = None,
    limits: Limits | None = None,
    fallback: Sequence[FallbackLike] = (),
    prices: Mapping[str, PriceLike] | None = None,
    wait_for_model: float | bool | None = None,
    retry_on_error: bool = True,
    api: Api = "chat_completions",
    session: Session | None = None,
    store: ConversationStore | None = None,
) -> Chat:
    """Make a chat with a model server that runs on this machine, and say on stderr which one it is.

    It looks at 127.0.0.1, and at ::1 where nothing listens there, in this order: Ollama at port 11434, llama.cpp or
    TGI at 8080, LM Studio at 1234, vLLM and others at 8000. What answers is asked what it is, so that a server at
    another's port is known, too. A server without models for chats is passed over. Looking takes a second or two at
    most for each port that does not answer, and an event loop stands still meanwhile. Nothing but this machine is
    asked, no proxy is used, and no key is sent.

    Once made, the chat stays with this server: when the server goes away, the next call fails.

    Args:
        system_prompt: The system prompt; several texts are joined by a blank line.
        model: The model to ask for; it is not checked against a list. Without one the first model for chats that is
            loaded is used, else the first that is there; embedding models and models that Ollama runs elsewhere are
            passed over.
        server: The only server to use: "ollama", "llamacpp", "lmstudio", "vllm" or "tgi".
        port: The only port to look at.
        params: The model's parameters, made with `params()`.
        api_args: Merged deeply over the body of every request; None deletes a key.
        echo: What `chat()` prints: "none", "output" or "all"; None decides by the place it is used in.
        api_headers: Further headers of the chat's requests.
        preserve_thinking: Whether the model's thinking is sent back to it.
        profile: What sets the server apart; None goes by what the server says it is.
        timeout: Time limits; a number of seconds limits each wait, not the whole answer.
        max_retries: How often a request that failed before anything of an answer arrived is sent again, from 0.
        max_tool_rounds: How many times in one call the model may ask for tools, from 0.
        tool_timeout: Seconds that a call of a tool without a `timeout` of its own may take.
        limits: What all calls of the chat together may use up.
        fallback: Who is asked when the model cannot answer, as for `chat_openai_compatible`; nobody by default.
        prices: Your own prices, by the model's name.
        wait_for_model: Seconds to wait for a server that answers 503 because it is still loading the model; True
            waits 10 minutes at most.
        retry_on_error: False fails at the first error.
        api: The wire format, "chat_completions" or "responses".
        session: A `requests.Session` of your own, for the chat's requests; looking does without.
        store: A `chatkit.store.ConversationStore` that keeps the chat from now on, as by `store.attach(chat)`.

    Returns:
        The chat.

    Raises:
        ConfigError: when something given cannot be used, or what runs has no models for chats.
        APIConnectionError: when no server was found; it lists what was looked at. A server that wants a key can be
            reached by `chat_openai_compatible`.
    """
    wanted = None if server is None else server_named(server)
    found, name = _look(look(wanted, _checked_port(port), None if model is None else model_name(model)))
    settings = ProviderSettings(
        "openai_compatible",
        found.server.title,
        found.base_url,
        name,
        resolve_profile(profile or found.server.name, found.base_url),
        api_args={} if api_args is None else api_args,
        preserve_thinking=preserve_thinking,
        api=check_api(api),
    )
    options = Options(
        system_prompt=system_prompt,
        params=params,
        api_headers=api_headers,
        echo=echo,
        timeout=timeout,
        max_retries=max_retries if retry_on_error else 0,
        wait_for_model=seconds_to_wait(wait_for_model, retry_on_error, found.base_url),
        max_tool_rounds=max_tool_rounds,
        tool_timeout=tool_timeout,
        limits=limits,
        fallback=fallback,
        prices=prices,
        session=session,
        store=store,
    )
    made = assemble(settings, None, options)
    tell_once(one_line(told(found, name)))
    return made


def _checked_port(port: Any) -> int | None:
    if port is None or (isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536):
        return port
    raise ConfigError(f"`port` must be a number from 1 to 65535, not {port!r}.")


def _look(script: Looking) -> tuple[Found, str]:
    """Drive a script that looks for a server."""
    transport = LazyTransport()
    try:
        request = next(script)
        while True:
            request = script.send(_hear(transport.line(), request))
    except StopIteration as end:
        outcome: tuple[Found, str] | ChatkitError = end.value
    if isinstance(outcome, ChatkitError):
        raise outcome
    return outcome


def _hear(line: Line, request: Request) -> Heard:
    # Limits hold between bytes of a head, and who knows what listens there: it may drip for ever.
    watch = threading.Timer(_PATIENCE, line.hang_up)
    watch.start()
    try:
        head, batch = line.send(request), line.receive()
        line.release()
    except APITimeoutError as error:
        # Some systems take seconds to refuse a connection that nobody will accept.
        return Heard(fault="closed" if error.phase == "connect" else "silent")
    except Cancelled:
        return Heard(fault="silent")
    except APIConnectionError as error:
        return Heard(fault="odd" if error.kind in ("reset", "protocol") else "closed")
    except APIError:
        return Heard(fault="odd")
    finally:
        watch.cancel()
        line.close()
    return Heard(head.status, _json(batch.pieces[0].data if batch is not None else ""))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
