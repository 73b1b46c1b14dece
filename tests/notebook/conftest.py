"""A real kernel behind one call, `kernel.run("1 + 1").text`; it is one for all tests, empty for each module."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from chatkit.testing import FakeService

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
SHOWN = ("display_data", "execute_result", "update_display_data", "stream", "error", "clear_output")


@dataclass
class Cell:
    """What came of a piece of code.

    Attributes:
        outputs: The messages as they came: display_data, execute_result, update_display_data, stream, error and
            clear_output. Each has `["msg_type"]` and `["content"]`, and `["header"]` with its date.
        reply: The content of the shell's reply: `["status"]` is "ok" or "error".
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """The contents of the outputs of some kinds."""
        return [output["content"] for output in self.outputs if output["msg_type"] in kinds]

    @property
    def stream(self) -> str:
        """Everything that was written to stdout and stderr."""
        return "".join(content["text"] for content in self.of("stream"))

    @property
    def result(self) -> dict[str, Any]:
        """The mime bundle of the value of the last line."""
        (content,) = self.of("execute_result")
        return content["data"]

    @property
    def text(self) -> str:
        """The plain text of that value."""
        return self.result["text/plain"]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The mime bundles that were displayed, in order; updates have their own list."""
        return [content["data"] for content in self.of("display_data")]

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The mime bundles that displays were updated to, in order."""
        return [content["data"] for content in self.of("update_display_data")]

    @property
    def error(self) -> dict[str, Any]:
        """The content of the error message: `ename`, `evalue`, `traceback`."""
        (content,) = self.of("error")
        return content

    @property
    def traceback(self) -> str:
        """The traceback as it is read, without its colours."""
        return _COLOURS.sub("", "\n".join(self.error["traceback"]))


class Kernel:
    """A running ipykernel, and the client that talks to it."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    def run(self, code: str, timeout: float = 60, *, fails: bool = False) -> Cell:
        """Run code to its end.

        Args:
            code: A cell.
            timeout: Seconds.
            fails: Whether it is to end with an error; else one fails the test.
        """
        cell = self.finish(self.start(code), timeout)
        went_wrong = cell.reply["status"] != "ok"
        assert went_wrong == fails, cell.traceback if went_wrong else "it went well"
        return cell

    def start(self, code: str) -> str:
        """Begin to run code; gives the id that `finish()` needs."""
        return self.client.execute(code, store_history=True)

    def finish(self, ident: str, timeout: float = 60, until: Any = None, cell: Cell | None = None) -> Cell:
        """Wait for the end of what was started.

        Args:
            ident: What `start()` gave.
            timeout: Seconds.
            until: A function of the cell so far: when it says yes, that cell is given although the code goes on.
                Give the cell back as `cell` to go on reading.
            cell: What was read before.
        """
        cell = cell if cell is not None else Cell()
        deadline = time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != ident:
                continue
            if message["msg_type"] in SHOWN:
                cell.outputs.append(message)
                if until is not None and until(cell):
                    return cell
            elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        cell.reply = self._reply(ident, deadline)
        return cell

    def _reply(self, ident: str, deadline: float) -> dict[str, Any]:
        while True:
            message = self.client.get_shell_msg(timeout=max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == ident:
                return message["content"]

    def interrupt(self) -> None:
        """What the stop button does."""
        self.manager.interrupt_kernel()

    def complete(self, code: str, at: int | None = None, timeout: float = 60) -> list[str]:
        """What Tab offers at a place in the code, by default its end."""
        ident = self.client.complete(code, at)
        return self._reply(ident, time.monotonic() + timeout)["matches"]


@pytest.fixture(scope="module")
def kernel(running_kernel):
    """The kernel, without any names of other tests."""
    running_kernel.run("%reset -f")
    return running_kernel


@pytest.fixture(scope="session")
def running_kernel(tmp_path_factory):
    """A kernel with this Python and a home of its own."""
    from jupyter_client.manager import KernelManager

    home = tmp_path_factory.mktemp("home")
    kept = ("CHATKIT_ECHO", "HF_TOKEN", "OPENAI_API_KEY")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    environment |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "HF_HOME": str(home / "hf")}
    environment |= {"JUPYTER_RUNTIME_DIR": str(home), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    manager = KernelManager(kernel_name="python3", connection_file=str(home / "connection.json"))
    # The kernel's own command, with this Python: a kernel spec on the machine may name another one.
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.start_kernel(env=environment, cwd=str(home))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=90)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        manager.cleanup_resources()
        manager.context.destroy(linger=0)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def chat_in(kernel, service):
    """Make a chat in the kernel under a name; it talks to `service`. Gives the name."""

    def make(name: str = "chat", **options: Any) -> str:
        given = "".join(f", {key}={value!r}" for key, value in options.items())
        kernel.run(
            "from chatkit import chat_openai_compatible\n"
            f"{name} = chat_openai_compatible({service.base_url!r}, model='m', max_retries=0{given})"
        )
        return name

    return make
