"""A transcript for people: each expectation stands below its answer, with what became of it."""

import json
import re

import nbformat
import pytest

from chatkit import ChatkitError, Prompt, Transcript
from chatkit.testing import ErrorAnswer

EVIL = "<script>alert(1)</script> ![x](http://evil/x.png) [y](javascript:z) \x1b[2J \u202e"


@pytest.fixture
def transcript(chat, service):
    service.say("First answer.")
    service.say(EVIL)
    service.script(ErrorAnswer(400, {"error": {"message": "<b>enough</b>"}}))
    prompts = [
        Prompt("One?", expect={"contains": "First", "max_seconds": 60}),
        Prompt("Two?", expect={"contains": "<i>x</i>"}),
        Prompt("Three?", expect={"equals": "3"}),
        "Four?",
    ]
    return chat.run(prompts, title="Talk", on_error="return")


def test_a_page_has_each_below_its_answer(transcript, tmp_path):
    page = transcript.save(tmp_path / "talk.html").read_text()
    assert "2 of 3 expectations hold, ended by BadRequestError" in page
    sections = page.split("<section")[1:]
    assert ['chatkit-remarks">' in section for section in sections] == [False, True, False, True, True]
    assert '<li class="chatkit-held"><code>contains = &quot;First&quot;</code> <strong>holds<' in sections[1]
    assert "<code>max_seconds = 60</code> <strong>holds</strong>" in sections[1]
    assert "<strong>FAILS:</strong> it should contain &#x27;&lt;i&gt;x&lt;/i&gt;&#x27;, and it is" in sections[3]
    assert "<strong>FAILS:</strong> not asked" in sections[4]
    assert "Three?" in sections[4]
    assert "<strong>The run ended here:</strong>" in sections[4]
    assert "said: &quot;enough&quot;" in sections[4]


def test_nothing_that_a_model_wrote_acts_in_any_form(transcript, tmp_path):
    page = transcript.save(tmp_path / "talk.html").read_text()
    book = nbformat.read(transcript.save(tmp_path / "talk.ipynb"), as_version=4)
    nbformat.validate(book)
    bundle = transcript._repr_mimebundle_()
    for text in (page, bundle["text/html"]):
        assert "<script" not in text
        assert "<img" not in text
        assert not re.search(r"[\x1b\u202e]", "".join(re.findall("<ul class.*?</ul>", text, re.S)))
    for text in (*(cell.source for cell in book.cells), bundle["text/markdown"]):
        told = [line for line in text.split("\n") if line.startswith("- ")]
        assert not re.search(r"<[a-z]|(?<!\\)!\[|(?<!\\)\]\(|\x1b|\u202e", "\n".join(told))


def test_a_notebook_has_each_in_the_cell_of_its_answer(transcript, tmp_path):
    book = json.loads(transcript.save(tmp_path / "talk.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in book["cells"]]
    assert '\n\n- contains = "First" **holds**\n- max\\_seconds = 60 **holds**' in cells[2]
    assert "**FAILS:** it should contain" in cells[4]
    assert "Three?" in cells[5]
    assert "**FAILS:** not asked" in cells[5]
    assert "- **The run ended here:** " in cells[5]


def test_a_notebook_that_shows_one_has_them_below_it(transcript):
    bundle = transcript._repr_mimebundle_()
    assert bundle["text/html"].count("<strong>holds</strong>") == 2
    assert bundle["text/markdown"].count("**holds**") == 2
    assert "**The run ended here:**" in bundle["text/markdown"]


def test_without_any_exchange_there_is_a_page_all_the_same(tmp_path):
    empty = Transcript((), title="Nothing", error=ChatkitError("too early"))
    page = empty.save(tmp_path / "talk.html").read_text()
    assert "Nothing (0 prompts, 0.0 s, ended by ChatkitError)" in page


def test_without_any_there_is_nothing_below(chat, service):
    service.say("Hello")
    bundle = chat.run(["Hi"])._repr_mimebundle_()
    assert "chatkit-remarks" not in bundle["text/html"]
    assert bundle["text/markdown"].rstrip().endswith("</sub>")
