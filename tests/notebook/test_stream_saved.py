"""Notebooks run without anybody in front of them: what is in the file afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.testing import Answer, Delivery, FakeService, ToolCall

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

# In a process of its own, which owns its event loop and its sockets.
MAKER = Path(__file__).parents[1] / "vignettes" / "make_notebook.py"
PAGE = """
```python
import chatkit
chat = chatkit.chat_openai_compatible({url!r}, model="m")
```

```ipython
chat.chat("Hi")
```

```ipython
chat.chat("And?")
```

```python
@chatkit.tool(requires_approval=True)
def erase() -> str:
    "Erase."
    return "gone"
chat.register_tool(erase)
reply = chat.chat("Go")
len(reply.pending)
```
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A notebook of four cells, run by nbclient: the notebook as it was saved, and its size in bytes."""
    page = tmp_path_factory.mktemp("saved") / "book.md"
    with FakeService(strict=True) as service:
        page.write_text(PAGE.format(url=service.base_url))
        service.script(Answer(["Some words. "] * 200, delivery=Delivery(pause=0.005)), "**Short**")
        service.script(Answer(tool_calls=[ToolCall("erase", {})]))
        done = subprocess.run([sys.executable, MAKER, page], capture_output=True, timeout=120, text=True)
    assert done.returncode == 0, done.stderr
    path = page.with_suffix(".ipynb")
    return nbformat.read(path, as_version=4), path.stat().st_size


def test_a_saved_notebook_is_valid_and_small(saved):
    book, size = saved
    nbformat.validate(book)
    assert size < 6 * 2_400


def test_it_holds_every_answer_once(saved):
    book, _ = saved
    for cell in book.cells[1:3]:
        (output,) = cell.outputs
        assert output.output_type == "display_data"
        assert sorted(output.data) == ["text/html", "text/markdown", "text/plain"]
    assert book.cells[1].outputs[0].data["text/plain"] == "Some words. " * 200
    assert "<strong>Short</strong>" in book.cells[2].outputs[0].data["text/html"]


def test_where_nobody_can_be_asked_a_call_waits(saved):
    assert saved[0].cells[3].outputs[-1].data["text/plain"] == "1"
