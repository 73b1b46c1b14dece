"""A server written with the official package, as others write theirs. `plain_server.py [PORT]`: stdio, or HTTP."""

import base64
import os
import sys
from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from pydantic import BaseModel, Field

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MEETING: list[int] = []
server = MCPServer("plain", version="1.2")


class Point(BaseModel):
    """A point."""

    x: int
    y: int


@server.tool(annotations=ToolAnnotations(title="Addition", read_only_hint=True, idempotent_hint=True))
def add(a: int, b: Annotated[int, Field(description="the second one")] = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def fail(words: str) -> str:
    """Fail."""
    raise ToolError(words)


@server.tool(structured_output=False)
def quiet_failure() -> CallToolResult:
    """Fail without a word."""
    return CallToolResult(content=[], is_error=True)


@server.tool()
async def slow(mark: str, seconds: float = 30.0) -> str:
    """Take long; leave a mark in a file when begun and when cancelled."""
    import anyio

    Path(mark).write_text(f"begun {os.getpid()}")
    try:
        await anyio.sleep(seconds)
    except BaseException:
        Path(mark).write_text("cancelled")
        raise
    return "done"


@server.tool()
async def steps(context: Context) -> str:
    """Tell of progress."""
    for number in range(3):
        await context.report_progress(number, 3, f"step {number}")
    return "arrived"


@server.tool(structured_output=False)
def picture() -> ImageContent:
    """Give an image."""
    return ImageContent(data=PNG, mime_type="image/png")


@server.tool(structured_output=False)
def everything() -> CallToolResult:
    """Give one of each."""
    document = base64.b64encode(b"%PDF-1.4 x").decode()
    return CallToolResult(
        content=[
            TextContent(text="Here:"),
            ImageContent(data=PNG, mime_type="image/png"),
            AudioContent(data=base64.b64encode(b"RIFF....WAVEfmt ").decode(), mime_type="audio/x-wav"),
            EmbeddedResource(resource=TextResourceContents(uri="note://1", text="a note")),
            EmbeddedResource(
                resource=BlobResourceContents(uri="file:///a%20b.pdf", mime_type="application/pdf", blob=document)
            ),
            ResourceLink(name="more", uri="https://example.org/more", description="read on"),
        ]
    )


@server.tool()
def nearest(points: list[Point]) -> Point:
    """Find the point nearest to the origin."""
    return min(points, key=lambda point: point.x**2 + point.y**2)


@server.tool(structured_output=False)
def only_structured() -> CallToolResult:
    """Give no text."""
    return CallToolResult(content=[], structured_content={"answer": 42})


@server.tool(name="math.add")
def dotted(a: int, b: int) -> int:
    """Add, under a name that models' APIs refuse."""
    return a + b


@server.tool(name="größer")
def umlaut(a: int, b: int) -> bool:
    """Compare."""
    return a > b


@server.tool()
def environment() -> list[str]:
    """Name the variables."""
    return sorted(os.environ)


@server.tool()
def variable(name: str) -> str:
    """Give a variable."""
    return os.environ[name]


@server.tool()
def where() -> str:
    """Give the directory."""
    return str(Path.cwd())


@server.tool()
def pid() -> int:
    """Give the number of this process."""
    return os.getpid()


@server.tool()
async def meet(people: int, who: int = 0) -> str:
    """Wait until as many calls as `people` are under way at once."""
    import anyio

    MEETING.append(who)
    while len(MEETING) < people:
        await anyio.sleep(0.01)
    with anyio.CancelScope(shield=True):
        await anyio.sleep(0.1)  # until all have seen that they are together
    MEETING.clear()
    return "met"


@server.tool()
def die() -> str:
    """End the server at once."""
    os._exit(9)


@server.tool(structured_output=False)
def header(name: str, context: Context) -> str:
    """Give a header of the request."""
    return str(context.request_context.request.headers.get(name))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run()
