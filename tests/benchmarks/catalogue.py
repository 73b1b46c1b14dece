"""The benchmarks: what is measured, against what, and the marks to reach."""

from __future__ import annotations

from dataclasses import dataclass

CONTENDERS = ("raw", "stack", "chatkit")


@dataclass(frozen=True)
class Benchmark:
    """One line of the table.

    Args:
        name: What it is called on the command line.
        title: What it is called in the table.
        measure: The function that measures it.
        figure: Which of the measure's figures it is.
        unit: Of that figure; empty when the figure is a ratio by itself and is not held against raw's.
        reach: The ratio to reach.
        dream: The ratio to dream of.
        more: Whether more is better.
        floor: A contender whose figure is taken off everybody's.
    """

    name: str
    title: str
    measure: str
    figure: str
    unit: str
    reach: float | None = None
    dream: float | None = None
    more: bool = False
    floor: str = ""

    @property
    def contenders(self) -> tuple[str, ...]:
        """Who is measured."""
        return (self.floor, *CONTENDERS) if self.floor else CONTENDERS


BENCHMARKS = (
    Benchmark("import", "`import chatkit`, whole process", "imports", "cpu", "ms", 1.2, 1.0),
    Benchmark("make", "import and make a chat, whole process", "makes", "cpu", "ms"),
    Benchmark("cold", "import and first reply, whole process", "first_reply", "cpu", "ms", 3.0, 2.4),
    Benchmark("cold-memory", "peak memory after the first reply", "first_reply", "memory", "MB"),
    Benchmark("whole", "one whole answer", "whole_answer", "cpu", "us", 3.0, 2.0),
    Benchmark("text", "a streamed chunk of 10,000, as text", "streamed_text", "cpu", "us", 1.3, 0.6),
    Benchmark("echo", "a streamed chunk, as events, with echo to a pipe", "echoed", "cpu", "us", 2.5, 1.2),
    Benchmark("paced", "a paced chunk, one every 500 us", "paced_text", "cpu", "us"),
    Benchmark(
        "first", "first token above the socket, connection reused", "first_token", "wall", "us", 4, 2, floor="socket"
    ),
    Benchmark("turns-1", "200 turns of 1 KB", "turns_of_1_kb", "cpu", "ms", 1.0, 0.5),
    Benchmark("turns-10", "200 turns of 10 KB", "turns_of_10_kb", "cpu", "ms", 0.6, 0.2),
    Benchmark("turns-50", "200 turns of 50 KB", "turns_of_50_kb", "cpu", "ms", 0.5, 0.15),
    Benchmark("growth", "the 200th turn against the first (10 KB)", "growth", "growth", "", 5, 3),
    Benchmark("turns-1000", "1,000 turns of 1 KB", "thousand_turns", "cpu", "s", 0.6, 0.2),
    Benchmark("tool", "a tool round trip, 100 in a row", "tool_trip", "cpu", "us", 2.5, 1.2),
    Benchmark(
        "threads", "1,000 prompts, 50 at once: throughput", "parallel", "throughput", "1/s", 0.97, 0.99, more=True
    ),
    Benchmark("threads-cpu", "1,000 prompts, 50 at once: CPU each", "parallel", "cpu", "us", 3, 2),
    Benchmark(
        "async",
        "the same through `chat_async`: throughput",
        "parallel_async",
        "throughput",
        "1/s",
        0.95,
        0.98,
        more=True,
    ),
    Benchmark("async-cpu", "the same through `chat_async`: CPU each", "parallel_async", "cpu", "us", 4, 2.5),
    Benchmark("big", "one 8 MB event in 1 KB pieces against 64 KB", "big_event", "growth", "", 2, 1.2),
    Benchmark(
        "terminal", "4,000 chunks echoed to a terminal against 2,000", "echoed_to_terminal", "growth", "", 2.2, 2.0
    ),
    Benchmark("memory", "1,000 turns of 1 KB held, against their text", "memory", "share", "", 4, 2),
)
