"""Test doubles for chat applications: a scripted server, and an offline stand-in for a model."""

from ._answers import Answer, ErrorAnswer, EventsAnswer, EventStyle, RawAnswer, ToolCall
from ._delivery import Delivery
from ._fake_service import FakeService
from ._history_rules import check_history
from ._offline_service import OfflineService
from ._replies import Reply, Scripted
from ._request_rules import check_request
from ._requests import RecordedRequest
from ._responses_rules import check_responses_request

__all__ = [
    "Answer",
    "Delivery",
    "ErrorAnswer",
    "EventStyle",
    "EventsAnswer",
    "FakeService",
    "OfflineService",
    "RawAnswer",
    "RecordedRequest",
    "Reply",
    "Scripted",
    "ToolCall",
    "check_history",
    "check_request",
    "check_responses_request",
]
