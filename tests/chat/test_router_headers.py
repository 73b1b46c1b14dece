"""What goes to the Hugging Face router and comes from it besides words: addresses, headers and ids.

After spec "huggingface" 1.1 and 1.2. The router is a strict scripted service on this machine.
"""

import pytest

from chatkit import chat_huggingface
from chatkit.testing import Answer, EventStyle


@pytest.fixture
def router_chat(service):
    def make(**options):
        options.setdefault("model", "meta-llama/Llama-3.1-8B-Instruct")
        options.setdefault("credentials", lambda: "hf_test")
        return chat_huggingface(base_url=service.base_url, echo="none", **options)

    return make


def test_1_1_the_token_is_a_bearer_token_and_the_path_is_that_of_chat_completions(service, router_chat, talk):
    service.say("Fine.")
    assert talk(router_chat(), "hi") == "Fine."
    (request,) = service.requests
    assert request.headers["authorization"] == "Bearer hf_test"
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["content-type"] == "application/json"


def test_1_1_x_hf_bill_to(service, router_chat, talk):
    service.say("Fine.")
    talk(router_chat(bill_to="my-org"), "hi")
    assert service.requests[0].headers["x-hf-bill-to"] == "my-org"


def test_1_1_nobody_is_billed_by_name_unless_asked(service, router_chat, talk):
    service.say("Fine.")
    talk(router_chat(), "hi")
    assert "x-hf-bill-to" not in service.requests[0].headers


def test_1_1_the_model_is_the_first_key_of_the_body(service, router_chat, talk):
    service.script("Fine.", "Fine.")
    chat = router_chat(api_args={"a": 1, "seed": 3}, system_prompt="Be brief.")
    talk(chat, "hi")
    talk(chat, "and now?")
    for request in service.requests:
        assert request.body.startswith(b'{"model":')


@pytest.mark.parametrize("route", ["fastest", "cheapest", "preferred", "groq"])
def test_1_1_the_suffix_is_a_part_of_the_model_and_is_kept_as_asked(service, router_chat, talk, route):
    service.say("Fine.", model="llama3.1-8b", headers={"x-inference-provider": "cerebras"})
    chat = router_chat(model=f"meta-llama/Llama-3.1-8B-Instruct:{route}")
    talk(chat, "hi")
    assert service.requests[0].model == f"meta-llama/Llama-3.1-8B-Instruct:{route}"
    turn = chat.last_turn()
    assert turn.requested_model == f"meta-llama/Llama-3.1-8B-Instruct:{route}"
    assert (turn.model, turn.served_by) == ("llama3.1-8b", "cerebras")


def test_1_1_no_empty_list_of_tools_is_sent(service, router_chat, talk):
    service.say("Fine.")
    talk(router_chat(), "hi")
    assert "tools" not in service.requests[0].json


def test_1_2_served_by_and_inference_id_stand_on_the_turn(service, router_chat, talk):
    headers = {"x-inference-provider": "cerebras", "inference-id": "chatcmpl-74e8", "x-powered-by": "huggingface-moon"}
    service.say("Fine.", headers=headers)
    chat = router_chat()
    talk(chat, "hi")
    turn = chat.last_turn()
    assert (turn.served_by, turn.inference_id, turn.request_id) == ("cerebras", "chatcmpl-74e8", "req-1")


def test_1_2_a_server_that_is_no_router_tells_neither(service, router_chat, talk):
    service.say("Fine.")
    chat = router_chat()
    talk(chat, "hi")
    assert (chat.last_turn().served_by, chat.last_turn().inference_id) == (None, None)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"x-request-id": "a", "inference-id": "b", "x-amzn-trace-id": "c"}, "a"),
        ({"x-request-id": "", "inference-id": "b", "x-amzn-trace-id": "c"}, "b"),
        ({"x-request-id": "", "x-amzn-trace-id": "Root=1-67"}, "Root=1-67"),
    ],
)
def test_1_2_the_request_id_of_whoever_gives_one(service, router_chat, talk, headers, told):
    service.say("Fine.", headers=headers)
    chat = router_chat()
    talk(chat, "hi")
    assert chat.last_turn().request_id == told


@pytest.mark.parametrize("wait", ["2", "30", "3600", "soon", ""])
def test_1_2_retry_after_on_a_200_is_ignored(service, router_chat, talk, wait):
    service.say("Fine.", headers={"retry-after": wait})
    service.say("Fine.")
    chat = router_chat()
    assert [talk(chat, "hi"), talk(chat, "and now?")] == ["Fine.", "Fine."]  # heeded, the hour would never end here
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining-requests-minute": "0", "x-ratelimit-remaining-tokens-day": "9223372036854767616"},
        {"ratelimit-limit": "1", "ratelimit-remaining": "0", "ratelimit-reset": "60"},
        {"ratelimit": '"api";r=0;t=295', "ratelimit-policy": '"fixed window";"api";q=1000;w=300'},
    ],
    ids=["cerebras", "ovhcloud", "hub"],
)
def test_1_2_rate_headers_on_a_200_change_nothing(service, router_chat, talk, headers):
    service.say("Fine.", headers=headers)
    service.say("Fine.")
    chat = router_chat()
    talk(chat, "hi")
    assert talk(chat, "and now?") == "Fine."


@pytest.mark.parametrize("comment", ["", "keep-alive", "data: {}", "\N{SNOWMAN}"])
def test_1_3_keep_alive_comments(service, router_chat, talk, comment):
    service.script(Answer(["Fi", "ne."], style=EventStyle(comment=comment)))
    assert talk(router_chat(), "hi") == "Fine."
