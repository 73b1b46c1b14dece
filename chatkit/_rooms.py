"""Where each public name lives: data for the front door, which opens a room when one of its names is used."""

from __future__ import annotations

_ROOMS = {
    "chatkit._chat.chat": "Chat",
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
        RefusalError StoreError StreamError StreamInterruptedError StructuredOutputError ToolLoopLimitError
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
    "chatkit._render.html": "contents_html",
    "chatkit._render.markdown": "contents_markdown",
    "chatkit._render.text": "contents_text",
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
ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}
