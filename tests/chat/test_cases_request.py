"""Cases 28 to 45: how requests are built from whatever the history holds."""

import warnings

import pytest

from chatkit import (
    PROFILES,
    AssistantTurn,
    BadRequestError,
    ConfigError,
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
    HistoryError,
    UnsupportedParameterWarning,
    UserTurn,
    params,
    tool,
)
from chatkit.testing import Answer, ErrorAnswer, EventsAnswer, ToolCall, check_history


def test_case_28_empty_text_is_dropped_from_assistant_turns(service, chat, talk, go_on):
    chat.set_turns(
        [UserTurn("a"), AssistantTurn([ContentText(""), ContentText("b")]), UserTurn("c"), AssistantTurn([""])]
    )
    messages = go_on(chat, talk)
    assert messages == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c\n\ngo on"},
    ]
    assert len(chat) == 6  # what was said is not rewritten


def test_case_29_empty_content_beside_tool_calls_is_neither_stored_nor_sent(service, chat, talk, chunk, go_on, add):
    call = {"index": 0, "id": "k", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":2}'}}
    service.script(EventsAnswer([chunk("", tool_calls=[call]), chunk("", finish="tool_calls")]), "3.")
    talk(chat, "1 + 2?")
    assert chat.turns[1].contents == (ContentToolRequest("k", "add", {"a": 1, "b": 2}),)
    sent = go_on(chat, talk)[1]
    assert not sent.get("content")
    assert len(sent["tool_calls"]) == 1


def test_case_30_every_content_is_a_plain_string_where_it_is_text_only(service, chat, talk, go_on, add):
    service.script(Answer("So:", tool_calls=[ToolCall("add", {"a": 1, "b": 2})]), "3.")
    chat.system_prompt = "Be terse."
    talk(chat, "1 + 2?")
    messages = go_on(chat, talk)
    assert [type(message["content"]) for message in messages] == [str] * len(messages)
    tools_only = chat.clone()
    tools_only.set_turns([UserTurn("x"), AssistantTurn([ContentToolRequest("k", "add", {"a": 1, "b": 2})])])
    service.say("ok")
    talk(tools_only, "y")
    assert "content" not in service.requests[-1].messages[2]


@pytest.mark.parametrize("arguments", ["", "{}", "null", "[]"])
def test_case_31_a_call_without_arguments_goes_back_as_an_empty_object(service, chat, talk, go_on, arguments):
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    service.script(Answer(tool_calls=[ToolCall("now", arguments)]), "Noon.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a list is no object, so that call fails
        talk(chat, "Time?")
    sent = go_on(chat, talk)[1]["tool_calls"][0]["function"]["arguments"]
    assert sent == "{}" if arguments in ("", "{}") else sent.startswith("{")


def test_case_32_scalars_in_arguments_stay_scalars(service, chat, talk, go_on):
    given = {"a": 1, "b": 1.5, "c": True, "d": None, "e": "x", "f": [1], "g": {"h": 0}}
    seen = []
    chat.register_tool(_any_arguments(seen))
    service.script(Answer(tool_calls=[ToolCall("take", given)]), "Done.")
    talk(chat, "Go")
    import json

    assert json.loads(go_on(chat, talk)[1]["tool_calls"][0]["function"]["arguments"]) == given
    assert seen == [given]


def _any_arguments(seen):
    def take(a: int, b: float, c: bool, d: str | None, e: str, f: list[int], g: dict[str, int]) -> str:
        """Take anything."""
        seen.append({"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g})
        return "taken"

    return tool(take)


REQUESTS = [ContentToolRequest("k1", "add", {"a": 1, "b": 2}), ContentToolRequest("k2", "add", {"a": 3, "b": 4})]


@pytest.mark.parametrize(
    "given",
    [
        [],
        [ContentToolResult(7, request=REQUESTS[1])],
        [ContentToolResult(7, request=REQUESTS[1]), ContentToolResult(3, request=REQUESTS[0])],
        [ContentToolResult(3, request=REQUESTS[0]), ContentToolResult(4, request=REQUESTS[0])],
        [ContentText("first"), ContentToolResult(3, request=REQUESTS[0])],
        [ContentToolResult(9, request=ContentToolRequest("stranger", "add", {}))],
        [ContentToolResult(9)],
    ],
    ids=["none", "one", "wrong order", "twice", "after text", "stranger's", "nobody's"],
)
def test_case_33_every_call_is_answered_once_directly_after_it_and_before_text(service, chat, talk, go_on, given):
    chat.set_turns([UserTurn("x"), AssistantTurn(["so", *REQUESTS])])
    if given:
        chat.set_turns([*chat.turns, UserTurn(given), AssistantTurn("done")])
    messages = go_on(chat, talk)
    assert [m.get("tool_call_id") for m in messages[2:4]] == ["k1", "k2"]
    assert messages[4]["role"] == ("user" if not given or ContentText("first") in given else "assistant")


def test_case_33_images_of_results_follow_all_tool_messages(service, chat, talk, go_on):
    image = ContentImageInline("image/png", "aGk=")
    chat.register_tool(tool(lambda: image, name="draw", description="Draw."))
    service.script(Answer(tool_calls=[ToolCall("draw"), ToolCall("draw")]), "Nice.")
    talk(chat, "Draw twice")
    messages = go_on(chat, talk)
    assert [message["role"] for message in messages[:6]] == ["user", "assistant", "tool", "tool", "user", "assistant"]
    assert [part["type"] for part in messages[4]["content"]] == ["text", "image_url", "text"] * 2


def test_case_34_a_single_text_is_a_plain_string_and_several_are_joined(service, chat, talk):
    service.script("ok", "ok")
    talk(chat, "one")
    talk(chat, "two", None, ContentText("three"))
    assert service.requests[0].messages == [{"role": "user", "content": "one"}]
    assert service.requests[1].messages[-1] == {"role": "user", "content": "two\n\nthree"}


def test_case_34_a_profile_may_want_parts(service, make_chat, talk):
    from dataclasses import replace

    chat = make_chat(profile=replace(PROFILES["generic"], parts=True))
    service.script("ok", "ok")
    talk(chat, "one")
    talk(chat, "two")
    assert [message["content"] for message in service.requests[1].messages] == [
        [{"type": "text", "text": text}] for text in ("one", "ok", "two")
    ]


def test_case_35_after_a_call_without_an_answer_there_are_no_two_user_messages_in_a_row(service, chat, talk, go_on):
    chat.set_turns([UserTurn("a"), UserTurn("b"), AssistantTurn("c"), AssistantTurn("d"), UserTurn("e")])
    assert [(m["role"], m["content"]) for m in go_on(chat, talk)] == [
        ("user", "a\n\nb"),
        ("assistant", "cd"),
        ("user", "e\n\ngo on"),
    ]


def test_case_36_system_prompts_are_joined_by_a_blank_line_or_left_out(service, chat, talk):
    service.script("ok", "ok", "ok")
    chat.set_system_prompt(["Be terse.", "Be kind."])
    talk(chat, "a")
    assert service.requests[0].messages[0] == {"role": "system", "content": "Be terse.\n\nBe kind."}
    for nothing in (None, ""):
        chat.set_system_prompt(nothing)
        talk(chat, "b")
        assert service.requests[-1].messages[0]["role"] == "user"


def test_case_37_api_args_are_merged_deeply_and_none_deletes(service, make_chat, talk):
    extra = {"a": {"b": 1}}
    chat = make_chat(
        params=params(temperature=0.5, seed=1, nested={"x": 1, "y": 2}, odd=extra),
        api_args={"nested": {"y": 3, "z": {"deep": True}}, "seed": None, "temperature": 0.7},
    )
    service.say("ok")
    talk(chat, "Hi")
    body = service.requests[0].json
    assert body["nested"] == {"x": 1, "y": 3, "z": {"deep": True}}
    assert body["odd"] == extra
    assert "seed" not in body
    assert body["temperature"] == 0.7


def test_case_37_api_args_may_change_what_chatkit_itself_says(service, make_chat, talk):
    chat = make_chat(api_args={"messages": [{"role": "user", "content": "other"}], "model": "another"})
    service.say("ok")
    talk(chat, "Hi")
    assert service.requests[0].messages == [{"role": "user", "content": "other"}]
    assert service.requests[0].model == "another"


@pytest.mark.parametrize("value", [False, None])
def test_case_37_api_args_may_turn_streaming_off(service, make_chat, stream_talk, value):
    chat = make_chat(api_args={"stream": value})
    service.say("ok ", "then")
    assert stream_talk(chat, "Hi") == "ok then"
    assert not service.requests[0].stream
    assert "stream_options" not in service.requests[0].json


def test_case_37_an_unsupported_parameter_is_warned_of_once_by_name(service, make_chat, talk):
    chat = make_chat(params=params(top_k=3, temperature=0.5), profile="openai")
    service.script("ok", "ok")
    with pytest.warns(UnsupportedParameterWarning, match="`top_k` was left out") as caught:
        talk(chat, "Hi")
        talk(chat, "Hi")
    assert len(caught) == 1
    assert "top_k" not in service.requests[1].json
    assert service.requests[1].json["temperature"] == 0.5


@pytest.mark.parametrize(
    ("profile", "field"),
    [("generic", "max_tokens"), ("openai", "max_completion_tokens"), ("ollama", "max_tokens")],
)
def test_case_38_the_name_of_max_tokens_goes_by_the_profile(service, make_chat, talk, profile, field):
    chat = make_chat(params=params(max_tokens=7), profile=profile)
    service.say("ok")
    talk(chat, "Hi")
    assert service.requests[0].json[field] == 7


def test_case_38_top_k_is_top_k(service, make_chat, talk):
    chat = make_chat(params=params(top_k=5, log_probs=True, stop_sequences=["x", "y"]))
    service.say("ok")
    talk(chat, "Hi")
    body = service.requests[0].json
    assert (body["top_k"], body["logprobs"], body["stop"]) == (5, True, ["x", "y"])
    assert "top_logprobs" not in body


@pytest.mark.parametrize(
    ("refused", "accepted"),
    [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")],
)
def test_case_38_the_other_name_of_max_tokens_is_tried_when_one_is_refused(service, make_chat, talk, refused, accepted):
    chat = make_chat(params=params(max_tokens=7), profile="openai" if "completion" in refused else "generic")
    instead = f" Use '{accepted}' instead." if refused == "max_tokens" else ""
    words = f"Unsupported parameter: '{refused}' is not supported with this model.{instead}"
    service.script(ErrorAnswer(400, {"error": {"message": words, "param": refused}}), "ok", "ok")
    talk(chat, "Hi")
    talk(chat, "Hi")
    assert [accepted in request.json for request in service.requests] == [False, True, True]


def test_case_39_reasoning_effort_passes_through(service, make_chat, talk):
    service.script("ok", "ok")
    talk(make_chat(params=params(reasoning_effort="low")), "Hi")
    talk(make_chat(params=params(reasoning_effort="low", reasoning_tokens=9), profile="openrouter"), "Hi")
    assert service.requests[0].json["reasoning_effort"] == "low"
    assert service.requests[1].json["reasoning"] == {"effort": "low", "max_tokens": 9}


def test_case_40_a_nullable_enum_has_null_in_its_enum_in_a_strict_schema(service, make_chat, talk):
    from typing import Literal

    def paint(colour: Literal["red", "blue"] | None = None, extra: dict[str, int] | None = None) -> str:
        """Paint."""
        return str(colour)

    chat = make_chat(profile="openai")
    chat.register_tool(paint)
    service.say("ok")
    talk(chat, "Hi")
    function = service.requests[0].json["tools"][0]["function"]
    schema = function["parameters"]
    colour = schema["properties"]["colour"]
    allowed = [value for part in [colour, *colour.get("anyOf", [])] for value in part.get("enum", [])]
    kinds = [part.get("type") for part in [colour, *colour.get("anyOf", [])]]
    assert None in allowed or "null" in kinds
    assert {"red", "blue"} <= set(allowed)


def test_case_41_strict_is_left_out_by_profile(service, make_chat, talk):
    for profile, expected in (("generic", None), ("openai", True)):
        chat = make_chat(profile=profile)
        chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
        service.say("ok")
        talk(chat, "Hi")
        assert service.requests[-1].json["tools"][0]["function"].get("strict") is expected


def test_case_41_strict_is_given_up_when_it_is_refused(service, make_chat, talk):
    chat = make_chat(profile="openai")
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    refusal = {"error": {"message": "Unrecognized request argument supplied: tools.0.function.strict"}}
    service.script(ErrorAnswer(400, refusal), "ok", "ok")
    talk(chat, "Hi")
    talk(chat, "Hi")
    given = [request.json["tools"][0]["function"].get("strict") for request in service.requests]
    assert given == [True, None, None]


def test_case_41_stream_options_are_given_up_when_they_are_refused_and_not_sent_again(service, chat, stream_talk):
    refusal = {"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted"}]}
    service.script(ErrorAnswer(422, refusal), "ok", "ok")
    assert stream_talk(chat, "Hi") == "ok"
    stream_talk(chat, "Hi")
    assert ["stream_options" in request.json for request in service.requests] == [True, False, False]
    assert len(chat) == 4


def test_case_41_a_refusal_of_what_was_not_sent_is_an_error(service, chat, whole_talk):
    service.script(*[ErrorAnswer(400, {"error": {"message": "max_completion_tokens is wrong, so is strict"}})] * 2)
    with pytest.raises(BadRequestError, match="max_completion_tokens is wrong"):
        whole_talk(chat, "Hi")
    assert len(service.requests) == 1


def test_case_42_an_images_detail_is_sent(service, chat, talk, go_on):
    service.say("A cat.")
    talk(chat, "What?", ContentImageRemote("https://x.test/cat.png", detail="low"))
    part = go_on(chat, talk)[0]["content"][1]
    assert part == {"type": "image_url", "image_url": {"url": "https://x.test/cat.png", "detail": "low"}}
    service.say("A dot.")
    talk(chat, ContentImageInline("image/png", "aGk=", detail="high"))
    part = service.requests[-1].messages[-1]["content"][0]
    assert part == {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "high"}}


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", [1], {"a": 1}, b"x", 10**6 * "y", {1, 2}, object()])
def test_case_43_whatever_a_tool_returns_the_next_request_is_lawful(service, chat, talk, go_on, value):
    chat.register_tool(tool(lambda: value, name="give", description="Give something."))
    service.script(Answer(tool_calls=[ToolCall("give")]), "ok")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of them fail, which is said
        assert talk(chat, "Go") == "ok"
    messages = go_on(chat, talk)
    assert isinstance(messages[2]["content"], str)


@pytest.mark.parametrize("ending", ["/v1", "/v1/"])
def test_case_44_a_slash_at_the_end_of_the_base_url_makes_no_difference(service, make_chat, talk, ending):
    service.say("ok")
    assert talk(make_chat(base_url=service.origin + ending), "Hi") == "ok"
    assert [request.path for request in service.requests] == ["/v1/chat/completions"]


@pytest.mark.parametrize("ending", ["", "/"])
def test_case_44_without_v1_it_is_tried_with_it_and_remembered(service, make_chat, talk, ending):
    chat = make_chat(base_url=service.origin + ending)
    service.script("ok", "ok")
    assert talk(chat, "Hi") == "ok"
    assert talk(chat, "Hi") == "ok"
    assert [request.path for request in service.requests] == [
        "/chat/completions",
        "/v1/chat/completions",
        "/v1/chat/completions",
    ]
    assert chat.provider.base_url == service.base_url


TEXTS = ["Grüße", "\U0001f600\U0001f468\u200d\U0001f469", "a\u2028b\u2029c\u0085d", "\x00\x1b[31m", "عربى", "e\u0301"]


@pytest.mark.parametrize("text", TEXTS)
def test_case_45_text_of_every_kind_arrives_and_comes_back_unchanged(service, chat, talk, go_on, text):
    service.say(*text)
    assert talk(chat, text) == text
    assert [message["content"] for message in go_on(chat, talk)[:2]] == [text, text]


def test_case_45_lone_surrogates_are_replaced_not_refused(service, chat, talk, go_on, chunk):
    service.script(EventsAnswer([chunk("a\ud83d"), chunk("b"), chunk("\ude00"), chunk(finish="stop")]))
    assert talk(chat, "say \ud83d") == "a\ufffdb\ufffd"
    assert [message["content"] for message in go_on(chat, talk)[:2]] == ["say \ufffd", "a\ufffdb\ufffd"]


def test_a_turn_of_thinking_and_images_in_the_wrong_place_is_refused_before_anything_is_sent(service, chat, talk):
    image = ContentImageRemote("https://x.test/cat.png")
    for turns, words in (
        ([UserTurn("a"), AssistantTurn([ContentText("x"), image])], "assistant turn cannot hold ContentImageRemote"),
        ([UserTurn([ContentThinking("hm")])], "user turn cannot hold ContentThinking"),
    ):
        with pytest.raises(HistoryError, match=words):
            chat.set_turns(turns)
    with pytest.raises(ConfigError, match="user turn cannot hold ContentThinking"):
        talk(chat, ContentThinking("hm"))
    assert chat.turns == []
    assert service.requests == []


def test_a_tool_without_arguments_may_go_without_parameters(service, make_chat, talk):
    chat = make_chat(profile="databricks")
    chat.register_tool(tool(lambda: "noon", name="now", description="The time."))
    service.say("ok")
    talk(chat, "Hi")
    assert "parameters" not in service.requests[0].json["tools"][0]["function"]
    assert check_history(service.requests[0].messages) == []
