"""Falling back to other services: whose key goes where, what goes along, and how fallbacks may be given and kept."""

import io

import pytest

from chatkit import (
    APIError,
    Chat,
    ConfigError,
    MediaError,
    MissingKeyError,
    chat_huggingface,
    chat_openai_compatible,
    content_image_url,
    params,
)
from chatkit._turns.contents import ContentAudio
from chatkit.testing import Answer, ErrorAnswer, FakeService, ToolCall

PNG = "data:image/png;base64,iVBORw0KGgo="
BUSY = ErrorAnswer(503, {"error": "Busy"})


@pytest.fixture
def second():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def other(second):
    def make(**options):
        options.setdefault("model", "m2")
        return chat_openai_compatible(second.base_url, echo="none", **options)

    return make


@pytest.fixture
def first(service):
    def make(**options):
        options.setdefault("model", "org/m1")
        return chat_huggingface(base_url=service.base_url, echo="none", **options)

    return make


# --- keys ------------------------------------------------------------------------------------------------------------


def test_no_key_no_header_and_no_payer_goes_to_another_service(service, second, first, other, talk):
    service.on_request(lambda request: BUSY)
    second.script("one", "two")
    fallback = other(credentials=lambda: "canary-two", api_headers={"x-two": "canary-header-two"})
    chat = first(
        credentials=lambda: "canary-one",
        api_headers={"x-one": "canary-header-one"},
        bill_to="canary-payer",
        api_args={"user": "canary-user"},
        fallback=[fallback],
    )
    assert talk(chat, "Hi") == "one"
    assert talk(chat, "again") == "two"
    for one, own, foreign in ((service, "one", "two"), (second, "two", "one")):
        for request in one.requests:
            assert request.headers["authorization"] == f"Bearer canary-{own}"
            sent = f"{request.target} {request.headers} {request.body!r}"
            assert f"canary-{foreign}" not in sent
            assert f"canary-header-{foreign}" not in sent
    assert not any(word in str(request.headers) for word in ("canary-payer", "x-one") for request in second.requests)
    assert all("user" not in request.json for request in second.requests)


def test_a_service_without_a_key_gets_none(service, second, first, other, talk):
    service.script(BUSY)
    second.say("ok")
    talk(first(credentials=lambda: "canary-one", fallback=[other()]), "Hi")
    assert "authorization" not in second.requests[0].headers


def test_no_key_is_in_what_is_told_of_failures(service, second, first, other):
    service.script(ErrorAnswer(503, {"error": "No capacity for Bearer canary-one"}))
    second.script(ErrorAnswer(503, {"error": "No capacity for canary-two"}))
    chat = first(credentials=lambda: "canary-one", fallback=[other(credentials=lambda: "canary-two")], max_retries=0)
    with pytest.raises(APIError) as caught:
        chat.chat("Hi")
    assert "Tried before" in str(caught.value)
    assert "canary" not in f"{caught.value} {caught.value.__dict__}"


def test_a_fallback_without_the_key_it_needs_says_so_and_why_it_was_asked(service, first, talk, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    service.script(BUSY)
    fallback = chat_openai_compatible("https://api.openai.com/v1", model="gpt-x", echo="none")
    with pytest.raises(MissingKeyError, match=r"OPENAI_API_KEY is unset.*Tried before: org/m1 at 127.*: 503 Busy"):
        talk(first(fallback=[fallback]), "Hi")


# --- what goes along -------------------------------------------------------------------------------------------------


def test_system_prompt_images_and_params_of_its_own(service, second, first, other, talk):
    service.script(BUSY)
    second.say("A dot.")
    chat = first(system_prompt="Be terse.", params=params(seed=1), fallback=[other(params=params(seed=2))])
    assert talk(chat, "What is it?", content_image_url(PNG)) == "A dot."
    assert second.requests[0].messages == service.requests[0].messages
    assert (service.requests[0].json["seed"], second.requests[0].json["seed"]) == (1, 2)


def test_a_tool_loop_goes_on_wherever_it_can(service, second, first, other, talk):
    called = []
    chat = first(fallback=[other()])

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        called.append((a, b))
        return a + b

    chat.register_tool(add)
    service.script(BUSY, "It is 3.")
    second.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    assert talk(chat, "1 + 2?") == "It is 3."
    assert called == [(1, 2)]
    assert second.requests[0].json["tools"] == service.requests[0].json["tools"]
    assert [message["role"] for message in service.requests[1].messages] == ["user", "assistant", "tool"]
    assert [len(turn.attempts) for turn in chat.turns if turn.role == "assistant"] == [1, 0]


def test_another_wire_format(service, hf, make_hf, first, talk):
    service.script("Hello.", BUSY)
    hf.say("Good, thanks.")
    chat = first(system_prompt="Be terse.", fallback=[make_hf()])
    talk(chat, "Hi")
    assert talk(chat, "How are you?") == "Good, thanks."
    request = hf.requests[0]
    assert request.path == "/v1/responses"
    assert [item["role"] for item in request.items if item["role"] != "system"] == ["user", "assistant", "user"]
    assert chat.last_turn().attempts[0].model == "org/m1"


def test_typed_answers(service, second, first, other, typed):
    service.script(BUSY, '{"n": 4}')
    second.say('{"n": 3}')
    chat = first(fallback=[other()])
    assert typed(chat, "How many?", type=dict[str, int]) == {"n": 3}
    assert second.requests[0].json["response_format"] == service.requests[0].json["response_format"]
    assert typed(chat, "And now?", type=dict[str, int]) == {"n": 4}


def test_what_a_fallback_cannot_do_is_not_held_against_the_first(service, second, first, other):
    service.script(BUSY, BUSY, '{"n": 4}')
    second.script(ErrorAnswer(400, {"error": "response_format json_schema is not supported"}), '{"n": 3}')
    chat = first(fallback=[other()])
    assert chat.chat_structured("How many?", type=dict[str, int]) == {"n": 3}
    assert chat.chat_structured("And now?", type=dict[str, int]) == {"n": 4}
    assert service.requests[-1].json["response_format"]["type"] == "json_schema"


def test_what_a_fallback_cannot_say_is_told_and_why_it_was_asked(service, make_hf, first):
    service.script(BUSY)
    with pytest.raises(MediaError, match="Tried before: org/m1"):
        first(fallback=[make_hf()]).chat("What is it?", ContentAudio("UklGRg==", "wav"))


def test_a_quirk_is_conceded_to_the_one_who_has_it(service, second, first, other):
    service.script(BUSY, BUSY)
    second.script(ErrorAnswer(400, {"error": "stream_options is not known"}), "one", "two")
    chat = first(fallback=[other()])
    list(chat.stream("Hi"))
    list(chat.stream("Hi"))
    assert ["stream_options" in request.json for request in second.requests] == [True, False, False]
    assert ["stream_options" in request.json for request in service.requests] == [True, True]
    assert chat.provider.base_url == service.base_url


def test_echo_tells_each_switch_in_a_line(service, second, first, other):
    service.script(BUSY)
    second.say("Hello.")
    chat = first(fallback=[other(name="Second")])
    written = io.StringIO()
    from contextlib import redirect_stderr, redirect_stdout

    with redirect_stdout(io.StringIO()) as out, redirect_stderr(written):
        chat.chat("Hi", echo="output")
    assert out.getvalue() == "Hello.\n"
    assert written.getvalue().count("\n") == 1
    assert written.getvalue().endswith("; now m2 at Second\n")


# --- how fallbacks are given -----------------------------------------------------------------------------------------


def asked(service, chat):
    service.requests.clear()
    service.on_request(lambda request: BUSY)
    with pytest.raises(APIError):
        chat.chat("Hi")
    return [request.model for request in service.requests]


def test_models_and_routes_of_the_router(service, first):
    chat = first(fallback=["org/m2", ":groq", "org/m3:novita"], max_retries=0, bill_to="my-org")
    assert asked(service, chat) == ["org/m1", "org/m2", "org/m1:groq", "org/m3:novita"]
    assert {request.headers["x-hf-bill-to"] for request in service.requests} == {"my-org"}


def test_a_route_stays_where_none_is_named_and_auto_leaves_it_out(service, first):
    chat = first(provider="groq", fallback=["org/m2", ":auto", "org/m3:auto", ":novita"], max_retries=0)
    assert asked(service, chat) == ["org/m1:groq", "org/m2:groq", "org/m1", "org/m3", "org/m1:novita"]
    assert asked(service, first(model="org/m1:groq", fallback=[":novita"], max_retries=0)) == [
        "org/m1:groq",
        "org/m1:novita",
    ]


def test_elsewhere_what_follows_the_colon_is_a_part_of_the_name(second, other):
    chat = other(model="llama3:8b", fallback=[":70b", "qwen", "qwen:auto"], max_retries=0)
    assert asked(second, chat) == ["llama3:8b", "llama3:70b", "qwen", "qwen:auto"]


def test_a_chat_and_a_provider_are_the_same(service, second, first, other, talk):
    for fallback in (other(), other().provider):
        service.script(BUSY)
        second.say("ok")
        assert talk(first(fallback=(fallback,)), "Hi") == "ok"


ODD = ["org/m2", None, 3, [""], [" "], [3], [None], [":"], ["org/m2:"], [":a b"], [":a:b"], [Chat], [object()]]


@pytest.mark.parametrize("fallback", ODD, ids=str)
def test_what_is_no_fallback_is_refused_at_once(first, fallback):
    with pytest.raises(ConfigError, match="fallback"):
        first(fallback=fallback)


def test_a_session_is_no_provider(first):
    requests = pytest.importorskip("requests")
    with pytest.raises(ConfigError, match="A fallback is a model's name, a chat or a provider"):
        first(fallback=[requests.Session()])


def test_where_there_is_no_router_a_route_is_no_fallback():
    with pytest.raises(ConfigError, match="is for Hugging Face's router"):
        chat_huggingface(base_url="https://example.org/v1", model="m", fallback=[":groq"])
    with pytest.raises(ConfigError, match="A dedicated endpoint serves one model"):
        chat_huggingface(base_url="https://x1.endpoints.huggingface.cloud", fallback=["org/m2"])


def test_another_model_and_other_params_take_fallbacks_of_the_same_kind_along(service, second, first, other):
    chat = first(fallback=["org/m2", ":groq", other()], max_retries=0)
    chat.model = "org/new"
    chat.params = params(seed=7)
    second.on_request(lambda request: BUSY)
    assert asked(service, chat) == ["org/new", "org/m2", "org/new:groq"]
    assert [request.json["seed"] for request in service.requests] == [7, 7, 7]
    assert (second.requests[0].model, "seed" in second.requests[0].json) == ("m2", False)
