"""What a conversation tells while it happens: small frozen values, in the past tense.

The engine tells them and knows none of their readers: echo, `stream()`, a web encoder, a store, a tracer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from chatkit._turns.approvals import PendingApproval
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.details import Source
from chatkit._turns.turns import AssistantTurn, UserTurn


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A user turn (or a turn of tool results) is about to be sent.

    Args:
        turn: The turn.
    """

    turn: UserTurn
    type: ClassVar[Literal["turn_started"]] = "turn_started"


class TextDelta:
    """A piece of the answer's text arrived.

    Args:
        text: The piece.
    """

    # Written out by hand: a frozen dataclass costs three times as much to make, and one is made per chunk.
    __slots__ = ("text",)
    type: ClassVar[Literal["text_delta"]] = "text_delta"
    text: str

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"TextDelta(text={self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextDelta) and self.text == other.text

    def __hash__(self) -> int:
        return hash(("text_delta", self.text))


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A piece of the model's thinking arrived.

    Args:
        thinking: The piece.
    """

    thinking: str
    type: ClassVar[Literal["thinking_delta"]] = "thinking_delta"


@dataclass(frozen=True, slots=True)
class ToolInputDelta:
    """A piece of a tool call's arguments arrived.

    Args:
        index: Which call of this answer, counted from 0.
        id: The id of the call, as far as it is known.
        name: The name of the tool, as far as it is known.
        delta: The piece, of JSON text.
    """

    index: int
    id: str
    name: str
    delta: str
    type: ClassVar[Literal["tool_input_delta"]] = "tool_input_delta"


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """A tool is about to be called.

    Args:
        request: The call.
    """

    request: ContentToolRequest
    type: ClassVar[Literal["tool_requested"]] = "tool_requested"


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """A tool call waits for approval; it runs only after a yes.

    Args:
        approval: The call that waits.
    """

    approval: PendingApproval
    type: ClassVar[Literal["approval_requested"]] = "approval_requested"


@dataclass(frozen=True, slots=True)
class ToolProgressed:
    """A tool that is running gave a sign of how far it is.

    Args:
        request: The call.
        value: What the tool yielded or reported; of any type.
    """

    request: ContentToolRequest
    value: Any
    type: ClassVar[Literal["tool_progressed"]] = "tool_progressed"

    def __hash__(self) -> int:
        return hash(self.request)


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool call came to its end, well or not.

    Args:
        result: What came of it, and its request.
    """

    result: ContentToolResult
    type: ClassVar[Literal["tool_returned"]] = "tool_returned"


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request failed before anything of the answer was seen, or gave no answer of the type wanted; it is sent again.

    Args:
        attempt: The number of the attempt that failed, from 1.
        delay: Seconds until the next one.
        error: What went wrong, as text.
        next_model: The model asked next, with its route, where that is another one or another service.
        next_service: The service asked next, where another one is asked.
    """

    attempt: int
    delay: float
    error: str
    next_model: str | None = None
    next_service: str | None = None
    type: ClassVar[Literal["retrying"]] = "retrying"


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """The server is not ready yet, because it is still loading the model; it is asked again.

    Args:
        waited: Seconds waited so far, about.
        limit: Seconds to wait at most.
        delay: Seconds until it is asked again.
        error: What the server says, as text.
    """

    waited: float
    limit: float
    delay: float
    error: str
    type: ClassVar[Literal["model_loading"]] = "model_loading"


@dataclass(frozen=True, slots=True)
class SourceCited:
    """The answer cites a page.

    Args:
        source: The page.
    """

    source: Source
    type: ClassVar[Literal["source_cited"]] = "source_cited"


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A whole assistant turn arrived and stands in the history.

    Args:
        turn: The turn.
    """

    turn: AssistantTurn
    type: ClassVar[Literal["turn_ended"]] = "turn_ended"


Event: TypeAlias = (
    TurnStarted
    | TextDelta
    | ThinkingDelta
    | ToolInputDelta
    | ApprovalRequested
    | ToolRequested
    | ToolProgressed
    | ToolReturned
    | Retrying
    | ModelLoading
    | SourceCited
    | TurnEnded
)
