"""A console in a process of its own, for the tests to type at: `python talker.py BASE_URL OPTIONS`, options as JSON."""

import json
import sys
import time
from pathlib import Path

from chatkit import chat_openai_compatible, tool
from chatkit._console.live import live_console


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(requires_approval=True)
def remove(path: str) -> str:
    """Remove a file."""
    return f"removed {path}"


def dawdle() -> str:
    """Take a long time."""
    time.sleep(60)
    return "done"


def main():
    options = json.loads(sys.argv[2])
    settings = {"model": "m", "credentials": lambda: "k", "max_retries": 0, **options.get("chat", {})}
    chat = chat_openai_compatible(sys.argv[1], **settings)
    chat.register_tools([add, remove, dawdle])
    store = None
    if "store" in options:
        from chatkit.store import ConversationStore

        store = ConversationStore(options["store"])
    live_console(chat, store=store, **options.get("console", {}))
    if store is not None:
        store.close()
    said = [[turn.role, turn.text, getattr(turn, "interrupted", None)] for turn in chat.turns]
    if "report" in options:
        Path(options["report"]).write_text(json.dumps({"turns": said}), encoding="utf-8")
    if sys.stdout.isatty():
        print("HAVING LEFT", flush=True)


main()
