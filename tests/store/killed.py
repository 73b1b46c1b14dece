"""A program that talks, shows all it is told, and is killed in the middle of it. See `test_store_kills.py`.

Arguments: where the store is, the address of the server, how to talk ("stream", "async" or "whole"), and a file in
which each run of a tool is written down.
"""

import asyncio
import json
import os
import sys

from chatkit import chat_openai_compatible, tool
from chatkit.store import ConversationStore

WHERE, BASE_URL, MODE, LOG = sys.argv[1:]


def show(*what):
    # One write, so that a line is shown as a whole or not at all.
    os.write(1, (json.dumps(what) + "\n").encode())


def look_up(word: str) -> str:
    """Look a word up."""
    with open(LOG, "a", encoding="utf-8") as log:  # noqa: PTH123
        log.write(word + "\n")
    return f"{word} means {word * 20}"


@tool(requires_approval=True)
def send_mail(text: str) -> str:
    """Send a mail."""
    raise AssertionError("nobody allowed this")


def tell(event):
    name = type(event).__name__
    if name == "TurnStarted":
        show("started", event.turn.text, [result.id for result in event.turn.tool_results])
    elif name == "TextDelta":
        show("text", event.text)
    elif name == "ThinkingDelta":
        show("thinking", event.thinking)
    elif name == "ToolRequested":
        show("requested", event.request.id, event.request.name)
    elif name == "ApprovalRequested":
        show("waits", event.approval.id)
    elif name == "ToolReturned":
        show("returned", event.result.id, event.result.text)
    elif name == "TurnEnded":
        show("ended", event.turn.text)


def talk(chat, words):
    if MODE == "stream":
        for event in chat.stream(words).events():
            tell(event)
    elif MODE == "async":

        async def run():
            async for event in chat.stream_async(words).events():
                tell(event)

        asyncio.run(run())
    else:
        show("asked", words)
        show("answered", str(chat.chat(words)))


store = ConversationStore(WHERE)
chat = chat_openai_compatible(BASE_URL, model="m", echo="none", credentials=lambda: "k", max_retries=0)
chat.register_tools([look_up, send_mail])
store.attach(chat, id="killed")
show("begun")
for number in range(1000):
    talk(chat, f"{('tell', 'look', 'mail', 'ponder')[number % 4]} {number}")
