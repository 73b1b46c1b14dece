"""Tools of chatkit that the tests serve. `toolset.py`: over stdio; `toolset.py http`: over HTTP, its URL on stdout."""

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

from chatkit._mcp.serving import serve_mcp
from chatkit._tools.context import ToolContext
from chatkit._tools.tool import tool
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentToolResult,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def add(a: int, b: Annotated[int, "the second one"] = 1) -> int:
    """Add two numbers."""
    return a + b


async def greet(name: str) -> str:
    """Greet someone, asynchronously."""
    await asyncio.sleep(0.01)
    return f"Hello, {name}!"


def loud() -> str:
    """Print, as tools do."""
    print("this is not protocol")
    return "printed"


def reads() -> str:
    """Read what must not be read."""
    return sys.stdin.read() + "nothing"


def broken() -> str:
    """Fail."""
    raise ValueError("it broke")


def table() -> dict[str, list[int]]:
    """Give an object."""
    return {"rows": [1, 2]}


def slow(mark: str, ctx: ToolContext) -> str:
    """Take long, until nobody wants it."""
    Path(mark).write_text("begun")
    while not ctx.cancelled:
        time.sleep(0.01)
    Path(mark).write_text("cancelled")
    return "late"


def steps(ctx: ToolContext) -> str:
    """Tell of progress in several ways."""
    for value in (1, {"progress": 2, "total": 3, "message": "two"}, "words", {"progress": None}, float("nan")):
        ctx.report(value)
    return "arrived"


def media() -> ContentToolResult:
    """Give one of each."""
    attachments = (
        ContentImageInline("image/png", PNG),
        ContentAudio("mp3", "AAAA"),
        ContentDocument("application/pdf", "AAAA", "a b.pdf"),
        ContentImageRemote("https://example.org/x.png"),
        ContentDocumentRemote("https://example.org/x.pdf", "x.pdf"),
    )
    return ContentToolResult("Here:", attachments=attachments)


def picture() -> ContentImageInline:
    """Give an image and nothing else."""
    return ContentImageInline("image/png", PNG)


def silent() -> str:
    """Give nothing."""
    return ""


def cut() -> dict[str, str]:
    """Give more than anyone can read."""
    return {"text": "x" * 200_000}


def odd_text() -> str:
    """Give a text that looks like an object."""
    return '{"not": "meant"}'


def half_broken() -> ContentToolResult:
    """Fail, with a picture of it."""
    return ContentToolResult(error="it looks wrong", attachments=(ContentImageInline("image/png", PNG),))


TOOLS = [add, greet, loud, reads, broken, table, slow, steps, media, picture, silent, cut, odd_text, half_broken]
TOOLS += [tool(add, name="sum_up", description="Another name.")]

if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    if sys.argv[1:] == ["http"]:
        serve_mcp(TOOLS, transport="http", name="ours", ready=lambda url: print(url, flush=True))
    else:
        serve_mcp(TOOLS, name="ours")
