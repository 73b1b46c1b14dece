"""What a streamed answer costs a notebook: messages and bytes on their way from a real kernel to its front end.

    .venv/bin/python tests/benchmarks/notebook_bytes.py [--paced]

The last column is what sending the whole text for every chunk would come to, as chatlas does (its notebook display got
68 MB for 4,000 chunks).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from chatkit.testing import Answer, Delivery, FakeService

_COUNTS = (1_000, 2_000, 4_000, 8_000)
_CHARACTERS = 8
_BLOCKS = (
    "## A heading\n\n",
    "A paragraph with *some* words in it, as answers have them, and a [link](https://example.org). " * 4 + "\n\n",
    "| city | people |\n|---|--:|\n| Oslo | 717,710 |\n| Bergen | 291,940 |\n| Trondheim | 214,565 |\n\n",
    "```python\ndef total(people: list[int]) -> int:\n    return sum(people)\n```\n\n",
    "- one thing\n- another thing\n- a third thing, which is longer than the others are\n\n",
)


def chunks(count: int) -> list[str]:
    """An answer in Markdown, in that many chunks."""
    text = "".join(_BLOCKS)
    text *= 1 + count * _CHARACTERS // len(text)
    return [text[at : at + _CHARACTERS] for at in range(0, count * _CHARACTERS, _CHARACTERS)]


def kernel() -> tuple[Any, Any]:
    """A kernel with this Python, and its client."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(connection_file=str(Path(tempfile.mkdtemp()) / "connection.json"))
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=90)
    return manager, client


def sent(client: Any, code: str) -> list[dict[str, Any]]:
    """The contents of all messages that show something, from a run of some code."""
    ident, shown = client.execute(code), []
    while True:
        message = client.get_iopub_msg(timeout=300)
        if message["parent_header"].get("msg_id") != ident:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return shown
        if message["msg_type"] not in ("status", "execute_input"):
            shown.append(message["content"])


def measured(client: Any, count: int, pause: float) -> dict[str, float]:
    """What an answer of so many chunks costs."""
    pieces = chunks(count)
    with FakeService() as service:
        service.script(Answer(pieces, delivery=Delivery(pause=pause)))
        code = f"import chatkit\nchatkit.chat_openai_compatible({service.base_url!r}, model='m').chat('Go')\nNone"
        shown = sent(client, code)
    final: dict[str, str] = {}
    for content in shown:
        final[content["transient"]["display_id"]] = content["data"].get("text/plain", "")
    text = "".join(pieces)
    assert "".join(final.values()) == text
    size = sum(len(json.dumps(content, ensure_ascii=False).encode()) for content in shown)
    whole = sum(range(_CHARACTERS, len(text) + 1, _CHARACTERS))
    return {"text": len(text), "outputs": len(final), "messages": len(shown), "bytes": size, "whole": whole}


def main() -> int:
    """Measure and print the table; 1 when the bytes grow faster than the answer."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--paced", action="store_true", help="200 chunks a second, as a fast model streams")
    pause = 0.005 if parser.parse_args().paced else 0.0
    manager, client = kernel()
    try:
        rows = {count: measured(client, count, pause) for count in _COUNTS}
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    print("| chunks | text, kB | outputs | messages | sent, kB | sent / text | whole text per chunk, kB |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for count, row in rows.items():
        kilo = [row[name] / 1e3 for name in ("text", "bytes", "whole")]
        counts = f"{row['outputs']} | {row['messages']}"
        print(f"| {count:,} | {kilo[0]:.0f} | {counts} | {kilo[1]:,.0f} | {kilo[1] / kilo[0]:.1f} | {kilo[2]:,.0f} |")
    growth = rows[8_000]["bytes"] / rows[4_000]["bytes"]
    print(f"\n8,000 chunks against 4,000: {growth:.2f} times the bytes")
    return 0 if growth <= 2.2 else 1


if __name__ == "__main__":
    sys.exit(main())
