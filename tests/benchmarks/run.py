"""Runs the benchmarks of chatkit beside raw http.client and a bare stack of requests and sseclient-py.

    python tests/benchmarks/run.py [name ...] [--rounds 5] [--quick]

Without names all are run. The server has one core and each client, in a process of its own, the other; the clients
take turns in every round, and a ratio is the median of the rounds' ratios, since other work on the machine
disturbs figures more than ratios. With one core only, or while the machine is busy, do not trust any of it.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from catalogue import BENCHMARKS, Benchmark
from cold import PROGRAMS, run_cold

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent.parent / "chatkit"
# (measure, contender) -> the figures of each round
Rounds = dict[tuple[str, str], list[dict[str, float]]]


class Course:
    """Where the clients run.

    Args:
        port: The server's.
        core: The clients'.
        quick: Whether a tenth of the work will do.
    """

    def __init__(self, port: int, core: int, quick: bool) -> None:
        self._port = port
        self._core = core
        self._quick = quick
        self._environ = clean_environment()

    def run(self, measure: str, contender: str) -> dict[str, float]:
        """Measure once, in a new process."""
        if measure in PROGRAMS:
            return run_cold(contender, measure, self._port, self._core, self._environ)
        arguments = [contender, measure, str(self._port), str(self._core), str(int(self._quick))]
        done = subprocess.run(
            [sys.executable, HERE / "client.py", *arguments], env=self._environ, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{measure} of {contender} failed:\n{done.stderr}")
        figures: dict[str, float] = json.loads(done.stdout)
        return figures


def clean_environment() -> dict[str, str]:
    """The environment without what would disturb: proxies, settings, and the order not to keep compiled code."""
    unwanted = ("CHATKIT_", "COVERAGE_", "PYTHON")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(unwanted) and not name.lower().endswith("_proxy")
    }


@contextmanager
def server(core: int) -> Iterator[int]:
    """Start the server; gives its port."""
    process = subprocess.Popen([sys.executable, HERE / "server.py", str(core)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def measured(course: Course, chosen: Iterable[Benchmark], rounds: int) -> Rounds:
    """Run the clients in turn, round after round."""
    figures: Rounds = defaultdict(list)
    pairs = dict.fromkeys((item.measure, contender) for item in chosen for contender in item.contenders)
    for measure, contender in pairs:
        if measure in PROGRAMS:
            course.run(measure, contender)  # so that all code is compiled and in the disk's cache
    for number in range(rounds):
        for measure, contender in pairs:
            if sys.stderr.isatty():
                print(f"\rround {number + 1}: {measure} of {contender}\x1b[K", end="", file=sys.stderr)
            figures[measure, contender].append(course.run(measure, contender))
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    return figures


def of_rounds(item: Benchmark, contender: str, figures: Rounds) -> list[float]:
    """A contender's figure in each round, above the floor if there is one."""
    own = [figure[item.figure] for figure in figures[item.measure, contender]]
    if not item.floor:
        return own
    floor = [figure[item.figure] for figure in figures[item.measure, item.floor]]
    return [figure - least for figure, least in zip(own, floor, strict=True)]


def row(item: Benchmark, figures: Rounds) -> str:
    """A line of the table."""
    raw = of_rounds(item, "raw", figures)
    cells = [item.title, f"{median(raw):.3g} {item.unit}".strip()]
    verdict = ""
    for contender in ("stack", "chatkit"):
        own = of_rounds(item, contender, figures)
        ratios = [figure / base for figure, base in zip(own, raw, strict=True)] if item.unit else own
        ratio = median(ratios)
        cells.append(f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        verdict = judged(item, ratio)
    marks = [f"{mark:g}" if mark is not None else "" for mark in (item.reach, item.dream)]
    return f"| {' | '.join([*cells, *marks, verdict])} |"


def judged(item: Benchmark, ratio: float) -> str:
    """Which mark a ratio meets."""
    if item.reach is None or item.dream is None:
        return ""
    sign = -1 if item.more else 1
    if sign * round(ratio, 2) <= sign * item.dream:
        return "dream"
    return "reach" if sign * round(ratio, 2) <= sign * item.reach else "MISSED"


def main() -> None:
    """Measure what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"any of: {', '.join(item.name for item in BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, to see whether all runs")
    asked = parser.parse_args()
    if unknown := set(asked.names) - {item.name for item in BENCHMARKS}:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    chosen = [item for item in BENCHMARKS if not asked.names or item.name in asked.names]
    cores = sorted(os.sched_getaffinity(0))
    compileall.compile_dir(PACKAGE, quiet=2)
    with server(cores[-1]) as port:
        figures = measured(Course(port, cores[0], asked.quick), chosen, asked.rounds)
    print("| | raw | stack | chatkit | reach | dream | met |\n|---|---|---|---|---|---|---|")
    for item in chosen:
        print(row(item, figures))


if __name__ == "__main__":
    main()
