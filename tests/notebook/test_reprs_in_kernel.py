"""What a notebook shows of chats, turns, contents and tables: asked of a real kernel."""

import pytest

FORMS = {"text/plain", "text/markdown", "text/html"}
SETUP = """
from chatkit import *
from chatkit.testing import FakeService
call = ContentToolRequest("1", "weather", {"city": "Paris"})
answer = AssistantTurn((ContentThinking("Well *now*."), ContentText("**Hi** there."), call), model="org/model",
                       usage=Usage(12, 3), finish_reason="tool_calls")
"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module", autouse=True)
def _set_up(kernel):
    kernel.run(SETUP)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ContentText('**Hi** there.')", "<strong>Hi</strong>"),
        ("ContentThinking('Well.')", "<details"),
        ("ContentJson({'a': 1}, '{\"a\": 1}')", "&quot;a&quot;: 1"),
        (f"ContentImageInline('image/png', '{PIXEL}')", f"data:image/png;base64,{PIXEL}"),
        ("ContentImageRemote('https://example.org/a.png')", '<a href="https://example.org/a.png"'),
        ("ContentDocument('application/pdf', 'QUJD', 'a.pdf')", "a.pdf"),
        ("ContentDocumentRemote('https://example.org/a.pdf')", '<a href="https://example.org/a.pdf"'),
        ("ContentAudio('mp3', 'QUJD')", "mp3"),
        ("call", "Tool call <code>weather</code>"),
        ("ContentToolResult('sunny', request=call)", "Tool result <code>weather</code>"),
        ("SystemTurn('You are terse.')", "<h4>System</h4>"),
        ("UserTurn('Hello')", "<h4>User</h4>"),
        ("UserTurn([ContentToolResult('sunny', request=call)])", "<h4>Tool</h4>"),
        ("answer", "org/model · 12 tokens in · 3 tokens out"),
        ("Round((UserTurn('Hello'),), (answer,))", "<h4>Assistant</h4>"),
        ("Reply(answer)", "<strong>Hi</strong>"),
        ("ModelList()", "0 models."),
        ("ModelList().capabilities()", "0 models."),
        ("token_usage()", "<table>"),
        ("chat_openai_compatible('http://127.0.0.1:9/v1', model='m').estimate('Hi')", "<th>cost</th>"),
    ],
)
def test_every_value_has_three_forms(kernel, code, words):
    result = kernel.run(code).result
    assert set(result) == FORMS
    assert words in result["text/html"]
    assert all(result.values())


def test_a_chat_shows_its_turns_under_a_line_about_it(kernel, service, chat_in):
    chat_in(system_prompt="You are terse.")
    service.say("Hi *there*.")
    kernel.run("chat.chat('Hello', echo='none')")
    result = kernel.run("chat").result
    assert set(result) == FORMS
    html, markdown = result["text/html"], result["text/markdown"]
    for words in ("You are terse.", "Hello", "Hi <em>there</em>.", "turns=3"):
        assert words in html
    assert [line for line in markdown.split("\n") if line.startswith("#")] == [
        "#### System",
        "#### User",
        "#### Assistant",
    ]
    assert result["text/plain"].startswith("<Chat ")
    assert "\n" not in result["text/plain"]


def test_a_reply_that_was_shown_is_not_shown_again(kernel, service, chat_in):
    chat_in()
    service.say("Hi *there*.")
    cell = kernel.run("chat.chat('Hello', echo='output')")
    assert not cell.of("execute_result")
    assert cell.outputs


def test_a_reply_that_was_shown_in_another_cell_is_shown(kernel, service, chat_in):
    chat_in()
    service.say("Hi *there*.")
    kernel.run("reply = chat.chat('Hello', echo='output')")
    result = kernel.run("reply").result
    assert "Hi <em>there</em>." in result["text/html"]
    assert result["text/plain"] == "'Hi *there*.'"


@pytest.mark.parametrize("travel", ["copy.copy(reply)", "pickle.loads(pickle.dumps(reply))"])
def test_a_copy_of_a_reply_that_was_shown_is_shown(kernel, service, chat_in, travel):
    chat_in()
    service.say("Hi *there*.")
    cell = kernel.run(f"import copy, pickle\nreply = chat.chat('Hello', echo='output')\n{travel}")
    assert "Hi <em>there</em>." in cell.result["text/html"]


def test_an_answer_that_a_task_brought_is_shown_where_it_is_awaited(kernel, service, chat_in):
    # The task belongs to the first cell, and shows there what it shows.
    chat_in()
    service.say("Hi *there*.")
    kernel.run("import asyncio\ntask = asyncio.create_task(chat.chat_async('Hello', echo='output'))")
    assert kernel.run("await task").text == "'Hi *there*.'"
    service.say("Hi *there*.")
    assert not kernel.run("await chat.chat_async('Hello', echo='output')").of("execute_result")


def test_runs_that_are_not_counted_are_told_apart(kernel, service, chat_in):
    chat_in()
    service.say("Hi *there*.")
    kernel.finish(kernel.client.execute("reply = chat.chat('Hello', echo='output')", store_history=False))
    assert kernel.finish(kernel.client.execute("reply", store_history=False)).text == "'Hi *there*.'"


def test_a_reply_that_waits_for_a_yes_says_so(kernel, service, chat_in):
    from chatkit.testing import Answer, ToolCall

    chat_in()
    kernel.run("@tool(requires_approval=True)\ndef erase():\n    'Erase.'\nchat.register_tool(erase)\nNone")
    service.script(Answer("I will.", tool_calls=[ToolCall("erase", {})]))
    cell = kernel.finish(kernel.client.execute("chat.chat('Go', echo='output')", allow_stdin=False))
    assert cell.text == "<Reply of 7 characters, waiting for approval of erase: see resume()>"


def test_a_reply_in_a_list_and_in_captured_output(kernel, service, chat_in):
    chat_in()
    service.say("Hi *there*.")
    assert kernel.run("[chat.chat('Hello', echo='output')]").text == "[<Reply of 11 characters, shown above>]"
    service.say("Hi *there*.")
    kernel.run("%%capture got\nchat.chat('Hello', echo='output')")
    assert kernel.run("print(got.stdout)").stream.strip() == "Hi *there*."


def test_a_reply_that_was_not_shown_is_shown(kernel, service, chat_in):
    chat_in()
    service.say("Hi *there*.")
    result = kernel.run("chat.chat('Hello', echo='none')").result
    assert "Hi <em>there</em>." in result["text/html"]
    assert result["text/markdown"].startswith("Hi *there*.")
    assert result["text/plain"] == "'Hi *there*.'"


def test_the_tokens_of_answers_are_a_table_and_still_a_list(kernel, service, chat_in):
    chat_in()
    assert kernel.run("chat.get_tokens()").text == "[]"
    service.say("Hi.")
    kernel.run("chat.chat('Hello', echo='none'); rows = chat.get_tokens()")
    result = kernel.run("rows").result
    assert set(result) == FORMS
    assert "Text[Hello]" in result["text/html"]
    assert result["text/plain"].split("\n")[0].split() == ["answer", "said", "input", "cached", "output", "cost"]
    assert kernel.run("isinstance(rows, list), rows == list(rows), len(rows), type(rows[:1])").text == (
        "(True, True, 1, list)"
    )


def test_what_is_displayed_by_hand_is_the_same(kernel):
    assert set(kernel.run("from IPython.display import display\ndisplay(answer)").shown[0]) == FORMS


def test_only_what_is_asked_for_is_drawn(kernel):
    code = "display(answer, include=['text/html']); display(answer, exclude=['text/html'])"
    first, second = kernel.run(f"from IPython.display import display\n{code}").shown
    assert "text/markdown" not in first
    assert set(second) == {"text/plain", "text/markdown"}
