"""Routes through the router, end to end: what is sent, what stays, and what the turn tells of it."""

import pytest

from chatkit import Chat, ConfigError, PlainHttpWarning, chat_huggingface
from chatkit import chat as chat_by_name
from chatkit.testing import Answer, ErrorAnswer

ENDPOINT = "https://x1.us-east-1.aws.endpoints.huggingface.cloud"


@pytest.fixture
def make(service):
    def made(**options):
        options.setdefault("base_url", service.base_url)
        options.setdefault("model", "org/name")
        return chat_huggingface(echo="none", **options)

    return made


@pytest.mark.parametrize("route", ["groq", "fastest", "cheapest", "preferred"])
def test_the_wire_has_the_route_and_the_chat_the_model(service, make, talk, route):
    service.say("ok", model="llama3-8b", headers={"x-inference-provider": "groq", "inference-id": "inf-1"})
    chat = make(provider=route)
    talk(chat, "Hi")
    assert service.requests[0].model == f"org/name:{route}"
    assert chat.model == "org/name"
    turn = chat.last_turn()
    assert (turn.requested_model, turn.model) == (f"org/name:{route}", "llama3-8b")
    assert (turn.served_by, turn.inference_id, turn.attempts) == ("groq", "inf-1", ())


def test_auto_sends_the_bare_name(service, make, talk):
    service.say("ok")
    talk(make(provider="auto"), "Hi")
    assert service.requests[0].model == "org/name"


def test_a_route_in_the_model_works_as_given_and_with_the_same_beside_it(service, make):
    for options in ({}, {"provider": "groq"}):
        service.say("ok")
        chat = make(model="org/name:groq", **options)
        chat.chat("Hi")
        assert (service.requests[-1].model, chat.model) == ("org/name:groq", "org/name:groq")


def test_another_model_keeps_the_route_unless_it_has_its_own(service, make):
    chat = make(provider="groq")
    for name, sent in (("b/c", "b/c:groq"), ("b/c:novita", "b/c:novita"), ("d/e", "d/e:groq")):
        chat.model = name
        service.say("ok")
        chat.chat("Hi")
        assert (service.requests[-1].model, chat.model) == (sent, name)


def test_the_responses_format_has_the_route_too(hf, make):
    hf.say("ok")
    make(base_url=hf.base_url, api="responses", provider="groq", bill_to="my-org").chat("Hi")
    assert hf.requests[0].model == "org/name:groq"
    assert hf.requests[0].headers["x-hf-bill-to"] == "my-org"


def test_typed_answers_have_the_route_and_the_payer(service, make, typed):
    service.say('{"n": 3}')
    assert typed(make(provider="groq", bill_to="my-org"), "Hi", type=dict[str, int]) == {"n": 3}
    assert service.requests[0].model == "org/name:groq"
    assert service.requests[0].headers["x-hf-bill-to"] == "my-org"


def test_by_name(service):
    chat = chat_by_name("huggingface/org/name", provider="groq", base_url=service.base_url)
    service.say("ok")
    chat.chat("Hi", echo="none")
    assert service.requests[0].model == "org/name:groq"


def test_where_there_is_no_router_there_is_no_route(make):
    for url in (ENDPOINT, "https://example.org/v1"):
        with pytest.raises(ConfigError, match="is for Hugging Face's router"):
            make(base_url=url, provider="groq")
        with pytest.raises(ConfigError, match="is for Hugging Face's router"):
            make(base_url=url, bill_to="my-org")
        assert make(base_url=url, provider="auto").provider.route == ""


def test_two_routes_are_one_too_many(make):
    with pytest.raises(ConfigError, match="The route is named twice"):
        make(model="org/name:groq", provider="novita")


@pytest.mark.parametrize("bad", ["", " ", 3, "a\nb"])
def test_a_payer_that_is_none_is_refused_before_anything_is_sent(service, make, bad):
    with pytest.raises(ConfigError, match="bill_to"):
        make(bill_to=bad)
    assert service.requests == []


def test_a_clone_and_a_loaded_chat_keep_route_and_payer(service, make, tmp_path):
    chat = make(provider="groq", bill_to="my-org")
    chat.save(tmp_path / "chat.json")
    for other in (chat.clone(), Chat.load(tmp_path / "chat.json", echo="none")):
        service.say("ok")
        other.chat("Hi")
        assert service.requests[-1].model == "org/name:groq"
        assert service.requests[-1].headers["x-hf-bill-to"] == "my-org"


def test_a_route_that_does_not_serve_the_model_is_told_with_those_that_do(service, make):
    service.models = [{"id": "org/name", "providers": [{"provider": "novita", "status": "live"}]}]
    service.script(ErrorAnswer(400, {"error": "Model not supported by provider groq"}))
    with pytest.raises(Exception, match="'org/name' is served by 'novita', not by 'groq'"):
        make(provider="groq").chat("Hi")


def test_a_token_of_another_kind_is_hinted_at(monkeypatch):
    from chatkit._http.messages import Head

    chat = chat_huggingface(model="org/name", credentials=lambda: "gsk_1")
    head = Head(401, {}, "https://router.huggingface.co/v1/chat/completions")
    assert "tokens only, which begin with hf_" in chat.provider.explain(head, '{"error":"Invalid username"}').hint
    elsewhere = Head(401, {}, "https://x1.endpoints.huggingface.cloud/v1/chat/completions")
    assert "hf_" not in chat.provider.explain(elsewhere, '{"error":"Invalid username"}').hint


# --- dedicated endpoints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_endpoint_is_found_under_v1_and_asked_for_its_one_model(end, capsys):
    chat = chat_huggingface(base_url=ENDPOINT + end)
    assert chat.provider.base_url == f"{ENDPOINT}/v1"
    assert chat.model == "tgi"
    assert capsys.readouterr() == ("", "")
    assert chat._talk.retries.wait_for_model == 600


def test_an_endpoint_may_be_asked_for_a_model_by_name_and_fail_at_once():
    chat = chat_huggingface(base_url=ENDPOINT, model="org/name", retry_on_error=False)
    assert chat.model == "org/name"
    assert (chat._talk.retries.wait_for_model, chat._talk.retries.max_retries) == (0, 0)


def test_a_container_that_minds_the_name_tells_which_it_has(service, make):
    # vLLM, asked for what every endpoint is asked for
    service.models = ["org/true-name"]
    message = "The model `tgi` does not exist."
    service.script(ErrorAnswer(404, {"error": {"message": message, "type": "NotFoundError", "code": 404}}))
    with pytest.raises(Exception, match="It has 'org/true-name'"):
        make(model="tgi").chat("Hi")


def test_a_key_goes_to_an_endpoint_but_not_in_plain_text_unnoticed(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    assert chat_huggingface(base_url=ENDPOINT).provider.credentials() == {"Authorization": "Bearer hf_canary"}
    with pytest.warns(PlainHttpWarning):
        chat_huggingface(base_url=ENDPOINT.replace("https", "http"))


def test_no_header_asks_a_server_to_wait(service, make):
    service.say("ok")
    make(wait_for_model=5).chat("Hi")
    assert not [name for name in service.requests[0].headers if "wait" in name or "scale" in name]


def test_known_servers_are_asked_under_v1_at_once_and_others_after_a_404(service, make):
    service.script("ok", "ok")
    make(base_url=service.origin, profile="tgi").chat("Hi")
    assert [request.path for request in service.requests] == ["/v1/chat/completions"]
    make(base_url=service.origin).chat("Hi")
    assert [request.path for request in service.requests[1:]] == ["/chat/completions", "/v1/chat/completions"]


def test_an_answer_of_an_endpoint_tells_the_true_model(service, make):
    service.script(Answer("ok", model="/repository"))
    chat = make(model="tgi")
    chat.chat("Hi")
    assert (chat.last_turn().requested_model, chat.last_turn().model) == ("tgi", "/repository")
