"""What a script is held with: a chat that has its parameters, limits and tools, and the servers behind them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._errors import ConfigError
from chatkit._providers.params import Params

if TYPE_CHECKING:
    from chatkit._chat.transcript import Transcript
    from chatkit._scripts.script import Script

# A server with a single model takes any name for it.
_UNNAMED = "default"
_STAND_IN = "offline-chat"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the conversations of a script are held with.

    Args:
        chat: Has all that the script says, but its system prompt; each conversation is held with a twin of it.
        place: Front matter that leads to the same place again, where its address does not.
    """

    chat: Chat
    place: Mapping[str, Any] = field(default_factory=dict)

    def told(self, script: Script, transcript: Transcript) -> Transcript:
        """A transcript whose settings are all that a script of the same conversation needs."""
        front = script.front
        settings = dict(transcript.settings)
        if self.place:
            settings = {**self.place, **{key: settings[key] for key in settings if key != "base_url"}}
        for key, names in (("tools", front.tools), ("mcp", front.mcp)):
            if names:
                settings[key] = list(names)
        if front.limits is not None:
            settings["limits"] = {name: value for name, value in asdict(front.limits).items() if value is not None}
        return replace(transcript, settings=settings)


@contextlib.contextmanager
def staged(script: Script, chat: Chat | None = None, *, provider: str = "") -> Iterator[Stage]:
    """Have all that a script needs ready while it lasts.

    Args:
        script: The script.
        chat: The chat to talk with; None makes one as the script says.
        provider: Who that chat talks to, where the chat's address will not be there another time.

    Raises:
        ConfigError: when something that the script asks for cannot be had.
        ChatkitError: when a server cannot be reached.
    """
    with contextlib.ExitStack() as stack:
        if chat is None:
            chat, provider = _made(script, stack), script.front.provider
        elif not isinstance(chat, Chat):
            raise ConfigError(f"`chat` must be a chat, not {type(chat).__name__}.")
        held = twin(chat)
        _fit(held, script, stack)
        yield Stage(held, {"provider": provider} if provider else {})


def twin(chat: Chat) -> Chat:
    """A clone that also asks and tells the callbacks of the chat: they may guard its tools."""
    clone = chat.clone()
    clone._talk.approvers = chat._talk.approvers
    clone._talk.toolbox.share_callbacks(chat._talk.toolbox)
    return clone


def _made(script: Script, stack: contextlib.ExitStack) -> Chat:
    front = script.front
    if front.provider == "local":
        from chatkit._constructors.local import chat_local

        return chat_local(model=front.model or None)
    if front.provider == "offline" or front.base_url is not None:
        from chatkit._constructors.openai_compatible import chat_openai_compatible

        if front.base_url is not None:
            return chat_openai_compatible(front.base_url, model=front.model or _UNNAMED)
        from chatkit.testing import OfflineService

        service = stack.enter_context(OfflineService())
        return chat_openai_compatible(service.base_url, model=front.model or _STAND_IN)
    from chatkit._constructors.huggingface import chat_huggingface

    return chat_huggingface(model=front.model) if front.model else chat_huggingface()


def _fit(chat: Chat, script: Script, stack: contextlib.ExitStack) -> None:
    front = script.front
    if front.params is not None:
        chat.params = _merged(chat.params, front.params)
    if front.limits is not None:
        chat.limits = front.limits
    chat.register_tools(script.tools)
    for source in front.mcp:
        is_command = "://" not in source
        stack.callback(chat.register_mcp(source, cwd=Path(script.path).parent if is_command else None).close)


def _merged(old: Params, new: Params) -> Params:
    """Parameters over others; what is not set stays."""
    return Params(**{**dict(old.items()), **dict(new.items()), "extra": {**old.extra, **new.extra}})
