"""A tool call and what came of it, folded up under one line."""

from __future__ import annotations

from typing import Any

from chatkit._display.layout import cut
from chatkit._display.notebook.look import BAD, BODY, BOX
from chatkit._display.sanitize import one_line, visible
from chatkit._display.wording import call_text, content_text, result_text
from chatkit._render.bundle import InOutput
from chatkit._render.fences import code, fence
from chatkit._render.html import joined
from chatkit._render.markdown import joined as markdown_joined
from chatkit._render.markup import escaped, preformatted
from chatkit._render.tooling import arguments_of, outcome_of
from chatkit._turns.contents import ContentMedia, ContentToolRequest, ContentToolResult

_SUMMARY = 90
_MOST = 4_000


class Call:
    """One call.

    Args:
        request: What the model asked for.
    """

    def __init__(self, request: ContentToolRequest) -> None:
        self.request = request
        self._result: ContentToolResult | None = None
        self._state = "running …"
        self._pictures = ""
        self.finished = False

    @property
    def size(self) -> int:
        """What stays of it once it returned."""
        return len(self.html()) if self.finished else 0

    def progressed(self, value: Any) -> None:
        """The tool told how far it is."""
        self._state = cut(one_line(value if isinstance(value, str) else repr(value)), _SUMMARY, "…")

    def returned(self, result: ContentToolResult) -> None:
        """The tool came to its end."""
        self._result = result
        self._pictures = joined(result.attachments)
        self.finished = True

    def finish(self) -> None:
        """It will not return any more."""
        self._state, self.finished = "no result", True

    @property
    def _failed(self) -> bool:
        return self._result is not None and self._result.error is not None

    def html(self) -> str:
        """The name and the arguments, briefly, and below them everything; pictures stand outside."""
        style = f"{BOX};{BAD}" if self._failed else BOX
        kind = "chatkit-call chatkit-error" if self._failed else "chatkit-call"
        shown = [] if self._told_whole else [_block(*arguments_of(self.request))]
        if self._result is not None:
            shown.append(_block(*outcome_of(self._result)))
        folded = [f'<details class="{kind}" style="{style}"><summary>{self._summary()}</summary>', *shown, "</details>"]
        return "\n".join(filter(None, [*folded, self._pictures]))

    @property
    def _told_whole(self) -> bool:
        # The summary has all of it; the model's own text of arguments that cannot be read is shown in any case.
        return self.request.arguments is not None and len(call_text(self.request)) <= _SUMMARY

    def _summary(self) -> str:
        call = f"<code>{escaped(cut(call_text(self.request), _SUMMARY, '…'))}</code>"
        if self._result is None:
            return f"{call} {escaped(self._state)}"
        return f"✗ {call} failed" if self._failed else f"✓ {call}"

    def markdown(self) -> str:
        """The call on a line, and its result in a fence."""
        line = f"**Tool call:** {code(call_text(self.request))}"
        return "\n\n".join(filter(None, [line, fence(self._told()), markdown_joined(self._attachments, InOutput())]))

    def plain(self) -> str:
        """The call on a line, and its result below."""
        images = map(content_text, self._attachments)
        return "\n".join([f"[tool call] {call_text(self.request)}", self._told(), *images])

    @property
    def _attachments(self) -> tuple[ContentMedia, ...]:
        return () if self._result is None else self._result.attachments

    def _told(self) -> str:
        return self._state if self._result is None else _short(result_text(self._result))


def _short(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[:_MOST]}\n… ({len(text):,} characters)"


def _block(name: str, text: str) -> str:
    return f'<div style="{BODY}">{preformatted(_short(visible(text)), name)}</div>'
