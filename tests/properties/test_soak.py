"""A small soak: hundreds of calls with random faults leave no socket, file, thread, task or object behind.

The whole one is for hands: `tests/benchmarks/soak.py`, its figures are in `SOAK.md` beside it.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parent.parent / "benchmarks" / "soak.py"


@pytest.fixture
def soak(monkeypatch):
    spec = importlib.util.spec_from_file_location("soak", PLACE)
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look for their module.
    monkeypatch.setitem(sys.modules, "soak", module)
    spec.loader.exec_module(module)
    return module


def test_hundreds_of_calls_with_random_faults_leave_nothing_behind(soak):
    with soak.server() as base_url:
        work = soak.Work(base_url)
        # What is kept for good is there afterwards: imports, and what is known of the server.
        work.run(60, 40)
        before = soak.count()
        work.run(450, 110)
        after = soak.count()
    assert soak.leaks(before, after, work.tasks) == []
    assert work.ended.total() == 660
    # Python and the system keep what they once had; a leak of a kilobyte per call would show.
    assert after.resident - before.resident < 20e6
    assert {"whole", "left", "StreamInterruptedError", "APIConnectionError", "RateLimitError"} <= set(work.ended)


def test_what_leaks_is_found(soak):
    before = soak.count()
    kept = [soak.chat_openai_compatible("http://127.0.0.1:9/v1", model="m"), PLACE.open()]
    found = soak.leaks(before, soak.count(), 2)
    kept.pop().close()
    assert [fault.partition(":")[0] for fault in found] == ["descriptors", "objects", "2 tasks are left"]
