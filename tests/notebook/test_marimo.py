"""marimo, with and without IPython: real notebooks, run by marimo in a process of their own."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from chatkit.testing import Answer, Delivery, FakeService

pytestmark = pytest.mark.skipif(importlib.util.find_spec("marimo") is None, reason="marimo is not installed")

WITHOUT = "import sys; sys.modules['IPython'] = sys.modules['ipykernel'] = None; "
EXPORT = "from marimo._cli.cli import main; main()"

HEAD = """
import marimo
app = marimo.App()

@app.cell
def _():
    import os
    import marimo as mo
    from chatkit import chat_openai_compatible
    chat = chat_openai_compatible("{url}", model="m", max_retries=0)

    def tell(*what):
        with open(os.environ["TOLD"], "a") as file:
            print(*what, file=file)
    return chat, mo, tell
"""


CELLS = """
@app.cell
def _(chat):
    chat.chat('One?')
    chat.chat('Two?')
    None

@app.cell
def _(chat):
    chat.chat('Three?')

@app.cell
def _(chat, mo, tell):
    import threading
    put, calls = mo.output.replace_at_index, []
    mo.output.replace_at_index = lambda html, at: (calls.append(html.text), put(html, at))
    chat.chat('Stream.')
    mo.output.replace_at_index = put
    left = [thread.name for thread in threading.enumerate() if 'chatkit' in thread.name]
    tell('calls', 4 <= len(calls) <= 14, len(set(calls)) == len(calls), left)
    None

@app.cell
async def _(chat, tell):
    reply = await chat.chat_async('Four?', echo='output')
    pieces = [piece async for piece in chat.stream_async('Five?')]
    tell('said', reply, pieces)
    return pieces, reply
"""


def answer(request):
    said = request.messages[-1]["content"]
    if said == "Stream.":
        return Answer(["word "] * 20, delivery=Delivery(pause=0.05))
    return Answer([f"**{said[:-1]}** ", "<script>x</script>"] if said == "One?" else f"**{said[:-1]}**")


@pytest.fixture(scope="module", params=["with IPython", "without IPython"])
def ran(request, tmp_path_factory):
    """The notebook, run in marimo: the HTML of its outputs, and what `tell()` was told."""
    folder = tmp_path_factory.mktemp("marimo")
    path, out, told = folder / "book.py", folder / "book.html", folder / "told"
    code = (WITHOUT if request.param == "without IPython" else "") + EXPORT
    command = [sys.executable, "-c", code, "export", "html", str(path), "-o", str(out), "-f", "--no-include-code"]
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "TOLD": str(told)}
    with FakeService(strict=True) as service:
        service.on_request(answer)
        path.write_text(HEAD.format(url=service.base_url) + CELLS)
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, timeout=100, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return outputs_of(session_of(out.read_text(encoding="utf-8"))), told.read_text()


def session_of(page):
    """What marimo keeps of a run inside the page."""
    start = page.index('"session":') + len('"session":')
    return json.JSONDecoder().raw_decode(page[start:].lstrip())[0]


def outputs_of(session):
    """The HTML of the outputs of all cells."""
    found = [output["data"] for cell in session["cells"] for output in cell["outputs"] if "data" in output]
    return [data.get("text/html", "") for data in found]


def test_answers_stand_below_each_other_in_their_cell(ran):
    (cell,) = [text for text in ran[0] if "One" in text]
    assert cell.index("<strong>One</strong>") < cell.index("<strong>Two</strong>")
    assert cell.count("<strong>") == 2
    assert "<script" not in cell
    # As marimo's own Markdown, or headings and lists would look like any text.
    assert cell.count("markdown prose") == 2


def test_a_cell_that_ends_with_an_answer_shows_it_once(ran):
    # As its value, in place of what streamed there.
    assert "".join(ran[0]).count("<strong>Three</strong>") == 1


def test_the_answer_streams(ran):
    shown, told = ran
    assert "calls True True []" in told
    assert any("word " * 19 in text for text in shown)


def test_awaiting_and_keeping_the_answer(ran):
    shown, told = ran
    assert "said **Four** ['**Five**']" in told
    assert any("<strong>Four</strong>" in text for text in shown)


def test_the_notebook_run_as_a_script_writes_text(tmp_path):
    path = tmp_path / "book.py"
    cell = "\n@app.cell\ndef _(chat):\n    chat.chat('Hi', echo='output')\n"
    with FakeService(strict=True) as service:
        service.say("**One**")
        path.write_text(HEAD.format(url=service.base_url) + cell + "\napp.run()\n")
        done = subprocess.run([sys.executable, str(path)], capture_output=True, timeout=100, text=True, cwd=tmp_path)
    assert done.stdout == "**One**\n", done.stderr
