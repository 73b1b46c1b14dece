"""An answer that streams into a notebook: rendered, in one output, no faster than ten times a second, in few bytes."""

import itertools
from datetime import datetime

import pytest

from chatkit.testing import Answer, Delivery, ToolCall

TABLE = ["## Cities\n\n", "| city | people |\n", "|---|--:|\n", "| Oslo | 700,000 |\n\n", "```python\nprint(1)\n```\n"]


def display_ids(cell):
    return [content["transient"]["display_id"] for content in cell.of("display_data", "update_display_data")]


def states(cell):
    """What each output of the cell held at last, in order."""
    held = {}
    for content in cell.of("display_data", "update_display_data"):
        held[content["transient"]["display_id"]] = content["data"]
    return list(held.values())


def test_a_short_answer_is_one_output_of_rendered_markdown(kernel, service, chat_in):
    service.script(Answer(TABLE, delivery=Delivery(pause=0.15)))
    cell = kernel.run(f"{chat_in()}.chat('Cities?')\nNone")
    assert len(cell.shown) == 1
    assert len(set(display_ids(cell))) == 1
    assert cell.of("clear_output", "stream") == []
    assert 2 <= len(cell.updates) <= 8
    (last,) = states(cell)
    assert "<h2>Cities</h2>" in last["text/html"]
    assert '<td class="chatkit-right" style="text-align:right">700,000</td>' in last["text/html"]
    assert last["text/plain"] == "".join(TABLE)
    assert last["text/markdown"].startswith("## Cities")


def test_it_is_sent_at_most_ten_times_a_second(kernel, service, chat_in):
    service.script(Answer(["word "] * 200, delivery=Delivery(pause=0.01)))
    cell = kernel.run(f"{chat_in()}.chat('Go')\nNone")
    sent = [output for output in cell.outputs if output["msg_type"] in ("display_data", "update_display_data")]
    times = [output["header"]["date"] for output in sent]
    times = [when if isinstance(when, datetime) else datetime.fromisoformat(when) for when in times]
    gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(times)]
    assert all(gap >= 0.09 for gap in gaps[:-1])  # the last one is sent at the end, whenever that is
    assert len(gaps) >= 5
    (last,) = states(cell)
    assert last["text/plain"] == "word " * 200


def test_a_stream_that_falls_silent_is_shown_up_to_its_last_word(kernel, service, chat_in):
    name = chat_in()
    service.script(
        Answer(["Hello ", "dear ", "reader", "."], delivery=Delivery(pause=0.02, stall_after=1000, stall=30))
    )
    deltas = ["Hello ", "dear ", "reader"]
    service.script()
    ident = kernel.start(f"{name}.chat('Hi')\nNone")
    cell = kernel.finish(
        ident, 60, until=lambda cell: "reader" in (states(cell) or [{"text/html": ""}])[-1]["text/html"]
    )
    assert "".join(deltas) in states(cell)[-1]["text/html"]
    kernel.interrupt()
    kernel.finish(ident, cell=cell)
    assert cell.reply["ename"] == "KeyboardInterrupt"


def test_thinking_calls_and_text_stand_in_the_order_of_happening(kernel, service, chat_in):
    name = chat_in()
    kernel.run(f"def add(a: int, b: int) -> int:\n    'Add.'\n    return a + b\n{name}.register_tool(add)")
    service.script(Answer("Let me see.", reasoning="Hm, a sum.", tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.script(Answer("It is **3**."))
    cell = kernel.run(f"{name}.chat('1 + 2?')\nNone")
    (last,) = states(cell)
    html = last["text/html"]
    places = [
        html.index(part) for part in ("<summary>Thinking</summary>", "Let me see.", "add(a = 1, b = 2)", "<strong>3")
    ]
    assert places == sorted(places)
    assert html.count("<details") == 2
    assert " open>" not in html
    assert "[tool call] add(a = 1, b = 2)\n3\nIt is" in last["text/plain"]


def test_a_failed_call_is_marked(kernel, service, chat_in):
    name = chat_in()
    kernel.run(f"def ask() -> int:\n    'Ask.'\n    raise ValueError('no <b>way</b>')\n{name}.register_tool(ask)")
    service.script(Answer(tool_calls=[ToolCall("ask", {})]), Answer("Sorry."))
    cell = kernel.run(f"{name}.chat('?')\nNone")
    (last,) = states(cell)
    assert "✗ <code>ask()</code> failed" in last["text/html"]
    assert "chatkit-error" in last["text/html"]
    assert "no &lt;b&gt;way" in last["text/html"]


def test_a_picture_that_a_tool_returns_is_shown(kernel, service, chat_in):
    name = chat_in()
    kernel.run(
        "from chatkit import ContentImageInline, ContentToolResult\n"
        "def draw():\n    'Draw.'\n"
        "    return ContentToolResult('done', attachments=(ContentImageInline('image/png', 'iVBORw0KGgo='),))\n"
        f"{name}.register_tool(draw)"
    )
    service.script(Answer(tool_calls=[ToolCall("draw", {})]), Answer("There."))
    cell = kernel.run(f"{name}.chat('?')\nNone")
    (last,) = states(cell)
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in last["text/html"]
    assert "</details>\n<img" in last["text/html"]


def test_nothing_that_a_model_writes_runs_or_loads(kernel, service, chat_in):
    service.script(Answer("<script>alert(1)</script> ![x](http://evil/x.png) [y](javascript:alert(1))\x1b[31m \ud800"))
    cell = kernel.run(f"{chat_in()}.chat('?')\nNone")
    (last,) = states(cell)
    assert "<script" not in last["text/html"]
    assert "<img" not in last["text/html"]
    assert 'href="http://evil/x.png"' in last["text/html"]
    assert 'href="javascript' not in last["text/html"]
    assert "![" not in last["text/markdown"]
    assert "<script" not in last["text/markdown"]
    assert "\x1b" not in last["text/plain"]


def test_a_long_answer_is_a_handful_of_outputs_in_order(kernel, service, chat_in):
    paragraphs = [f"Paragraph {number}: " + "words " * 100 + "\n\n" for number in range(40)]
    service.script(Answer(paragraphs))
    cell = kernel.run(f"{chat_in()}.chat('Go')\nNone")
    assert 3 <= len(cell.shown) <= 6
    assert "".join(state["text/plain"] for state in states(cell)) == "".join(paragraphs)


def test_what_is_sent_is_shown_too_when_asked_for(kernel, service, chat_in):
    service.script("Fine.")
    cell = kernel.run(f"{chat_in()}.chat('How are *you*?', echo='all')\nNone")
    (last,) = states(cell)
    assert last["text/plain"] == "> How are *you*?\nFine."
    assert 'class="chatkit-sent"' in last["text/html"]


@pytest.mark.parametrize(
    "code",
    ["%%capture got\n{}", "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as got:\n    {}"],
)
def test_whoever_captures_stdout_gets_text(kernel, service, chat_in, code):
    service.script("**Fine.**")
    cell = kernel.run(code.format(f"{chat_in()}.chat('How?')"))
    assert cell.of("display_data") == []
    said = kernel.run("print(getattr(got, 'stdout', None) or got.getvalue())")
    assert said.stream.strip().startswith("**Fine.**")


def test_a_typed_answer_is_shown_as_json(kernel, service, chat_in):
    service.script('{"names": ["*a*", "_b_"]}')
    cell = kernel.run(f"{chat_in()}.chat_structured('?', type=dict, echo='output')\nNone")
    (last,) = states(cell)
    assert 'class="language-json">{&quot;names&quot;: [&quot;*a*' in last["text/html"]


def test_no_thread_is_left(kernel, service, chat_in):
    service.script("Fine.")
    kernel.run(f"{chat_in()}.chat('?')\nNone")
    cell = kernel.run("import threading\n[t.name for t in threading.enumerate() if 'chatkit' in t.name]")
    assert cell.text == "[]"


def test_a_failure_leaves_what_was_shown(kernel, service, chat_in):
    service.script(Answer(["One ", "two ", "three"], delivery=Delivery(cut_after=900, cut="rst", pause=0.05)))
    cell = kernel.run(f"{chat_in()}.chat('?')\nNone", fails=True)
    assert states(cell)[-1]["text/plain"].startswith("One ")


def test_bytes_are_linear_in_the_answer(kernel, service, chat_in):
    def sent(count):
        service.script(Answer(["Some words, and more. " if n % 12 else "\n\n" for n in range(count)]))
        cell = kernel.run(f"{name}.chat('?')\nNone")
        return sum(len(value) for bundle in cell.shown + cell.updates for value in bundle.values())

    name = chat_in()
    small, large = sent(1000), sent(2000)
    assert large <= 2.2 * small + 60_000
    assert large <= 12 * 2000 * 22
