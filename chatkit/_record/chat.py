"""The record of a whole chat: who was spoken to and how, what was said, and the names of the tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatkit._errors import HistoryError
from chatkit._record.files import PathLike, path_name, read_record, write_record
from chatkit._record.kinds import TEXTS, Kind, optional, plain_object, refused, text
from chatkit._record.replay import ROOT, stamped, unstamped
from chatkit._record.shapes import Shape
from chatkit._record.turns import turns_of, turns_record
from chatkit._turns.turns import AssistantTurn, UserTurn


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """What of a chat is kept: data only. No key, no header, no function and nothing that would run is in it.

    A tool call that waits for approval is a request of the last turn without a result; it needs nothing else.

    Args:
        provider: The settings that the provider is made of, in a form that JSON can say.
        turns: User and assistant turns, oldest first.
        system: The system prompt.
        tools: The names of the tools on offer; the functions are brought along when the chat is loaded.
        options: How the chat proceeds, such as how many rounds of tools it allows; in a form that JSON can say.
        metadata: The user's own notes about the conversation; what JSON can say.
    """

    provider: Mapping[str, Any]
    turns: tuple[UserTurn | AssistantTurn, ...] = ()
    system: str | None = None
    tools: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The recorded form: a dict with `version`, `type` "chat" and the fields.

        Raises:
            HistoryError: when something cannot be recorded; it names the place.
        """
        return stamped({"type": "chat"} | _SHAPE.write(self, ROOT))

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], at: str = ROOT) -> ChatRecord:
        """Read the recorded form.

        Args:
            record: What `to_dict()` gave, perhaps after a way through JSON.
            at: What messages call the root of the record.

        Raises:
            HistoryError: when it is no record of a chat, of a newer version, or has fields that are missing, unknown
                or wrong; it names the place.
        """
        given = unstamped(record, at)
        if given.get("type") != "chat":
            raise refused(f"{at}.type", "'chat'", given.get("type"))
        made: ChatRecord = _SHAPE.read(given, at, "type")
        return made


def save_chat(path: PathLike, record: ChatRecord) -> None:
    """Write the record of a chat to a file, whole or not at all. See `write_record`."""
    write_record(path, record.to_dict())


def load_chat(path: PathLike) -> ChatRecord:
    """Read the record of a chat from a file. Nothing runs by it.

    Raises:
        HistoryError: when it is no such record; it names the path and the place.
        OSError: when there is no such file or it may not be read.
    """
    return ChatRecord.from_dict(read_record(path), f"{path_name(path)}: $")


def _said_of(record: Any, at: str) -> tuple[UserTurn | AssistantTurn, ...]:
    said = []
    for place, turn in enumerate(turns_of(record, at)):
        if not isinstance(turn, UserTurn | AssistantTurn):
            raise HistoryError(f"{at}[{place}] is a system turn; the system prompt stands in `system`.")
        said.append(turn)
    return tuple(said)


_SHAPE = Shape(
    ChatRecord,
    provider=plain_object,
    system=optional(text),
    tools=TEXTS,
    options=plain_object,
    metadata=plain_object,
    turns=Kind(turns_record, _said_of),
)
