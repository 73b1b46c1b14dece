"""What it costs to keep an answer of 10,000 pieces while it streams. Run it from the project's root:

`.venv/bin/python tests/benchmarks/keeping.py [postgresql://...]`
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from chatkit import chat_openai_compatible
from chatkit.store import ConversationStore
from chatkit.testing import Answer, Delivery, FakeService

PIECES, TIMES = 10_000, 5


def once(service: FakeService, store: ConversationStore | None) -> float:
    """Microseconds for each piece of an answer."""
    chat = chat_openai_compatible(service.base_url, model="m", echo="none", credentials=lambda: "k")
    if store is not None:
        store.attach(chat)
    service.script(Answer(["hello "] * PIECES, delivery=Delivery(coalesce=True)))
    begun = time.perf_counter()
    count = sum(1 for _ in chat.stream("Say hello."))
    took = time.perf_counter() - begun
    assert count == PIECES
    return took / PIECES * 1e6


def best(service: FakeService, store: ConversationStore | None) -> float:
    """The least of several."""
    return min(once(service, store) for _ in range(TIMES))


def main(urls: list[str]) -> None:
    """Print a line for each place to keep it in."""
    with FakeService() as service, tempfile.TemporaryDirectory() as folder:
        plain = best(service, None)
        print(f"not kept     {plain:6.1f} us a piece")
        for where in (str(Path(folder) / "store.db"), *urls):
            with ConversationStore(where) as store:
                kept = best(service, store)
            print(
                f"{where.partition(':')[0] if '://' in where else 'SQLite':12} {kept:6.1f} us, {kept - plain:.1f} more"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
