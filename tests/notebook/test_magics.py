"""`%load_ext chatkit` in a real kernel: cells and lines that go to a chat."""

import pytest


@pytest.fixture(autouse=True)
def _afresh(kernel):
    kernel.run("%reset -f\n%load_ext chatkit\n%reload_ext chatkit")


def said(service):
    return service.requests[-1].messages[-1]["content"]


def shown(cell):
    return str([output["content"] for output in cell.outputs])


def test_a_cell_goes_to_the_chat_and_the_answer_is_streamed_into_it(kernel, service, chat_in):
    chat_in()
    service.say("Fine, ", "thanks.")
    cell = kernel.run("%%chat\nHow are you?\n\nAnd *you*, {{name}}?\n")
    assert said(service) == "How are you?\n\nAnd *you*, {{name}}?"
    assert "Fine, thanks." in shown(cell)
    assert cell.of("execute_result") == []
    assert kernel.run("chat.last_turn().text").text == "'Fine, thanks.'"


def test_the_chat_is_the_one_that_is_named_then_the_one_used_last(kernel, service, chat_in):
    chat_in("bot")
    chat_in("other")
    service.say("One.")
    service.say("Two.")
    kernel.run("%%chat bot\nHello")
    kernel.run("%%chat\nAgain")
    assert kernel.run("len(bot.turns), len(other.turns)").text == "(4, 0)"
    chat_in("chat")
    service.say("Three.")
    kernel.run("%%chat\nAgain")
    assert kernel.run("len(bot.turns), len(chat.turns)").text == "(4, 2)"


@pytest.mark.parametrize("code", ["%%chat\nHello", "%%chat bot\nHello", "%chat Hello there"])
def test_without_a_chat_it_is_said_what_to_do(kernel, code):
    cell = kernel.run(code, fails=True)
    assert cell.error["ename"] == "ConfigError"
    assert "holds a chat" in cell.traceback
    assert "chat_huggingface()" in cell.traceback
    assert "--new" in cell.traceback


def test_a_wrong_name_is_told_the_right_ones(kernel, chat_in):
    chat_in("bot")
    chat_in("other")
    assert "There are: bot, other." in kernel.run("%%chat boy\nHello", fails=True).traceback


def test_the_line_version(kernel, service, chat_in):
    chat_in("bot")
    for answer in ("One.", "Two.", "Three."):
        service.say(answer)
    kernel.run("%chat bot what's up?")
    assert said(service) == "what's up?"
    kernel.run("%chat and now?")
    assert said(service) == "and now?"
    kernel.run("%chat -- -s is a dash")
    assert said(service) == "-s is a dash"


def test_braces_and_dollars_are_said_as_they_are(kernel, service, chat_in):
    chat_in()
    kernel.run("x = 3")
    for line in (
        "%chat what is {x} and $x",
        "%chat what is {x} and $x?",
        "print(1)\n%chat what is {x} and $x?\nprint(2)",
        "if x:\n    %chat what is {x} and $x?\n    x = 3",
    ):
        service.say("Well.")
        kernel.run(line)
        assert said(service).removesuffix("?") == "what is {x} and $x"


def test_with_nothing_to_say_the_chat_is_shown(kernel, chat_in):
    chat_in("bot")
    assert "turns=0" in kernel.run("%chat bot").result["text/html"]


def test_options_set_the_model_the_system_prompt_and_the_echo(kernel, service, chat_in):
    chat_in()
    service.say("Aye.")
    cell = kernel.run("%%chat -m big --system 'You are a pirate.' --echo none\nHello")
    request = service.requests[-1]
    assert request.json["model"] == "big"
    assert request.messages[0] == {"role": "system", "content": "You are a pirate."}
    assert cell.text == "'Aye.'"
    assert cell.shown == []
    service.say("Yes.")
    kernel.run("%%chat -s ''\nHello")
    assert [message["role"] for message in service.requests[-1].messages] == ["user", "assistant", "user"]


def test_a_chat_that_shows_nothing_shows_a_cell_all_the_same(kernel, service, chat_in):
    chat_in(echo="none")
    service.say("Here I am.")
    assert "Here I am." in shown(kernel.run("%%chat\nHello"))


def test_a_new_conversation_leaves_the_old_one_alone(kernel, service, chat_in):
    chat_in(system_prompt="You are terse.")
    for answer in ("One.", "Two.", "Three."):
        service.say(answer)
    kernel.run("%%chat\nHello")
    kernel.run("old = chat")
    kernel.run("%%chat --new\nHello again")
    assert [message["role"] for message in service.requests[-1].messages] == ["system", "user"]
    assert kernel.run("len(old.turns), len(chat.turns), old is chat").text == "(2, 2, False)"
    kernel.run("%%chat --new -m big\nHello again")
    assert service.requests[-1].json["model"] == "big"
    assert kernel.run("old.model, chat.model").text == "('m', 'big')"


def test_a_new_chat_where_there_is_none(kernel):
    cell = kernel.run("%%chat bot --new -m huggingface/org/model\nHello", fails=True)
    assert cell.error["ename"] == "MissingKeyError"
    assert kernel.run("type(bot).__name__, bot.model, bot.turns").text == "('Chat', 'org/model', [])"


def test_a_name_that_holds_something_else_is_not_overwritten(kernel):
    kernel.run("from chatkit import chat")
    assert "holds something that is no chat" in kernel.run("%%chat --new\nHello", fails=True).traceback
    assert kernel.run("callable(chat)").text == "True"


def test_templates_only_when_asked_for(kernel, service, chat_in):
    chat_in()
    service.say("Hi.")
    kernel.run("name = 'Ann'\nitems = ['a', 'b']")
    kernel.run("%%chat --template\nI am {{name}}.")
    assert said(service) == "I am Ann."
    assert "comes to 2 prompts" in kernel.run("%%chat --template\n{{items}}", fails=True).traceback
    wrong = kernel.run("%%chat --template\n{{nobody}}", fails=True).traceback
    assert "no value for `nobody`; values were given for: chat, " in wrong


@pytest.mark.parametrize(
    ("line", "words"),
    [("--what", "no option '--what'"), ("-m", "needs a value"), ("two words", "takes the name of a variable")],
)
def test_mistakes_in_the_line(kernel, chat_in, line, words):
    chat_in("two")
    assert words in kernel.run(f"%%chat {line}\nHello", fails=True).traceback


def test_names_of_chats_are_completed(kernel, chat_in):
    chat_in("botany")
    chat_in("bottle")
    kernel.run("bother = 3")
    for code in ("%%chat bot", "%chat bot"):
        assert {"botany", "bottle"} <= set(kernel.complete(code))
    assert "bother" not in kernel.complete("%%chat bot")
    assert "--new" in kernel.complete("%%chat --n")
    assert {"botany", "bottle"} <= set(kernel.complete("%%chat "))


def test_the_magic_explains_itself(kernel):
    (payload,) = kernel.run("%%chat?").reply["payload"]
    assert "--template" in payload["data"]["text/plain"]


def test_unloading_takes_it_away(kernel):
    kernel.run("%unload_ext chatkit")
    cell = kernel.finish(kernel.start("%%chat\nHello"))
    assert "`%%chat` not found" in cell.stream
    assert "--new" not in kernel.complete("%%chat --n")
    assert (
        kernel.run("[f.__module__ for f in get_ipython().input_transformers_cleanup if 'chatkit' in f.__module__]").text
        == "[]"
    )


def test_a_broken_answer_is_a_clean_line(kernel, service, chat_in):
    chat_in()
    from chatkit.testing import ErrorAnswer

    service.script(ErrorAnswer(400, "No."))
    assert len(kernel.run("%%chat\nHello", fails=True).traceback.split("\n")) <= 2
