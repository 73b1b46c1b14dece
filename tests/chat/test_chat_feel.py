"""How a chat feels in the hands: what is set by mistake, what is handed over by mistake, and what is shown."""

import pytest

from chatkit import AssistantTurn, ConfigError, ContentText, Usage, chat_openai_compatible
from chatkit._engine.limits import Limits


@pytest.mark.parametrize("name", ["temperature", "paramz", "max_tokens", "provider_"])
def test_what_a_chat_does_not_have_cannot_be_set(chat, name):
    with pytest.raises(AttributeError, match=rf"no '{name}' that can be set.*chat\.params = params"):
        setattr(chat, name, 0)


def test_echo_can_be_looked_at_and_set(service, chat, capsys):
    assert chat.echo == "none"
    chat.echo = True
    assert chat.echo == "output"
    service.say("Hello.")
    chat.chat("Hi")
    assert capsys.readouterr().out == "Hello.\n"
    chat.echo = None
    assert chat.echo is None
    with pytest.raises(ConfigError, match="echo must be one of"):
        chat.echo = "loud"


def test_tools_can_be_set_as_a_list_and_as_a_mapping(chat, make_chat):
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    chat.tools = [add]
    other = make_chat()
    other.tools = chat.tools
    assert other.tools == chat.tools
    chat.tools = {}
    assert chat.tools == {}
    for wrong in (5, add, None):
        with pytest.raises(ConfigError, match="`tools` must be a list of tools"):
            chat.set_tools(wrong)
        with pytest.raises(ConfigError, match="`tools` must be a list of tools"):
            chat.register_tools(wrong)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ([ContentText("Hi")], "one by one"),
        ({"role": "user", "content": "Hi"}, r"from_messages\(\)"),
        (b"\x89PNG", r"content_image_file\(\)"),
        (5, "not int"),
    ],
)
def test_what_is_no_content_gets_a_hint(service, chat, wrong, hint):
    with pytest.raises(ConfigError, match=hint):
        chat.chat("Look:", wrong)
    with pytest.raises(ConfigError, match=hint):
        chat.chat(wrong)
    assert service.requests == []


def test_a_system_prompt_in_the_place_of_the_address_gets_a_hint():
    with pytest.raises(ConfigError, match="A system prompt is given as system_prompt="):
        chat_openai_compatible("You are terse.", model="m")


def test_what_is_not_known_is_not_shown():
    assert repr(Usage()) == "Usage()"
    assert repr(Usage(3, None, 0)) == "Usage(input_tokens=3, cached_tokens=0)"
    turn = AssistantTurn("Hi", usage=Usage(3, 4), finish_reason="stop", duration=0.1234567890123)
    assert repr(turn) == (
        "AssistantTurn(contents=(ContentText(text='Hi'),), usage=Usage(input_tokens=3, output_tokens=4), "
        "finish_reason='stop', duration=0.123)"
    )
    assert repr(AssistantTurn()) == "AssistantTurn(contents=())"
    assert repr(Limits(rounds=3)) == "Limits(rounds=3)"
