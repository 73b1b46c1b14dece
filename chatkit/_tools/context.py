"""What a tool may know of its call besides the arguments, and say while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chatkit._tools.watch import Halt, Watch
from chatkit._turns.contents import ContentToolRequest

NO_METADATA: Mapping[str, Any] = MappingProxyType({})


class ToolContext:
    """A tool call as its own tool sees it. A parameter annotated with this class is filled in, not asked of the model.

        def fetch(url: str, ctx: ToolContext) -> str: ...

    The parameter may have any name; `ToolContext | None = None` lets the function be called without one, too.

    Args:
        request: The call. Making a context by hand is for testing tools; nobody hears of its progress.
        metadata: The chat's own notes.
        watch: The link to whoever waits for the call.
    """

    __slots__ = ("_metadata", "_request", "_watch")

    def __init__(
        self, request: ContentToolRequest, metadata: Mapping[str, Any] = NO_METADATA, *, watch: Watch | None = None
    ) -> None:
        self._request = request
        self._metadata = metadata
        self._watch = Watch(request, Halt()) if watch is None else watch

    @property
    def request(self) -> ContentToolRequest:
        """What the model asked for: the id, the name and the arguments as it wrote them."""
        return self._request

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The chat's metadata; the model never sees it."""
        return self._metadata

    @property
    def cancelled(self) -> bool:
        """Whether the result is not wanted any more: the answer was cancelled, or the call timed out."""
        return self._watch.cancelled

    def raise_if_cancelled(self) -> None:
        """End the tool here if its result is not wanted any more. A long loop calls this now and then.

        Raises:
            Cancelled: when it is not; let it through.
        """
        self._watch.check()

    def report(self, value: Any) -> None:
        """Give a sign of progress, as a generator does by yielding: readers get a `ToolProgressed` event at once.

        Args:
            value: Anything. The model does not see it.
        """
        self._watch.report(value)

    def __repr__(self) -> str:
        return f"<ToolContext of {self._request.name} ({self._request.id})>"
