"""How a server made of tools answers: lists them, and calls them as a chat does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, assert_never
from urllib.parse import quote

import mcp_types

from chatkit._errors import ConfigError
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentMedia,
    ContentToolRequest,
    ContentToolResult,
)

if TYPE_CHECKING:
    from mcp.server.lowlevel.server import Server

    from chatkit._tools.tool import Tool
    from chatkit._tools.toolbox import Toolbox

_HINTS = ("title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_SOUNDS = {"mp3": "mpeg", "m4a": "mp4"}


def make_server(toolbox: Toolbox, name: str) -> Server[Any]:
    """Make a server of the tools; it knows nothing of how messages travel."""
    from mcp.server.lowlevel.server import Server

    from chatkit._version import __version__

    async def list_tools(context: Any, parameters: Any) -> mcp_types.ListToolsResult:
        return mcp_types.ListToolsResult(tools=[_described(item) for item in toolbox.definitions])

    async def call_tool(context: Any, parameters: mcp_types.CallToolRequestParams) -> mcp_types.CallToolResult:
        request = ContentToolRequest(str(context.request_id), parameters.name, parameters.arguments or {})
        results: list[ContentToolResult | None] = [None]
        async for event in toolbox.run_async([request], results):
            await _tell(context, event.value)
        return answer_of(results[0])

    return Server(name, version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


async def over_stdio(toolbox: Toolbox, name: str, ready: Callable[[str], object] | None = None) -> None:
    """Serve the client at standard input and output until it leaves."""
    from mcp.server.stdio import stdio_server

    server = make_server(toolbox, name)
    with _standard_input() as stream:
        lines: Any = _Lines(stream)
        async with stdio_server(stdin=lines) as (reading, writing):
            if ready is not None:
                ready("")
            try:
                await server.run(reading, writing, server.create_initialization_options())
            finally:
                # What tools printed goes to standard error, but only while the server stands.
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.flush()


async def _tell(context: Any, value: Any) -> None:
    """Pass on how far a tool is: a number, or a mapping with "progress" and, if known, "total" and "message"."""
    told = value if isinstance(value, Mapping) else {"progress": value}
    done, total, message = told.get("progress"), told.get("total"), told.get("message")
    if _is_number(done):
        text = None if message is None else str(message)
        await context.session.report_progress(done, total if _is_number(total) else None, text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _described(item: Tool) -> mcp_types.Tool:
    hints = {name: value for name, value in item.annotations.items() if name in _HINTS}
    return mcp_types.Tool(
        name=item.name,
        description=item.description,
        input_schema=dict(item.parameters),
        annotations=mcp_types.ToolAnnotations.model_validate(hints) if hints else None,
    )


def answer_of(result: ContentToolResult | None) -> mcp_types.CallToolResult:
    """Make an answer of the result of a tool call."""
    assert result is not None
    text = result.text or ""
    before, _, last = text.rpartition("\n")
    if result.attachments and last.startswith("[Attached: "):
        text = before  # the toolbox says where a chat puts them; here they stand beside the text
    blocks: list[Any] = [mcp_types.TextContent(text=text)] if text else []
    blocks += map(_block, result.attachments)
    if result.error is not None:
        return mcp_types.CallToolResult(content=blocks, is_error=True)
    return mcp_types.CallToolResult(content=blocks, structured_content=_structured(result.value, text))


def _structured(value: Any, text: str) -> dict[str, Any] | None:
    """The object that a text is the JSON of; what was returned as a text is meant as one."""
    if isinstance(value, str) or not text.startswith("{"):
        return None
    try:
        return dict(json.loads(text))
    except ValueError:  # it was too long, and cut
        return None


def _block(item: ContentMedia) -> Any:
    match item:
        case ContentImageInline(media_type, data):
            return mcp_types.ImageContent(mime_type=media_type, data=data)
        case ContentAudio(kind, data):
            return mcp_types.AudioContent(mime_type=f"audio/{_SOUNDS.get(kind, kind)}", data=data)
        case ContentDocument(media_type, data, filename):
            uri = f"attachment:///{quote(filename)}"
            contents = mcp_types.BlobResourceContents(uri=uri, mime_type=media_type, blob=data)
            return mcp_types.EmbeddedResource(resource=contents)
        case ContentImageRemote(url):
            return mcp_types.ResourceLink(name="image", uri=url)
        case ContentDocumentRemote(url, filename):
            return mcp_types.ResourceLink(name=filename, uri=url)
        case _:
            assert_never(item)


class _Lines:
    """What a client writes, line by line.

    It is read in a thread that may be left behind: the package's own reading cannot be interrupted, and Ctrl-C would
    wait for the client.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            with stream, contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                while line := stream.readline():
                    loop.call_soon_threadsafe(self._lines.put_nowait, line)
                loop.call_soon_threadsafe(self._lines.put_nowait, b"")

        threading.Thread(target=read, name="chatkit-mcp-input", daemon=True).start()

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if not line:
            raise StopAsyncIteration
        return line.decode("utf-8", "replace")


@contextlib.contextmanager
def _standard_input() -> Iterator[BinaryIO]:
    """Standard input for the protocol alone: tools, and what they start, find it empty."""
    number = _input_number()
    kept, nothing = os.dup(number), os.open(os.devnull, os.O_RDONLY)
    # A copy of its own: Python may close its standard input while the reading thread still waits.
    stream = os.fdopen(os.dup(number), "rb")
    os.dup2(nothing, number)
    os.close(nothing)
    try:
        yield stream
    finally:
        os.dup2(kept, number)
        os.close(kept)


def _input_number() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        pass
    raise ConfigError("There is no standard input to serve a client at.", hint='Use transport="http".')
