"""Where names live: for the front door, which opens a room when one of its names is used, and for whom may not look up.

Imports only ever point down. A value that shows itself asks here, by name, for what draws it: that lives above it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_ROOMS = {
    "chatkit._chat.chat": "Chat",
    "chatkit._chat.exchanges": "Exchange",
    "chatkit._chat.expecting": "Expectation Outcome",
    "chatkit._chat.prompts": "Prompt",
    "chatkit._chat.transcript": "Transcript",
    "chatkit._console.live": "live_console",
    "chatkit._constructors.by_name": "chat",
    "chatkit._constructors.huggingface": "chat_huggingface",
    "chatkit._constructors.listing": "models_huggingface models_openai_compatible",
    "chatkit._constructors.local": "chat_local",
    "chatkit._constructors.openai_compatible": "chat_openai_compatible",
    "chatkit._engine.ledger": "TokenUsage UsageRow token_usage",
    "chatkit._engine.limits": "Limits Spent",
    "chatkit._engine.streams": "AsyncStream Stream",
    "chatkit._engine.typed_streams": "AsyncStructuredStream StructuredStream",
    "chatkit._errors": """
        APIConnectionError APIError APIResponseError APIResponseValidationError APIStatusError
        APIStreamError APITimeoutError AuthenticationError BadRequestError Cancelled ChatBusyError
        ChatkitError ConfigError ConflictError ContentFilterFinishReasonError ContextLengthError
        HistoryError IncompleteOutputError InternalServerError LengthFinishReasonError LimitError MCPError
        MediaError MissingFileError MissingKeyError NotFoundError PermissionDeniedError RateLimitError
        RefusalError ScriptError StoreError StreamError StreamInterruptedError StructuredOutputError ToolLoopLimitError
        ToolRejectError UnprocessableEntityError
    """,
    "chatkit._http.messages": "TimeLimits",
    "chatkit._interpolate": "interpolate interpolate_file",
    "chatkit._mcp.connection": "MCPConnection connect_mcp connect_mcp_async",
    "chatkit._mcp.serving": "serve_mcp",
    "chatkit._media.audio": "content_audio_file",
    "chatkit._media.documents": "content_document_file content_pdf_file content_pdf_url",
    "chatkit._media.images": "content_image_file content_image_plot content_image_url",
    "chatkit._media.texts": "content_text",
    "chatkit._models.estimating": "Estimate",
    "chatkit._models.lists": "ModelList",
    "chatkit._models.prices": "Price",
    "chatkit._models.rows": "ModelInfo ModelOffer",
    "chatkit._providers.openai_messages": "from_messages to_messages",
    "chatkit._providers.params": "Params params",
    "chatkit._providers.profiles": "PROFILES Profile",
    "chatkit._record.replay": "contents_record contents_replay",
    "chatkit._render.code_blocks": "CodeBlock code_blocks",
    "chatkit._render.html": "contents_html",
    "chatkit._render.markdown": "contents_markdown",
    "chatkit._render.text": "contents_text",
    "chatkit._scripts.running": "run_script run_scripts",
    "chatkit._settings.reading": "Settings settings",
    "chatkit._tools.annotations": "tool_annotations",
    "chatkit._tools.context": "ToolContext",
    "chatkit._tools.tool": "Tool tool",
    "chatkit._turns.accounting": "TokenRow",
    "chatkit._turns.approvals": "PendingApproval",
    "chatkit._turns.compacting": "Compaction",
    "chatkit._turns.contents": """
        Content ContentAudio ContentDocument ContentDocumentRemote ContentImageInline ContentImageRemote
        ContentJson ContentText ContentThinking ContentToolRequest ContentToolResult
    """,
    "chatkit._turns.details": "FailedAttempt Source TokenLogProb",
    "chatkit._turns.events": """
        ApprovalRequested Event ModelLoading Retrying SourceCited TextDelta ThinkingDelta ToolInputDelta
        ToolProgressed ToolRequested
        ToolReturned TurnEnded TurnStarted
    """,
    "chatkit._turns.reply": "Reply",
    "chatkit._turns.turns": "AssistantTurn Round SystemTurn Turn Usage UserTurn",
    "chatkit._types.concise": "type_from_text",
    "chatkit._types.values": """
        type_array type_boolean type_enum type_from_schema type_ignore type_integer type_number type_object
        type_string
    """,
    "chatkit._warnings": """
        ChatkitWarning ContentWarning FinishReasonWarning MissingToolWarning NameClashWarning
        PlainHttpWarning RepeatedCallWarning SeveralAnswersWarning ToolFailureWarning UnknownCostWarning
        UnsupportedParameterWarning
    """,
}
# Not for people: what IPython, and values that show themselves, ask for.
_BACK_ROOMS = {
    "chatkit._display.notebook.where": "notebook",
    "chatkit._engine.showing": "token_rows_html token_rows_markdown token_rows_text",
    "chatkit._magics": "load_ipython_extension unload_ipython_extension",
    "chatkit._render.bundle": "shown_html shown_markdown",
    "chatkit._render.failing": "traceback_lines",
}
ROOM_OF = {name: room for rooms in (_ROOMS, _BACK_ROOMS) for room, names in rooms.items() for name in names.split()}


def opened(name: str) -> Any:
    """What is called that; its room is opened now, if it is not yet.

    Args:
        name: One of the names of `ROOM_OF`.
    """
    return getattr(import_module(ROOM_OF[name]), name)
