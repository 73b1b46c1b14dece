"""Approval at a real prompt: Python on a terminal of its own, and somebody who types."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

SETUP = """
from chatkit import chat_openai_compatible, tool
from chatkit.testing import Answer, FakeService, ToolCall
service = FakeService()
call = ToolCall("delete", {"path": "a\\x1b[2Kb.txt"}, id="c1")
service.script(Answer(tool_calls=[call]), Answer("All right."))
chat = chat_openai_compatible(service.base_url, model="m")
@tool(requires_approval=True)
def delete(path: str) -> str:
    "Delete a file."
    return "deleted"
_ = chat.register_tool(delete)
print("rea" + "dy")
"""


class Prompt:
    """Python at a prompt."""

    def __init__(self):
        self._screen, side = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHATKIT", "COVERAGE"))}
        environ = {**kept, "TERM": "dumb", "PYTHON_BASIC_REPL": "1", "PYTHONUTF8": "1"}
        command = [sys.executable, "-q", "-i", "-c", SETUP]
        self.process = subprocess.Popen(
            command, env=environ, stdin=side, stdout=side, stderr=side, start_new_session=True
        )
        os.close(side)
        self.shown = ""

    def type(self, line):
        os.write(self._screen, line.encode() + b"\n")

    def read_until(self, wanted, seconds=30):
        end = time.monotonic() + seconds
        while wanted not in self.shown:
            assert time.monotonic() < end, f"no {wanted!r} in {self.shown!r}"
            if select.select([self._screen], [], [], 0.1)[0]:
                self.shown += os.read(self._screen, 65536).decode().replace("\r\n", "\n")
        before, _, self.shown = self.shown.partition(wanted)
        return before

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def prompt():
    prompt = Prompt()
    prompt.read_until("ready")
    prompt.read_until(">>> ")
    yield prompt
    prompt.close()


@pytest.mark.parametrize(("typed", "result"), [("y", "#> deleted"), ("", "did not allow it"), ("Keep it.", "Keep it.")])
def test_at_a_prompt_the_user_is_asked(prompt, typed, result):
    prompt.type('chat.chat("Delete it.")')
    shown = prompt.read_until("reason to deny it: ")
    assert "The model wants to call delete:\n" in shown
    assert 'path = "a\\u001b[2Kb.txt"' in shown
    assert "\x1b" not in shown
    prompt.type(typed)
    prompt.read_until(result)
    prompt.read_until("All right.")
    prompt.read_until(">>> ")


def test_later_and_ctrl_c_leave_the_call_waiting(prompt):
    prompt.type('chat.chat("Delete it.")')
    prompt.read_until("reason to deny it: ")
    # Python's own input() does not notice a signal that comes just before it begins to read, so press as people do.
    for _ in range(10):
        time.sleep(0.5)
        os.killpg(prompt.process.pid, signal.SIGINT)
        with contextlib.suppress(AssertionError):
            prompt.read_until("KeyboardInterrupt", seconds=2)
            break
    else:
        pytest.fail("Ctrl-C was not heeded")
    prompt.read_until(">>> ")
    prompt.type("[item.id for item in chat.pending_approvals()], len(service.requests)")
    prompt.read_until("(['c1'], 1)")
    prompt.type("chat.resume(approve=True)")
    prompt.read_until("#> deleted")
    prompt.read_until("All right.")


def test_later_returns_to_the_prompt(prompt):
    prompt.type('chat.chat("Delete it.")')
    prompt.read_until("reason to deny it: ")
    prompt.type("later")
    prompt.read_until("waiting for approval of delete: see resume()>")
