"""Where a notebook's echo is chosen, how it keeps its pace, and what marimo is given."""

import io
import sys
import threading
import types

import pytest

from chatkit._display.choosing import display
from chatkit._display.notebook.marimo_cell import MarimoCell
from chatkit._display.notebook.pace import Pace, interval
from chatkit._display.notebook.showing import NotebookEcho
from chatkit._display.place import right_here
from chatkit._turns.events import TextDelta


def test_large_updates_are_rarer():
    assert interval(0) == interval(4_000) == 0.1
    assert interval(6_000) == pytest.approx(0.15)
    assert interval(8_000) == interval(24_000) == 0.2
    assert interval(240_000) == pytest.approx(2)


def test_what_has_to_wait_is_sent_without_a_further_touch():
    sent, made = threading.Semaphore(0), []

    def thread(target):
        made.append(threading.Thread(target=target))
        return made[-1]

    pace = Pace(lambda: sent.release() or 0, thread)
    for _ in range(2):
        with pace.lock:
            pace.touch()
    assert sent.acquire(timeout=60) and sent.acquire(timeout=60)
    pace.close()
    assert [one.is_alive() for one in made] == [False]


def test_outside_of_notebooks_there_is_none():
    assert not isinstance(display("output"), NotebookEcho)


class ipykernel_stdout(io.StringIO):
    __module__ = "ipykernel.iostream"


class marimo_stdout(io.StringIO):
    __module__ = "marimo._messaging.streams"


def in_a_kernel(monkeypatch, stdout, **attributes):
    shell = types.SimpleNamespace(display_pub=None, **attributes)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(sys, "stdout", stdout)


def test_a_kernel_is_one_whose_own_stdout_is_in_place(monkeypatch):
    in_a_kernel(monkeypatch, ipykernel_stdout(), kernel=object())
    assert isinstance(display("output"), NotebookEcho)
    assert not isinstance(display("output", io.StringIO()), NotebookEcho)
    in_a_kernel(monkeypatch, io.StringIO(), kernel=object())
    assert not isinstance(display("output"), NotebookEcho)


def test_ipython_in_a_terminal_gets_text(monkeypatch):
    in_a_kernel(monkeypatch, ipykernel_stdout())
    assert not isinstance(display("output"), NotebookEcho)


def test_a_cell_is_known_by_what_asked_for_it_or_else_by_its_number(monkeypatch):
    parent = {"header": {"msg_id": "1"}}
    in_a_kernel(monkeypatch, ipykernel_stdout(), get_parent=lambda: parent)
    here = right_here()
    assert here()
    parent["header"] = {"msg_id": "2"}
    assert not here()
    parent.clear()
    assert right_here()()
    in_a_kernel(monkeypatch, sys.stdout, execution_count=3)
    here = right_here()
    assert here()
    in_a_kernel(monkeypatch, sys.stdout, execution_count=4)
    assert not here()
    monkeypatch.delitem(sys.modules, "IPython")
    assert right_here()()


class FakeMarimo(types.ModuleType):
    """As much of marimo as an area of a cell needs."""

    Thread = threading.Thread

    def __init__(self, outputs):
        super().__init__("marimo")
        self.outputs = outputs
        self.output = types.SimpleNamespace(replace_at_index=self._put)

    Html = staticmethod(str)

    def running_in_notebook(self):
        return True

    def _put(self, html, at):
        self.outputs[at:] = [html, *self.outputs[at + 1 :]]


@pytest.mark.parametrize("cell", [True, False])
def test_marimo_gets_html_below_what_its_cell_shows(monkeypatch, cell):
    outputs = ["before"] if cell else []
    context = types.SimpleNamespace(execution_context=types.SimpleNamespace(output=outputs) if cell else None)
    monkeypatch.setitem(sys.modules, "marimo", FakeMarimo(outputs))
    monkeypatch.setitem(sys.modules, "marimo._runtime", types.ModuleType("marimo._runtime"))
    inside = types.SimpleNamespace(get_context=lambda: context)
    monkeypatch.setitem(sys.modules, "marimo._runtime.context", inside)
    monkeypatch.setattr(sys, "stdout", marimo_stdout())
    echo = display("output")
    for event in map(TextDelta, ("a", "b", "**c**")):
        echo.show(event)
    echo.close()
    # What stays the same is not sent again.
    marimo = sys.modules["marimo"]
    area, marimo.outputs = MarimoCell(marimo).area(), []
    area.put({"text/html": "x"})
    marimo.output = None
    area.put({"text/html": "x"})
    assert outputs[:-1] == ["before"] * cell
    assert "ab<strong>c</strong>" in outputs[-1]
