"""Chats by a "provider/model" name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatkit._chat.chat import Chat
from chatkit._constructors.huggingface import chat_huggingface
from chatkit._constructors.local import chat_local
from chatkit._constructors.openai_compatible import chat_openai_compatible
from chatkit._errors import ConfigError


def chat(name: str, **arguments: Any) -> Chat:
    """Make a chat by a name such as "huggingface/org/model".

    Args:
        name: The provider, then, after the first slash, the model; the model may be left out where there is a
            default. Providers: "huggingface", "local" and "openai_compatible" (which wants `base_url=` too).
        **arguments: As for the provider's own constructor.

    Returns:
        The chat. Nothing is sent yet, but for "local", which asks servers on this machine what they are.

    Raises:
        ConfigError: when the provider is not known, or a model is named twice or not at all.
        APIConnectionError: when "local" finds no server.
    """
    provider, slash, model = name.partition("/") if isinstance(name, str) else ("", "", "")
    maker = _MAKERS.get(provider)
    if maker is None or (slash and not model):
        raise ConfigError(
            f"{name!r} names no chat.", hint=f'Write "provider/model"; providers: {", ".join(sorted(_MAKERS))}.'
        )
    if model and "model" in arguments:
        raise ConfigError(f"The model is named twice: in {name!r}, and as model={arguments['model']!r}.")
    if model:
        arguments["model"] = model
    if maker is chat_openai_compatible:
        for needed in ("base_url", "model"):
            if needed not in arguments:
                raise ConfigError(f'chat("openai_compatible/model", base_url=...) needs `{needed}`.')
    return maker(**arguments)


_MAKERS: dict[str, Callable[..., Chat]] = {
    "huggingface": chat_huggingface,
    "local": chat_local,
    "openai_compatible": chat_openai_compatible,
}
