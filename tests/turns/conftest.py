"""Short ways to make the turns that histories are made of."""

import pytest

from chatkit._turns.contents import ContentThinking, ContentToolRequest, ContentToolResult
from chatkit._turns.turns import AssistantTurn, UserTurn


class Saying:
    """Makes turns."""

    @staticmethod
    def request(key="c1", name="add"):
        return ContentToolRequest(key, name, {"a": 1})

    @staticmethod
    def result(key="c1", text="4"):
        return ContentToolResult(text, request=ContentToolRequest(key, "add", {"a": 1}), text=text)

    def asks(self, *keys, text="", **about):
        """An assistant turn that asks for tools."""
        return AssistantTurn([*([text] if text else []), *map(self.request, keys)], finish_reason="tool_calls", **about)

    def results(self, *keys):
        """A turn of tool results."""
        return UserTurn([self.result(key) for key in keys])

    @staticmethod
    def thinks(text="Hm", **about):
        """An assistant turn without an answer in it."""
        return AssistantTurn([ContentThinking(text)], **about)


@pytest.fixture(scope="session")
def say():
    return Saying()
