"""Test doubles for chat applications: a scripted server, an offline stand-in for a model, tapes, and no network.

A room opens when one of its names is used: the pytest plugin comes through this door in every run of every project.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._answers import Answer, ErrorAnswer, EventsAnswer, EventStyle, RawAnswer, ToolCall
    from ._delivery import Delivery
    from ._fake_service import FakeService
    from ._history_rules import check_history
    from ._offline_service import OfflineService
    from ._replies import Reply, Scripted
    from ._request_rules import check_request
    from ._requests import RecordedRequest
    from ._responses_rules import check_responses_request
    from ._tape import Tape, forbid_requests, record, replay, tape
    from ._tape_errors import RequestForbiddenError, TapeError, TapeMismatchError

_ROOMS = {
    "_answers": "Answer ErrorAnswer EventsAnswer EventStyle RawAnswer ToolCall",
    "_delivery": "Delivery",
    "_fake_service": "FakeService",
    "_history_rules": "check_history",
    "_offline_service": "OfflineService",
    "_replies": "Reply Scripted",
    "_request_rules": "check_request",
    "_requests": "RecordedRequest",
    "_responses_rules": "check_responses_request",
    "_tape": "Tape forbid_requests record replay tape",
    "_tape_errors": "RequestForbiddenError TapeError TapeMismatchError",
}
_WHERE = {name: room for room, names in _ROOMS.items() for name in names.split()}

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
    "RequestForbiddenError",
    "Scripted",
    "Tape",
    "TapeError",
    "TapeMismatchError",
    "ToolCall",
    "check_history",
    "check_request",
    "check_responses_request",
    "forbid_requests",
    "record",
    "replay",
    "tape",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
