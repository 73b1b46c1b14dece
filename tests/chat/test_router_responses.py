"""The router's Responses server as spec "huggingface" 1.6 has it, one test for each of its facts.

The server is `FakeService`, which speaks like the router's own and is as strict. The rows of the AI SDK's page are in
`test_responses_*.py`.
"""

import pytest

from chatkit import InternalServerError, MediaError, Usage, chat_huggingface, content_pdf_file, params
from chatkit.testing import Answer, ToolCall

STATEFUL = ("previous_response_id", "store", "background", "include", "truncation")
MISSING = ("parallel_tool_calls", "top_logprobs", "max_tool_calls")


@pytest.fixture
def beta(service):
    def make(**options):
        return chat_huggingface(
            base_url=service.base_url, model="org/name:groq", api="responses", echo="none", max_retries=0, **options
        )

    return make


def weather(city: str) -> str:
    """Tell the weather."""
    return f"{city} is sunny"


def test_1_6_stateless_the_whole_conversation_is_sent_each_time(service, beta, talk):
    service.script("One.", "Two.", "Three.")
    chat = beta(system_prompt="Count.")
    for word in ("a", "b", "c"):
        talk(chat, word)
    assert [request.path for request in service.requests] == ["/v1/responses"] * 3
    assert [len(request.items) for request in service.requests] == [2, 4, 6]
    assert not any(name in request.json for request in service.requests for name in STATEFUL)


def test_1_6_fields_that_the_server_does_not_know_are_never_sent(service, beta, talk):
    service.script(Answer(tool_calls=[ToolCall("weather", {"city": "Rome"})]), "Sunny.")
    chat = beta(params=params(max_tokens=50, temperature=0.5, top_p=0.9))
    chat.register_tool(weather)
    assert talk(chat, "the weather?").endswith("Sunny.")
    assert not any(name in request.json for request in service.requests for name in (*STATEFUL, *MISSING))


def test_1_6_no_input_file(service, beta, talk):
    with pytest.raises(MediaError):
        talk(beta(), "How long?", content_pdf_file(b"%PDF-1.4\n%%EOF\n", filename="short.pdf"))
    assert service.requests == []


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_1_6_reasoning_effort(service, beta, talk, effort):
    service.say("Fine.")
    talk(beta(params=params(reasoning_effort=effort)), "hi")
    assert service.requests[0].json["reasoning"] == {"effort": effort}


def test_1_6_no_done_and_no_event_names(service, beta, talk):
    service.script(Answer(["Fi", "ne."], done=True))
    chat = beta()
    assert talk(chat, "hi") == "Fine."
    assert chat.last_turn().interrupted is None


def test_1_6_a_failure_arrives_as_response_failed_under_status_200(service, beta, talk):
    service.script(Answer("Fi", fails="the provider is gone"))
    chat = beta()
    with pytest.raises(Exception, match="the provider is gone") as caught:
        talk(chat, "hi")
    assert caught.value.server_message == "the provider is gone"
    assert caught.value.code == "server_error"
    service.say("Fine.")
    assert talk(chat, "hi") == "Fine."


def test_1_6_a_failure_before_any_word_leaves_the_history_as_it_was(service, beta, talk):
    service.script(Answer(fails="the provider is gone"))
    chat = beta()
    with pytest.raises(InternalServerError, match="the provider is gone"):
        talk(chat, "hi")
    assert chat.turns == []


def test_1_6_reasoning_comes_in_events_of_its_own(service, beta, talk):
    service.script(Answer(["Fi", "ne."], reasoning=["I ", "wonder."]))
    chat = beta()
    assert talk(chat, "hi").endswith("Fine.")
    assert (chat.last_turn().thinking, chat.last_turn().text) == ("I wonder.", "Fine.")


def test_1_6_cached_and_reasoning_counts_of_zero_beside_counts_that_are_known(service, beta, talk):
    service.script(Answer("Fine.", usage_body={"prompt_tokens": 9, "completion_tokens": 2}))
    chat = beta()
    talk(chat, "hi")
    usage = chat.last_turn().usage
    assert (usage.input_tokens, usage.output_tokens) == (9, 2)


def test_1_6_counts_that_are_all_zero_are_counts_that_nobody_knows(service, beta, talk):
    service.say("Fine.")
    chat = beta()
    talk(chat, "hi")
    assert chat.last_turn().usage == Usage()


def test_1_6_several_calls_of_which_only_the_last_is_closed_all_run(service, beta, talk):
    calls = [ToolCall("weather", {"city": city}, fragment=4) for city in ("Rome", "Oslo", "Paris")]
    service.script(Answer("Let me see.", reasoning="Three.", tool_calls=calls), "Done.")
    chat = beta()
    chat.register_tool(weather)
    assert talk(chat, "weather?").endswith("Done.")
    outputs = [item["output"] for item in service.requests[-1].items if item.get("type") == "function_call_output"]
    assert outputs == ["Rome is sunny", "Oslo is sunny", "Paris is sunny"]


def test_1_6_calls_without_ids_get_some(service, beta, talk):
    calls = [ToolCall("weather", {"city": city}, omit=["id"]) for city in ("Rome", "Oslo")]
    service.script(Answer(tool_calls=calls), "Done.")
    chat = beta()
    chat.register_tool(weather)
    assert talk(chat, "weather?").endswith("Done.")
    asked = [item["call_id"] for item in service.requests[-1].items if item.get("type") == "function_call"]
    assert len(set(asked)) == 2


def test_1_6_the_served_provider_stands_on_the_turn_here_too(service, beta, talk):
    headers = {"x-inference-provider": "groq", "inference-id": "resp-7"}
    service.script(Answer("Fine.", headers=headers, model="name-fp8"))
    chat = beta()
    talk(chat, "hi")
    turn = chat.last_turn()
    assert (turn.served_by, turn.inference_id, turn.model) == ("groq", "resp-7", "name-fp8")
    assert turn.requested_model == "org/name:groq"
