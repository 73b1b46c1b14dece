"""Stateful chat objects for any OpenAI-compatible server, at home on Hugging Face.

A `Chat` holds the system prompt, the turns, the parameters and the tools of a conversation; `chat_huggingface()` and
`chat_openai_compatible()` make one. Start with:

    from chatkit import chat_huggingface

    chat = chat_huggingface("You are terse.")
    chat.chat("What is the capital of France?")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatkit._clash import warn_of_clash
from chatkit._rooms import ROOM_OF, opened
from chatkit._version import __version__

if TYPE_CHECKING:
    from chatkit._chat.chat import Chat
    from chatkit._chat.exchanges import Exchange
    from chatkit._chat.expecting import Expectation, Outcome
    from chatkit._chat.prompts import Prompt
    from chatkit._chat.transcript import Transcript
    from chatkit._console.live import live_console
    from chatkit._constructors.by_name import chat
    from chatkit._constructors.huggingface import chat_huggingface
    from chatkit._constructors.listing import models_huggingface, models_openai_compatible
    from chatkit._constructors.local import chat_local
    from chatkit._constructors.openai_compatible import chat_openai_compatible
    from chatkit._engine.ledger import TokenUsage, UsageRow, token_usage
    from chatkit._engine.limits import Limits, Spent
    from chatkit._engine.streams import AsyncStream, Stream
    from chatkit._engine.typed_streams import AsyncStructuredStream, StructuredStream
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
        ConfigError,
        ConflictError,
        ContentFilterFinishReasonError,
        ContextLengthError,
        HistoryError,
        IncompleteOutputError,
        InternalServerError,
        LengthFinishReasonError,
        LimitError,
        MCPError,
        MediaError,
        MissingFileError,
        MissingKeyError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RefusalError,
        ScriptError,
        StoreError,
        StreamError,
        StreamInterruptedError,
        StructuredOutputError,
        ToolLoopLimitError,
        ToolRejectError,
        UnprocessableEntityError,
    )
    from chatkit._http.messages import TimeLimits
    from chatkit._interpolate import interpolate, interpolate_file
    from chatkit._mcp.connection import MCPConnection, connect_mcp, connect_mcp_async
    from chatkit._mcp.serving import serve_mcp
    from chatkit._media.audio import content_audio_file
    from chatkit._media.documents import content_document_file, content_pdf_file, content_pdf_url
    from chatkit._media.images import content_image_file, content_image_plot, content_image_url
    from chatkit._media.texts import content_text
    from chatkit._models.estimating import Estimate
    from chatkit._models.lists import ModelList
    from chatkit._models.prices import Price
    from chatkit._models.rows import ModelInfo, ModelOffer
    from chatkit._providers.openai_messages import from_messages, to_messages
    from chatkit._providers.params import Params, params
    from chatkit._providers.profiles import PROFILES, Profile
    from chatkit._record.replay import contents_record, contents_replay
    from chatkit._render.code_blocks import CodeBlock, code_blocks
    from chatkit._render.html import contents_html
    from chatkit._render.markdown import contents_markdown
    from chatkit._render.text import contents_text
    from chatkit._scripts.running import run_script, run_scripts
    from chatkit._settings.reading import Settings, settings
    from chatkit._tools.annotations import tool_annotations
    from chatkit._tools.context import ToolContext
    from chatkit._tools.tool import Tool, tool
    from chatkit._turns.accounting import TokenRow
    from chatkit._turns.approvals import PendingApproval
    from chatkit._turns.compacting import Compaction
    from chatkit._turns.contents import (
        Content,
        ContentAudio,
        ContentDocument,
        ContentDocumentRemote,
        ContentImageInline,
        ContentImageRemote,
        ContentJson,
        ContentText,
        ContentThinking,
        ContentToolRequest,
        ContentToolResult,
    )
    from chatkit._turns.details import FailedAttempt, Source, TokenLogProb
    from chatkit._turns.events import (
        ApprovalRequested,
        Event,
        ModelLoading,
        Retrying,
        SourceCited,
        TextDelta,
        ThinkingDelta,
        ToolInputDelta,
        ToolProgressed,
        ToolRequested,
        ToolReturned,
        TurnEnded,
        TurnStarted,
    )
    from chatkit._turns.reply import Reply
    from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, Turn, Usage, UserTurn
    from chatkit._types.concise import type_from_text
    from chatkit._types.values import (
        type_array,
        type_boolean,
        type_enum,
        type_from_schema,
        type_ignore,
        type_integer,
        type_number,
        type_object,
        type_string,
    )
    from chatkit._warnings import (
        ChatkitWarning,
        ContentWarning,
        FinishReasonWarning,
        MissingToolWarning,
        NameClashWarning,
        PlainHttpWarning,
        RepeatedCallWarning,
        SeveralAnswersWarning,
        ToolFailureWarning,
        UnknownCostWarning,
        UnsupportedParameterWarning,
    )

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseError",
    "APIResponseValidationError",
    "APIStatusError",
    "APIStreamError",
    "APITimeoutError",
    "ApprovalRequested",
    "AssistantTurn",
    "AsyncStream",
    "AsyncStructuredStream",
    "AuthenticationError",
    "BadRequestError",
    "Cancelled",
    "Chat",
    "ChatBusyError",
    "ChatkitError",
    "ChatkitWarning",
    "CodeBlock",
    "Compaction",
    "ConfigError",
    "ConflictError",
    "Content",
    "ContentAudio",
    "ContentDocument",
    "ContentDocumentRemote",
    "ContentFilterFinishReasonError",
    "ContentImageInline",
    "ContentImageRemote",
    "ContentJson",
    "ContentText",
    "ContentThinking",
    "ContentToolRequest",
    "ContentToolResult",
    "ContentWarning",
    "ContextLengthError",
    "Estimate",
    "Event",
    "Exchange",
    "Expectation",
    "FailedAttempt",
    "FinishReasonWarning",
    "HistoryError",
    "IncompleteOutputError",
    "InternalServerError",
    "LengthFinishReasonError",
    "LimitError",
    "Limits",
    "MCPConnection",
    "MCPError",
    "MediaError",
    "MissingFileError",
    "MissingKeyError",
    "MissingToolWarning",
    "ModelInfo",
    "ModelList",
    "ModelLoading",
    "ModelOffer",
    "NameClashWarning",
    "NotFoundError",
    "Outcome",
    "PROFILES",
    "Params",
    "PendingApproval",
    "PermissionDeniedError",
    "PlainHttpWarning",
    "Price",
    "Profile",
    "Prompt",
    "RateLimitError",
    "RefusalError",
    "RepeatedCallWarning",
    "Reply",
    "Retrying",
    "Round",
    "ScriptError",
    "Settings",
    "SeveralAnswersWarning",
    "Source",
    "SourceCited",
    "Spent",
    "StoreError",
    "Stream",
    "StreamError",
    "StreamInterruptedError",
    "StructuredOutputError",
    "StructuredStream",
    "SystemTurn",
    "TextDelta",
    "ThinkingDelta",
    "TimeLimits",
    "TokenLogProb",
    "TokenRow",
    "TokenUsage",
    "Tool",
    "ToolContext",
    "ToolFailureWarning",
    "ToolInputDelta",
    "ToolLoopLimitError",
    "ToolProgressed",
    "ToolRejectError",
    "ToolRequested",
    "ToolReturned",
    "Transcript",
    "Turn",
    "TurnEnded",
    "TurnStarted",
    "UnknownCostWarning",
    "UnprocessableEntityError",
    "UnsupportedParameterWarning",
    "Usage",
    "UsageRow",
    "UserTurn",
    "__version__",
    "chat",
    "chat_huggingface",
    "chat_local",
    "chat_openai_compatible",
    "code_blocks",
    "connect_mcp",
    "connect_mcp_async",
    "content_audio_file",
    "content_document_file",
    "content_image_file",
    "content_image_plot",
    "content_image_url",
    "content_pdf_file",
    "content_pdf_url",
    "content_text",
    "contents_html",
    "contents_markdown",
    "contents_record",
    "contents_replay",
    "contents_text",
    "from_messages",
    "interpolate",
    "interpolate_file",
    "live_console",
    "models_huggingface",
    "models_openai_compatible",
    "params",
    "run_script",
    "run_scripts",
    "serve_mcp",
    "settings",
    "to_messages",
    "token_usage",
    "tool",
    "tool_annotations",
    "type_array",
    "type_boolean",
    "type_enum",
    "type_from_schema",
    "type_from_text",
    "type_ignore",
    "type_integer",
    "type_number",
    "type_object",
    "type_string",
]


def __getattr__(name: str) -> Any:
    if name not in ROOM_OF:
        raise AttributeError(f"module 'chatkit' has no attribute {name!r}")
    # A room is opened when the first of its names is used, so that importing chatkit costs next to nothing.
    value = opened(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


warn_of_clash()
