"""Where each public name lives: data for the front door, which opens a room when one of its names is used."""

from __future__ import annotations

_ROOMS = {
    "chatkit._chat.chat": "Chat",
    "chatkit._constructors": "chat chat_huggingface chat_openai_compatible",
    "chatkit._engine.streams": "AsyncStream Stream",
    "chatkit._errors": """
        APIConnectionError APIError APIResponseError APIResponseValidationError APIStatusError
        APIStreamError APITimeoutError AuthenticationError BadRequestError Cancelled ChatBusyError
        ChatkitError ConfigError ConflictError ContentFilterFinishReasonError ContextLengthError
        HistoryError IncompleteOutputError InternalServerError LengthFinishReasonError LimitError MCPError
        MediaError MissingKeyError NotFoundError PermissionDeniedError RateLimitError RefusalError
        StreamError StreamInterruptedError StructuredOutputError ToolLoopLimitError ToolRejectError
        UnprocessableEntityError
    """,
    "chatkit._http.messages": "TimeLimits",
    "chatkit._providers.params": "Params params",
    "chatkit._providers.profiles": "PROFILES Profile",
    "chatkit._tools.tool": "Tool tool",
    "chatkit._turns.accounting": "TokenRow",
    "chatkit._turns.approvals": "PendingApproval",
    "chatkit._turns.contents": """
        Content ContentAudio ContentDocument ContentDocumentRemote ContentImageInline ContentImageRemote
        ContentJson ContentText ContentThinking ContentToolRequest ContentToolResult
    """,
    "chatkit._turns.events": """
        ApprovalRequested Event Retrying TextDelta ThinkingDelta ToolInputDelta ToolProgressed ToolRequested
        ToolReturned TurnEnded TurnStarted
    """,
    "chatkit._turns.reply": "Reply",
    "chatkit._turns.turns": "AssistantTurn Round SystemTurn Turn Usage UserTurn",
    "chatkit._warnings": """
        ChatkitWarning ContentWarning FinishReasonWarning NameClashWarning PlainHttpWarning
        RepeatedCallWarning SeveralAnswersWarning ToolFailureWarning UnknownCostWarning
        UnsupportedParameterWarning
    """,
}
ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}
