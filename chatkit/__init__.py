"""Stateful chat objects for any OpenAI-compatible server, at home on Hugging Face.

A `Chat` holds the system prompt, the turns, the parameters and the tools of a conversation; `chat_huggingface()` and
`chat_openai_compatible()` make one. Start with:

    from chatkit import chat_huggingface

    chat = chat_huggingface("You are terse.")
    chat.chat("What is the capital of France?")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chatkit._clash import warn_of_clash
from chatkit._version import __version__

if TYPE_CHECKING:
    from chatkit._chat import Chat
    from chatkit._constructors import chat, chat_huggingface, chat_openai_compatible
    from chatkit._engine.streams import AsyncStream, Stream
    from chatkit._errors import (
        APIConnectionError,
        APIError,
        APIResponseError,
        APIResponseValidationError,
        APIStatusError,
        APIStreamError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        Cancelled,
        ChatBusyError,
        ChatkitError,
        ChatkitWarning,
        ConfigError,
        ConflictError,
        ContentFilterFinishReasonError,
        ContextLengthError,
        FinishReasonWarning,
        HistoryError,
        IncompleteOutputError,
        InternalServerError,
        LengthFinishReasonError,
        MediaError,
        MissingKeyError,
        NameClashWarning,
        NotFoundError,
        PermissionDeniedError,
        PlainHttpWarning,
        RateLimitError,
        StreamError,
        StreamInterruptedError,
        ToolFailureWarning,
        ToolLoopLimitError,
        ToolRejectError,
        UnprocessableEntityError,
        UnsupportedParameterWarning,
    )
    from chatkit._http.messages import TimeLimits
    from chatkit._providers.params import Params, params
    from chatkit._providers.profiles import PROFILES, Profile
    from chatkit._tools.tool import Tool, tool
    from chatkit._turns.accounting import TokenRow
    from chatkit._turns.contents import (
        Content,
        ContentImageInline,
        ContentImageRemote,
        ContentText,
        ContentThinking,
        ContentToolRequest,
        ContentToolResult,
    )
    from chatkit._turns.events import (
        Event,
        Retrying,
        TextDelta,
        ThinkingDelta,
        ToolInputDelta,
        ToolRequested,
        ToolReturned,
        TurnEnded,
        TurnStarted,
    )
    from chatkit._turns.reply import Reply
    from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Turn, Usage, UserTurn

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIResponseValidationError",
    "APIStatusError",
    "APIStreamError",
    "APITimeoutError",
    "AssistantTurn",
    "AsyncStream",
    "AuthenticationError",
    "BadRequestError",
    "Cancelled",
    "Chat",
    "ChatBusyError",
    "ChatkitError",
    "ChatkitWarning",
    "ConfigError",
    "ConflictError",
    "Content",
    "ContentFilterFinishReasonError",
    "ContentImageInline",
    "ContentImageRemote",
    "ContentText",
    "ContentThinking",
    "ContentToolRequest",
    "ContentToolResult",
    "ContextLengthError",
    "Event",
    "FinishReasonWarning",
    "HistoryError",
    "IncompleteOutputError",
    "InternalServerError",
    "LengthFinishReasonError",
    "MediaError",
    "MissingKeyError",
    "NameClashWarning",
    "NotFoundError",
    "PROFILES",
    "Params",
    "PermissionDeniedError",
    "PlainHttpWarning",
    "Profile",
    "RateLimitError",
    "Reply",
    "Retrying",
    "Round",
    "Stream",
    "StreamError",
    "StreamInterruptedError",
    "SystemTurn",
    "TextDelta",
    "ThinkingDelta",
    "TimeLimits",
    "TokenRow",
    "Tool",
    "ToolFailureWarning",
    "ToolInputDelta",
    "ToolLoopLimitError",
    "ToolRejectError",
    "ToolRequested",
    "ToolReturned",
    "Turn",
    "TurnEnded",
    "TurnStarted",
    "UnprocessableEntityError",
    "UnsupportedParameterWarning",
    "Usage",
    "UserTurn",
    "__version__",
    "chat",
    "chat_huggingface",
    "chat_openai_compatible",
    "params",
    "tool",
]

# Where each name lives, if not among the errors. A room is opened when the first of its names is used, so that
# importing chatkit costs next to nothing.
_ROOMS = {
    "chatkit._chat": ("Chat",),
    "chatkit._constructors": (
        "chat",
        "chat_huggingface",
        "chat_openai_compatible",
    ),
    "chatkit._engine.streams": (
        "AsyncStream",
        "Stream",
    ),
    "chatkit._http.messages": ("TimeLimits",),
    "chatkit._providers.params": (
        "Params",
        "params",
    ),
    "chatkit._providers.profiles": (
        "PROFILES",
        "Profile",
    ),
    "chatkit._tools.tool": (
        "Tool",
        "tool",
    ),
    "chatkit._turns.accounting": ("TokenRow",),
    "chatkit._turns.contents": (
        "Content",
        "ContentImageInline",
        "ContentImageRemote",
        "ContentText",
        "ContentThinking",
        "ContentToolRequest",
        "ContentToolResult",
    ),
    "chatkit._turns.events": (
        "Event",
        "Retrying",
        "TextDelta",
        "ThinkingDelta",
        "ToolInputDelta",
        "ToolRequested",
        "ToolReturned",
        "TurnEnded",
        "TurnStarted",
    ),
    "chatkit._turns.reply": ("Reply",),
    "chatkit._turns.turns": (
        "AssistantTurn",
        "Round",
        "SystemTurn",
        "Turn",
        "Usage",
        "UserTurn",
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'chatkit' has no attribute {name!r}")
    value = getattr(import_module(_ROOM_OF.get(name, "chatkit._errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


warn_of_clash()
