"""What can be rendered, and what is refused."""

from __future__ import annotations

import pytest

from chatkit import Chat, ConfigError, chat_openai_compatible
from chatkit._render.html import contents_html
from chatkit._render.markdown import contents_markdown
from chatkit._render.subject import turns_of, voice
from chatkit._render.text import contents_text
from chatkit._turns.contents import ContentText, ContentThinking, ContentToolResult
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Round, SystemTurn, UserTurn

ASK, ANSWER = UserTurn("Hi"), AssistantTurn("Hello")


@pytest.fixture
def chat() -> Chat:
    made = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", system_prompt="Be brief.")
    made.add_turn("Hi", "Hello")
    return made


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
@pytest.mark.parametrize("wrong", [None, 3, b"bytes", {"a": 1}, object(), [3], [ASK, None], [{"role": "user"}]])
def test_a_wrong_type_is_refused(form, wrong):
    with pytest.raises(ConfigError, match="Give a content, a turn, a round, a chat") as caught:
        form(wrong)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
def test_contents_and_turns_do_not_mix(form):
    with pytest.raises(ConfigError, match="cannot be mixed"):
        form([ContentText("a"), ASK])


@pytest.mark.parametrize("form", [contents_markdown, contents_html])
@pytest.mark.parametrize("level", [0, 7, True, "2", 2.0])
def test_there_are_six_levels_of_headings(form, level):
    with pytest.raises(ConfigError, match="from 1 to 6"):
        form(ASK, heading_level=level)


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
@pytest.mark.parametrize("nothing", [[], (), UserTurn(), AssistantTurn(), ContentThinking(""), [Round(())]])
def test_nothing_said_is_an_empty_text(form, nothing):
    assert form(nothing) == ""


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
def test_the_system_prompt_of_a_chat_is_a_choice(form, chat):
    assert "Be brief." not in form(chat)
    assert "Be brief." in form(chat, include_system_prompt=True)
    assert "Hello" in form(chat)


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
def test_a_chat_its_turns_and_its_rounds_look_alike(form, chat):
    assert form(chat) == form(chat.get_turns()) == form(chat.rounds()) == form(chat.rounds()[0]) == form(iter(chat))


@pytest.mark.parametrize("form", [contents_text, contents_markdown, contents_html])
def test_a_turn_is_its_contents(form):
    turn = AssistantTurn((ContentThinking("hm"), ContentText("a")))
    assert form(turn) == form(turn.contents) == form(Reply(turn))


def test_a_string_counts_as_text():
    assert contents_text("a") == "a"
    assert contents_markdown(["a", ContentText("b")]) == "a\n\nb"


def test_turns_to_export():
    assert turns_of(ANSWER) == turns_of(Reply(ANSWER)) == [ANSWER]
    assert turns_of([Round((SystemTurn("s"), ASK), (ANSWER,)), ASK]) == [SystemTurn("s"), ASK, ANSWER, ASK]


def test_contents_alone_cannot_be_exported():
    with pytest.raises(ConfigError, match="nobody who said them"):
        turns_of([ContentText("a")])


def test_tool_results_speak_with_the_voice_of_the_tool():
    assert voice(UserTurn([ContentToolResult(1)])) == "tool"
    assert [voice(UserTurn([ContentToolResult(1), "a"])), voice(ANSWER), voice(SystemTurn("a"))] == [
        "user",
        "assistant",
        "system",
    ]
