"""What is measured, in the process of one client. Every measure checks the text it got."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from statistics import median
from typing import Any

from answers import QUESTION, REPLY, prose, text_of
from sinks import sink

AT_ONCE = 50
Figures = dict[str, float]


class Lab:
    """The surroundings of a measure.

    Args:
        contender: "raw", "stack", "chatkit" or "socket".
        make: Makes its client for a base URL.
        port: The server's.
        quick: Whether a tenth of the work will do.
    """

    def __init__(self, contender: str, make: Callable[[str], Any], port: int, quick: bool) -> None:
        self.contender = contender
        self._make = make
        self._port = port
        self._quick = quick

    def client(self, scenario: str) -> Any:
        """A client for a scenario."""
        return self._make(f"http://127.0.0.1:{self._port}/{scenario}/v1")

    def count(self, number: int) -> int:
        """How many times something is done."""
        return max(2, number // 10) if self._quick else number

    def connects(self) -> int:
        """How many connections were made to the server so far, this one included."""
        connection = HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", "/connects")
        count = int(connection.getresponse().read())
        connection.close()
        return count


def check(got: str, wanted: str) -> None:
    """Make sure that the text is the one that the server sent."""
    if got != wanted:
        raise AssertionError(f"wrong text: {got[:60]!r}... ({len(got)} characters, not {len(wanted)})")


def cpu_of(act: Callable[[], Any]) -> float:
    """CPU seconds of this process, threads and system calls included."""
    start = time.process_time()
    act()
    return time.process_time() - start


def whole_answer(lab: Lab) -> Figures:
    """One whole answer, CPU us."""
    client, count = lab.client("whole"), lab.count(300)

    def ask() -> None:
        for _ in range(count):
            check(client.answer(QUESTION), REPLY)

    ask()
    return {"cpu": median(cpu_of(ask) for _ in range(9)) / count * 1e6}


def streamed_text(lab: Lab) -> Figures:
    """One of 10,000 chunks as text, CPU us."""
    return _streamed(lab, "chunks-10000", 10_000, 5)


def paced_text(lab: Lab) -> Figures:
    """One of 2,000 chunks that come every 500 us, CPU us."""
    return _streamed(lab, "paced-2000", 2000, 1)


def _streamed(lab: Lab, scenario: str, chunks: int, times: int) -> Figures:
    client, wanted = lab.client(scenario), text_of(scenario)

    def read() -> None:
        check("".join(client.stream(QUESTION)), wanted)

    read()
    return {"cpu": median(cpu_of(read) for _ in range(times)) / chunks * 1e6}


def echoed(lab: Lab) -> Figures:
    """One of 10,000 chunks, read as events and echoed to a pipe, CPU us."""
    return {"cpu": _echoed(lab, 10_000, terminal=False) / 10_000 * 1e6}


def echoed_to_terminal(lab: Lab) -> Figures:
    """4,000 chunks echoed to a terminal against 2,000."""
    return {"growth": _echoed(lab, 4000, terminal=True) / _echoed(lab, 2000, terminal=True)}


def _echoed(lab: Lab, chunks: int, *, terminal: bool) -> float:
    scenario = f"chunks-{chunks}"
    client, wanted = lab.client(scenario), text_of(scenario)
    check("".join(client.stream(QUESTION)), wanted)
    seconds = []
    for _ in range(5):
        with sink(terminal=terminal) as shown:
            seconds.append(cpu_of(lambda out=shown.out: check(client.echo(QUESTION, out), wanted)))
        # A terminal gets its lines broken between words.
        check(" ".join(shown.text.split()), " ".join(wanted.split()))
    return median(seconds)


def first_token(lab: Lab) -> Figures:
    """From the call to the first text, over a connection that stands, wall us."""
    client, wanted, waits = lab.client("first"), text_of("first"), []
    "".join(client.stream(QUESTION))
    connects = lab.connects()
    for _ in range(lab.count(1000)):
        start = time.perf_counter()
        pieces = client.stream(QUESTION)
        first = next(pieces)
        waits.append(time.perf_counter() - start)
        rest = "".join(pieces)
        if rest:
            check(first + rest, wanted)
    if lab.connects() != connects + 1:
        raise AssertionError("the connection was not kept")
    return {"wall": median(waits) * 1e6}


def turns_of_1_kb(lab: Lab) -> Figures:
    """200 turns of 1 KB in one conversation, CPU ms."""
    return {"cpu": _conversation(lab, 200, 1024) * 1e3}


def turns_of_10_kb(lab: Lab) -> Figures:
    """200 turns of 10 KB, CPU ms."""
    return {"cpu": _conversation(lab, 200, 10240) * 1e3}


def turns_of_50_kb(lab: Lab) -> Figures:
    """200 turns of 50 KB, CPU ms."""
    return {"cpu": _conversation(lab, 200, 51200) * 1e3}


def thousand_turns(lab: Lab) -> Figures:
    """1,000 turns of 1 KB, CPU s."""
    return {"cpu": _conversation(lab, 1000, 1024)}


def _conversation(lab: Lab, turns: int, size: int) -> float:
    """A turn is what the user says and what is answered, half of the size each."""
    scenario = f"turn-{size // 2}"
    client, said, wanted = lab.client(scenario), prose(size // 2), text_of(scenario)
    client.say(said)
    talk = client.afresh()

    def go_on() -> None:
        for _ in range(lab.count(turns)):
            check(talk.say(said), wanted)

    return cpu_of(go_on)


def growth(lab: Lab) -> Figures:
    """The 200th turn of 10 KB against the first, in CPU."""
    client, said, wanted = lab.client("turn-5120"), prose(5120), text_of("turn-5120")
    client.say(said)
    firsts, lasts = [], []
    for _ in range(lab.count(20)):
        talk = client.afresh()
        costs = [cpu_of(lambda talk=talk: check(talk.say(said), wanted)) for _ in range(200)]
        firsts.append(costs[0])
        lasts.append(costs[-1])
    return {"growth": median(lasts) / median(firsts)}


def tool_trip(lab: Lab) -> Figures:
    """A tool call and its way back to the model, 100 in a row, CPU us each."""
    client, calls = lab.client("tools-100"), []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        calls.append(a + b)
        return a + b

    def work() -> None:
        check(client.afresh().use_tool(QUESTION), REPLY)

    client.offer(add)
    work()
    cost = median(cpu_of(work) for _ in range(lab.count(10)))
    if calls[:100] != list(range(1, 101)) or len(calls) % 100:
        raise AssertionError("the tool was not called as the model wanted it")
    return {"cpu": cost / 100 * 1e6}


def parallel(lab: Lab) -> Figures:
    """1,000 prompts, 50 at once, by threads: prompts per second, and CPU us each."""
    client, count = lab.client("slow"), lab.count(1000)
    pool = ThreadPoolExecutor(AT_ONCE)
    talks = [client.apart() for _ in range(AT_ONCE)]

    def ask(worker: int) -> None:
        for _ in range(count // AT_ONCE):
            check(talks[worker].answer(QUESTION), REPLY)

    list(pool.map(lambda talk: check(talk.answer(QUESTION), REPLY), talks))
    return _rates(lambda: list(pool.map(ask, range(AT_ONCE))), count // AT_ONCE * AT_ONCE)


def parallel_async(lab: Lab) -> Figures:
    """The same through `chat_async` with gather and a semaphore; the others have threads only."""
    if lab.contender != "chatkit":
        return parallel(lab)
    client, count = lab.client("slow"), lab.count(1000)

    async def ask(permits: asyncio.Semaphore) -> None:
        async with permits:
            check(str(await client.chat.clone().chat_async(QUESTION)), REPLY)

    async def ask_all(number: int) -> None:
        permits = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*[ask(permits) for _ in range(number)])

    asyncio.run(ask_all(AT_ONCE))
    return _rates(lambda: asyncio.run(ask_all(count)), count)


def _rates(work: Callable[[], Any], count: int) -> Figures:
    start = time.perf_counter()
    cpu = cpu_of(work)
    return {"throughput": count / (time.perf_counter() - start), "cpu": cpu / count * 1e6}


def big_event(lab: Lab) -> Figures:
    """One event of 8 MB in pieces of 1 KB against one in pieces of 64 KB, in CPU."""
    wanted = text_of("event-1024")
    costs = []
    for scenario in ("event-1024", "event-65536"):
        client = lab.client(scenario)
        check("".join(client.stream(QUESTION)), wanted)
        work = lambda client=client: check("".join(client.stream(QUESTION)), wanted)  # noqa: E731
        costs.append(median(cpu_of(work) for _ in range(3)))
    return {"growth": costs[0] / costs[1]}


def memory(lab: Lab) -> Figures:
    """What 1,000 turns of 1 KB take, against their text."""
    client, wanted = lab.client("turn-512"), text_of("turn-512")
    client.say(prose(512))
    talk, turns = client.afresh(), lab.count(1000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for index in range(turns):
        # Each text is one of its own, as people's are.
        check(talk.say(f"{index:06}{prose(506)}"), wanted)
    held = tracemalloc.get_traced_memory()[0] - before
    return {"share": held / (turns * 1024)}
