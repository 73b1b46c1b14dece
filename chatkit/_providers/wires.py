"""The wire formats that chatkit speaks, by name; one is opened when it is first used."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from chatkit._errors import ConfigError
from chatkit._providers.wording import Wire

Api: TypeAlias = Literal["chat_completions", "responses"]


def check_api(api: object) -> Api:
    """The name of a wire format as a user gave it, checked.

    Raises:
        ConfigError: when there is no such format.
    """
    if api == "chat_completions" or api == "responses":
        return api
    raise ConfigError(f'`api` must be "chat_completions" or "responses", not {api!r}.')


@cache
def wire_of(api: Api) -> Wire:
    """The wire format of a name."""
    if api == "responses":
        from chatkit._providers.responses_wire import ResponsesWire

        return ResponsesWire()
    from chatkit._providers.chat_wire import ChatWire

    return ChatWire()
