"""The stop button of a notebook, and awaiting at the top level of a cell."""

from chatkit.testing import Answer, Delivery, ToolCall

SLOW = Answer(["One ", "two ", "three ", *["more "] * 500], delivery=Delivery(pause=0.1))


def stopped(kernel, service, code, answer=SLOW, word="three"):
    """Run a cell, press the button once a word of the answer is shown, and give what came of it."""
    service.script(answer)
    ident = kernel.start(code)
    shows = ("display_data", "update_display_data")
    cell = kernel.finish(ident, until=lambda cell: any(word in show["data"]["text/html"] for show in cell.of(*shows)))
    kernel.interrupt()
    return kernel.finish(ident, cell=cell)


def test_the_stop_button_keeps_the_partial_turn(kernel, service, chat_in):
    name = chat_in()
    cell = stopped(kernel, service, f"{name}.chat('Count')")
    assert cell.error["ename"] == "KeyboardInterrupt"
    kept = kernel.run(f"turn = {name}.last_turn()\nprint(turn.interrupted is not None, turn.text)").stream
    assert kept.startswith("True One two three ")
    # What is shown last is all that was kept: the display is final.
    assert cell.updates[-1]["text/plain"] == kept.removeprefix("True ").removesuffix("\n")
    service.say("Still here.")
    assert "Still here." in kernel.run(f"{name}.chat('And now?')\nNone").shown[-1]["text/html"]
    assert kernel.run("import threading; [t for t in threading.enumerate() if 'chatkit' in t.name]").text == "[]"


def test_the_stop_button_shows_one_line(kernel, service, chat_in):
    cell = stopped(kernel, service, f"{chat_in()}.chat('Count')")
    assert cell.traceback == "KeyboardInterrupt: stopped. What arrived is kept: see chat.last_turn()."


def test_the_stop_button_while_a_tool_runs(kernel, service, chat_in):
    name = chat_in()
    kernel.run(
        f"import time\ndef wait() -> str:\n    'Wait.'\n    time.sleep(60)\n    return 'x'\n{name}.register_tool(wait)"
    )
    cell = stopped(kernel, service, f"{name}.chat('Go')", Answer(tool_calls=[ToolCall("wait", {})]), "running")
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert "no result" in (cell.shown + cell.updates)[-1]["text/html"]
    service.say("Still here.")
    assert "Still here." in kernel.run(f"{name}.chat('And now?')\nNone").shown[-1]["text/html"]


def test_top_level_await(kernel, service, chat_in):
    name = chat_in()
    service.script(Answer(["**Hel", "lo**"]))
    cell = kernel.run(f"reply = await {name}.chat_async('Hi', echo='output')\nstr(reply)")
    assert cell.text == "'**Hello**'"
    assert "<strong>Hello</strong>" in (cell.shown + cell.updates)[-1]["text/html"]


def test_async_for_at_the_top_level(kernel, service, chat_in):
    service.script(Answer(["a", "b", "c"]))
    cell = kernel.run(f"async for piece in {chat_in()}.stream_async('Hi'):\n    print(piece, end='|')")
    assert cell.stream == "a|b|c|"


def test_the_stop_button_while_awaiting(kernel, service, chat_in):
    name = chat_in()
    cell = stopped(kernel, service, f"await {name}.chat_async('Count', echo='output')")
    assert cell.error["ename"] in ("KeyboardInterrupt", "CancelledError")
    service.say("Still here.")
    assert kernel.run(f"str(await {name}.chat_async('And now?'))").text == "'Still here.'"


def test_a_question_about_a_tool_call_comes_after_what_is_shown(kernel, service, chat_in):
    name = chat_in()
    kernel.run(
        "from chatkit import tool\n@tool(requires_approval=True)\n"
        f"def erase() -> str:\n    'Erase.'\n    return 'gone'\n{name}.register_tool(erase)"
    )
    service.script(Answer("I will erase it.", tool_calls=[ToolCall("erase", {})]), Answer("Done."))
    client = kernel.client
    ident = client.execute(f"{name}.chat('Go')\nNone", allow_stdin=True)
    question = client.get_stdin_msg(timeout=60)
    cell = kernel.finish(ident, until=lambda cell: "erase" in cell.stream)
    kinds = [output["msg_type"] for output in cell.outputs]
    assert "I will erase it." in (cell.shown + cell.updates)[-1]["text/html"]
    assert kinds[-1] == "stream"
    assert question["content"]["prompt"].startswith("Allow it?")
    client.input("y")
    cell = kernel.finish(ident, cell=cell)
    assert len(cell.shown) == 2
    below = cell.of("display_data", "update_display_data")[-1]["data"]["text/html"]
    assert below.index("erase()") < below.index("Done.")
