"""tool_choice= on the verbs: what is sent, for which requests of a call, and what is refused before any."""

import pytest

from chatkit import ContentToolResult, params, tool
from chatkit._errors import BadRequestError, ConfigError, ToolLoopLimitError, UnprocessableEntityError
from chatkit._warnings import ToolFailureWarning, UnsupportedParameterWarning
from chatkit.testing import Answer, ErrorAnswer, ToolCall

CALL = Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})])
NAMED = {"type": "function", "function": {"name": "add"}}


def sent(service):
    """The choice of each request; "-" where there is none."""
    return [request.json.get("tool_choice", "-") for request in service.requests]


@pytest.mark.parametrize(
    ("choice", "first", "further"),
    [
        (None, "-", "-"),
        ("auto", "auto", "auto"),
        ("required", "required", "-"),
        ("add", NAMED, "-"),
    ],
)
def test_a_demand_counts_for_the_first_request_the_rest_for_all(choice, first, further, talk, chat, service, add):
    service.script(CALL, CALL)
    service.say("3")
    assert talk(chat, "1 + 2?", tool_choice=choice).endswith("3")
    assert sent(service) == [first, further, further]
    assert add == [(1, 2), (1, 2)]
    assert all(request.json["tools"] for request in service.requests)


def test_a_demand_holds_for_every_attempt_at_the_first_request(talk, chat, service, add):
    service.script(ErrorAnswer(503, {"error": "busy"}), CALL)
    service.say("3")
    talk(chat, "1 + 2?", tool_choice="required")
    assert sent(service) == ["required", "required", "-"]


def test_a_choice_holds_for_its_call_alone(talk, chat, service, add):
    service.say("a")
    service.say("b")
    talk(chat, "Hi", tool_choice="none")
    talk(chat, "Hi")
    assert sent(service) == ["none", "-"]


def test_none_keeps_a_tool_from_running_whatever_the_server_does(talk, chat, service, add, go_on):
    service.script(CALL)
    service.say("Three.")
    with pytest.warns(ToolFailureWarning, match="does not want tools"):
        assert talk(chat, "1 + 2?", tool_choice="none").endswith("Three.")
    assert (sent(service), add) == (["none", "none"], [])
    (result,) = (item for item in chat.get_turns()[2].contents if isinstance(item, ContentToolResult))
    assert "does not want tools" in str(result.error)
    go_on(chat, talk)


@pytest.mark.filterwarnings("ignore::chatkit.RepeatedCallWarning", "ignore::chatkit.ToolFailureWarning")
def test_a_server_that_never_heeds_none_comes_to_an_end(talk, make_chat, service):
    chat = make_chat(max_tool_rounds=2)

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        raise AssertionError("it must not run")

    chat.register_tool(add)
    service.on_request(lambda request: CALL)
    with pytest.raises(ToolLoopLimitError):
        talk(chat, "1 + 2?", tool_choice="none")
    assert len(service.requests) == 3


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_nothing_is_sent_where_there_are_no_tools(choice, talk, chat, service):
    service.say("a")
    talk(chat, "Hi", tool_choice=choice)
    assert not {"tool_choice", "tools"} & service.requests[0].json.keys()


REFUSED = {
    "sub": r"`tool_choice='sub'` names no tool of the chat; there are: add\. Or give",
    "Auto": "names no tool of the chat",
    "": '`tool_choice` must be "auto", "none", "required" or the name of a tool, not \'\'',
    3: "`tool_choice` must be .*, not 3",
    True: "not True",
}


@pytest.mark.parametrize("choice", REFUSED, ids=repr)
def test_what_cannot_be_is_refused_before_anything_is_sent(choice, talk, chat, service, add):
    with pytest.raises(ConfigError, match=REFUSED[choice]):
        talk(chat, "Hi", tool_choice=choice)
    assert (service.requests, chat.get_turns()) == ([], [])


def test_the_wire_form_of_a_choice_is_refused_with_the_form_that_works(chat, service, add):
    with pytest.raises(ConfigError, match=r"or the name of a tool, not \{'type': 'function'"):
        chat.chat("Hi", tool_choice=NAMED)
    assert service.requests == []


@pytest.mark.parametrize("choice", ["required", "add"])
def test_a_demand_without_any_tools_is_refused(choice, talk, chat, service):
    with pytest.raises(ConfigError, match="demands a call, but the chat has no tools"):
        talk(chat, "Hi", tool_choice=choice)
    assert service.requests == []


def test_a_stream_refuses_at_once(chat, add):
    with pytest.raises(ConfigError, match="names no tool"):
        chat.stream("Hi", tool_choice="sub")
    with pytest.raises(ConfigError, match="names no tool"):
        chat.stream_async("Hi", tool_choice="sub")


@pytest.mark.parametrize("profile", ["generic", "lmstudio"])
def test_a_tool_that_went_before_the_stream_began_is_refused_before_anything_is_sent(profile, make_chat, service, add):
    def sub(a: int, b: int) -> int:
        """Subtract."""
        return a - b

    chat = make_chat(profile=profile)
    chat.register_tool(sub)
    stream = chat.stream("Hi", tool_choice="sub")
    chat.set_tools([])
    with pytest.raises(ConfigError, match="demands a call, but the chat has no tools"):
        list(stream)
    assert (service.requests, chat.get_turns()) == ([], [])


UNKNOWN = {"error": {"message": "Unrecognized request argument supplied: tool_choice", "param": None}}


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_does_not_know_the_field_goes_without_auto(status, talk, chat, service, add):
    service.script(ErrorAnswer(status, UNKNOWN))
    service.say("a")
    assert talk(chat, "Hi", tool_choice="auto") == "a"
    assert sent(service) == ["auto", "-"]
    assert len(chat.get_turns()) == 2


def test_the_field_may_be_blamed_apart_from_the_words(talk, chat, service, add):
    service.script(ErrorAnswer(400, {"error": {"message": "Unknown parameter.", "param": "tool_choice"}}))
    service.say("a")
    assert talk(chat, "Hi", tool_choice="auto") == "a"


@pytest.mark.parametrize(("choice", "first"), [("required", "required"), ("none", "none"), ("add", NAMED)])
def test_what_was_asked_for_is_never_dropped(choice, first, talk, chat, service, add):
    service.script(ErrorAnswer(422, UNKNOWN))
    with pytest.raises(UnprocessableEntityError, match="tool_choice"):
        talk(chat, "Hi", tool_choice=choice)
    assert (sent(service), chat.get_turns()) == ([first], [])


def test_auto_is_no_reason_to_swallow_other_errors(talk, chat, service, add):
    service.script(ErrorAnswer(400, {"error": {"message": "The context is too odd."}}))
    with pytest.raises(BadRequestError, match="too odd"):
        talk(chat, "Hi", tool_choice="auto")
    service.script(ErrorAnswer(400, UNKNOWN), ErrorAnswer(400, UNKNOWN))
    with pytest.raises(BadRequestError, match="tool_choice"):
        talk(chat, "Hi", tool_choice="auto")
    assert service.unsaid == 0


def test_choices_do_not_stick_to_the_worded_request(chat, service, add):
    for choice in ("required", None, "auto", "add", None, "none"):
        service.script(CALL, "3") if choice in ("required", "add") else service.say("a")
        chat.chat("Hi", tool_choice=choice)
    assert sent(service) == ["required", "-", "-", "auto", NAMED, "-", "-", "none"]


def test_a_tool_registered_later_is_offered_with_the_same_choice(chat, service, add):
    def sub(a: int, b: int) -> int:
        """Subtract."""
        return a - b

    service.say("a")
    chat.chat("Hi", tool_choice="auto")
    chat.register_tool(sub)
    service.say("b")
    chat.chat("Hi", tool_choice="auto")
    assert [len(request.json["tools"]) for request in service.requests] == [1, 2]


def test_a_resumed_answer_is_free(make_chat, service):
    @tool(requires_approval=True)
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    chat = make_chat()
    chat.register_tool(pay)
    service.script(Answer(tool_calls=[ToolCall("pay", {"amount": 3})]))
    assert chat.chat("Pay!", tool_choice="pay").pending
    service.say("Done.")
    assert chat.resume(approve=True) == "Done."
    assert sent(service) == [{"type": "function", "function": {"name": "pay"}}, "-"]


def test_ollama_is_told_in_other_ways(talk, make_chat, service):
    chat = make_chat(profile="ollama", params=params(seed=1))

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    chat.register_tool(add)
    for choice in ("auto", "none"):
        service.say("a")
        talk(chat, "Hi", tool_choice=choice)
    assert [sorted({"tools", "tool_choice"} & request.json.keys()) for request in service.requests] == [["tools"], []]
    service.say("a")
    with pytest.warns(UnsupportedParameterWarning, match="`tool_choice` may not be heeded: the profile 'ollama'"):
        talk(chat, "Hi", tool_choice="required")
    service.say("a")
    talk(chat, "Hi", tool_choice="add")
    assert sent(service)[2:] == ["required", NAMED]


@pytest.mark.parametrize("profile", ["lmstudio", "llamacpp"])
def test_where_no_tool_can_be_named_it_is_offered_alone(profile, talk, make_chat, service):
    chat = make_chat(profile=profile)

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    def sub(a: int, b: int) -> int:
        """Subtract."""
        return a - b

    chat.register_tool(add)
    chat.register_tool(sub)
    service.script(CALL)
    service.say("3")
    talk(chat, "1 + 2?", tool_choice="add")
    assert sent(service) == ["required", "-"]
    names = [[tool["function"]["name"] for tool in request.json["tools"]] for request in service.requests]
    assert names == [["add"], ["add", "sub"]]
    service.say("a")
    talk(chat, "Hi", tool_choice="auto")
    assert sent(service)[-1] == "auto"


@pytest.mark.parametrize("profile", ["lmstudio", "llamacpp", "vllm"])
def test_an_answer_by_a_tool_is_demanded_in_the_same_way(profile, make_chat, service):
    def respond(request):
        (tool,) = request.json["tools"]
        return Answer(tool_calls=[ToolCall(tool["function"]["name"], {"value": 3, "wrapper": 3})])

    service.on_request(respond)
    chat = make_chat(profile=profile)
    assert chat.chat_structured("1 + 2?", type=dict[str, int], way="tool") == {"value": 3, "wrapper": 3}
    body = service.requests[0].json
    named = {"type": "function", "function": {"name": body["tools"][0]["function"]["name"]}}
    assert body["tool_choice"] == (named if profile == "vllm" else "required")
