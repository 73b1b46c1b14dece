"""A soak: thousands of requests and streams with random faults in one process, and what is left of them afterwards.

    python tests/benchmarks/soak.py [--requests 10000] [--streams 2000] [--trace]

The server is a process of its own. Half of all goes through the plain verbs, half through the awaited ones. Some
answers are whole, some are cut at a random byte, stall, or are none; some streams are left, closed or cancelled.
Everything is counted after each tenth of the work; the first tenth is the warming up. It prints a table and what
memory grew by, and fails when something has leaked.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chatkit import Chat, ChatkitError, TimeLimits, ToolRejectError, chat_huggingface, chat_openai_compatible
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer, ToolCall

LIMITS = TimeLimits(connect=5, first_byte=5, idle=0.2, total=10)
TEXT = ["Some words, ", "and more of them. "] * 20
CUTS = ("rst", "fin", "inside_chunk", "bad_chunk_size", "clean")
AT_ONCE = 20


class Answers:
    """Answers by chance, about half of them good."""

    def __init__(self, service: FakeService) -> None:
        self._rng = random.Random(0)
        self._service = service

    def answer(self, request: object) -> Answer | ErrorAnswer | EventsAnswer | RawAnswer:
        """Answer one request."""
        rng = self._rng
        if len(self._service.requests) > 400:
            # The service keeps them all, or would.
            del self._service.requests[:200]
        [kind] = rng.choices(("good", "tool", "cut", "status", "none", "stall", "gzip"), (10, 3, 6, 3, 3, 0.3, 1))
        if kind == "good":
            return Answer(TEXT, delivery=Delivery(coalesce=rng.random() < 0.5))
        return getattr(self, f"_{kind}")()  # type: ignore[no-any-return]

    def _tool(self) -> Answer:
        return Answer("", tool_calls=[ToolCall("add", {"a": 1, "b": self._rng.choice((2, "x", -1))})])

    def _cut(self) -> Answer:
        return Answer(TEXT, delivery=Delivery(cut_after=self._rng.randrange(6000), cut=self._rng.choice(CUTS)))

    def _status(self) -> ErrorAnswer:
        return ErrorAnswer(self._rng.choice((400, 401, 429, 500, 503)), {"error": {"message": "no"}})

    def _none(self) -> Answer | EventsAnswer | RawAnswer:
        return self._rng.choice(
            (
                EventsAnswer([]),
                EventsAnswer(['{"choices": [']),
                RawAnswer(b"<html>", content_type="text/html"),
                Answer("x", delivery=Delivery(cut_before_headers=self._rng.choice(("fin", "rst")))),
            )
        )

    def _stall(self) -> Answer:
        return Answer(TEXT, delivery=Delivery(stall_after=self._rng.randrange(3000), stall=1))

    def _gzip(self) -> Answer:
        fault = self._rng.choice((None, "start", "middle", "truncated"))
        return Answer(TEXT, delivery=Delivery(gzip=True, gzip_fault=fault))


def serve() -> None:
    """Serve until standard input ends; prints the base URL."""
    with FakeService(strict=True) as service:
        service.on_request(Answers(service).answer)
        print(service.base_url, flush=True)
        sys.stdin.read()


@contextmanager
def server() -> Iterator[str]:
    """Run the server; gives its base URL."""
    with subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


class Work:
    """Uses chats in all ways.

    Args:
        base_url: The server's.

    Attributes:
        ended: How many calls ended in which way.
        tasks: The most tasks that were left when all had been awaited.
    """

    def __init__(self, base_url: str) -> None:
        self._rng = random.Random(1)
        self._base_url = base_url
        self.ended: Counter[str] = Counter()
        self.tasks = 0

    def run(self, requests: int, streams: int) -> None:
        """Make so many calls that wait for the whole answer, and so many that stream it, with a chat for every ten."""
        verbs = ["chat"] * requests + ["stream"] * streams
        self._rng.shuffle(verbs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            half = len(verbs) // 2
            for start in range(0, half, 10):
                chat = self._chat()
                for verb in verbs[start : min(start + 10, half)]:
                    self._plainly(chat, verb)
            for start in range(half, len(verbs), 10 * AT_ONCE):
                asyncio.run(self._at_once(verbs[start : start + 10 * AT_ONCE]))

    def _chat(self) -> Chat:
        if self._rng.random() < 0.5:
            make, api = chat_huggingface, "responses"
        else:
            make, api = chat_openai_compatible, "chat_completions"
        chat = make(base_url=self._base_url, model="m", api=api, timeout=LIMITS, max_retries=0, echo="none")
        chat.register_tool(add)
        return chat

    def _plainly(self, chat: Chat, verb: str) -> None:
        outcome = "whole"
        try:
            if verb == "chat":
                chat.chat("Go on.")
            else:
                outcome = self._streamed(chat)
        except ChatkitError as error:
            outcome = type(error).__name__
        self.ended[outcome] += 1

    def _streamed(self, chat: Chat) -> str:
        leave, after = self._rng.choice(("no", "break", "cancel", "thread")), self._rng.randrange(1, 20)
        stream = chat.stream("Go on.")
        for number, _ in enumerate(stream):
            if number == after and leave == "break":
                return "left"
            if number == after and leave == "cancel":
                stream.cancel()
            if number == after and leave == "thread":
                threading.Thread(target=chat.cancel).start()
        return "whole" if leave == "no" else "left"

    async def _at_once(self, verbs: list[str]) -> None:
        await asyncio.gather(*(self._ten(verbs[start : start + 10]) for start in range(0, len(verbs), 10)))
        # Whoever was cancelled is gone at the loop's next turn.
        await asyncio.sleep(0.01)
        self.tasks = max(self.tasks, len(asyncio.all_tasks()) - 1)

    async def _ten(self, verbs: list[str]) -> None:
        chat = self._chat()
        for verb in verbs:
            outcome = "whole"
            try:
                if verb == "chat":
                    await chat.chat_async("Go on.")
                else:
                    outcome = await self._streamed_async(chat)
            except ChatkitError as error:
                outcome = type(error).__name__
            self.ended[outcome] += 1

    async def _streamed_async(self, chat: Chat) -> str:
        leave, after, number = self._rng.choice(("no", "break", "cancel", "task")), self._rng.randrange(1, 20), 0
        stream = chat.stream_async("Go on.")
        if leave == "task":
            # Cancelled as asyncio does it, wherever it is.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001 * after):
                    _ = [piece async for piece in stream]
            return "left"
        async for _ in stream:
            number += 1
            if number == after and leave == "break":
                return "left"
            if number == after and leave == "cancel":
                stream.cancel()
        return "whole" if leave == "no" else "left"


def add(a: int, b: int) -> int:
    """Add."""
    if b < 0:
        raise ToolRejectError("Not now.")
    return a + b


@dataclass(frozen=True)
class Count:
    """What there is in this process.

    Args:
        descriptors: Open files and sockets.
        threads: Threads, this one included.
        objects: Objects of chatkit's classes.
        resident: Memory that the system sees, in bytes.
        traced: Memory that Python objects take, in bytes; 0 when it is not traced.
    """

    descriptors: int
    threads: int
    objects: int
    resident: int
    traced: int


def count() -> Count:
    """Count, once the threads that are ending have ended."""
    deadline = time.monotonic() + 10
    while any(thread.name == "chatkit-line" for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    kinds = (str(type(item).__module__) for item in gc.get_objects())
    objects = sum(module.startswith("chatkit.") and not module.startswith("chatkit.testing") for module in kinds)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return Count(descriptors, threading.active_count(), objects, resident, tracemalloc.get_traced_memory()[0])


def leaks(before: Count, after: Count, tasks: int) -> list[str]:
    """What there is more of than there was; memory may breathe a little."""
    found = [
        f"{name}: {getattr(before, name)} before, {getattr(after, name)} after"
        for name in ("descriptors", "threads", "objects")
        if getattr(after, name) > getattr(before, name)
    ]
    return found + [f"{tasks} tasks are left"] * (tasks > 0)


def soak(requests: int, streams: int, *, trace: bool) -> int:
    """Soak, print what there is after each tenth, and give how much has leaked."""
    begun = time.monotonic()
    print(
        "| calls | descriptors | threads | chatkit's objects | resident MB | Python's MB |\n|---|---|---|---|---|---|"
    )
    with server() as base_url:
        work = Work(base_url)
        work.run(50, 50)
        if trace:
            tracemalloc.start(10)
        shown("0", before := count())
        for tenth in range(1, 11):
            work.run(requests // 10, streams // 10)
            shown(f"{(requests + streams) // 10 * tenth:,}", after := count())
            if trace and tenth == 1:
                warm = tracemalloc.take_snapshot()
    print(f"\n{time.monotonic() - begun:.0f} s. " + ", ".join(f"{name} {n:,}" for name, n in work.ended.most_common()))
    if trace:
        grown(warm)
    found = leaks(before, after, work.tasks)
    print("\nNothing has leaked." if not found else "\nLEAKED: " + "; ".join(found))
    return len(found)


def grown(warm: tracemalloc.Snapshot) -> None:
    """Print what takes more memory than it did."""
    print("\nWhat grew most since the first tenth:\n")
    for item in tracemalloc.take_snapshot().compare_to(warm, "lineno")[:8]:
        print(f"- {item.size_diff / 1024:+.1f} KB, {item.count_diff:+} objects: {place(item.traceback[0])}")


def shown(calls: str, now: Count) -> None:
    """Print a line of the table."""
    memory = f"{now.resident / 1e6:.1f} | {now.traced / 1e6:.2f}"
    print(f"| {calls} | {now.descriptors} | {now.threads} | {now.objects} | {memory} |", flush=True)


def place(frame: tracemalloc.Frame) -> str:
    """Where memory was taken, without the way there."""
    return "/".join(Path(frame.filename).parts[-2:]) + f":{frame.lineno}"


def main() -> int:
    """Soak, or serve."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--trace", action="store_true", help="trace Python's memory, which takes memory of its own")
    given = parser.parse_args()
    if given.serve:
        serve()
        return 0
    return soak(given.requests, given.streams, trace=given.trace)


if __name__ == "__main__":
    sys.exit(main())
