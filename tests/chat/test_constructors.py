"""How chats are made: every argument, what is left out, and where keys go and where they never go."""

import asyncio
import subprocess
import sys

import pytest
import requests

from chatkit import (
    PROFILES,
    Chat,
    ConfigError,
    MissingKeyError,
    Params,
    PlainHttpWarning,
    TimeLimits,
    chat_huggingface,
    chat_openai_compatible,
    params,
)
from chatkit import chat as chat_by_name
from chatkit.testing import ErrorAnswer

HF_VARIABLES = (
    "HF_TOKEN",
    "HUGGINGFACE_API_KEY",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "HUGGING_FACE_ACCESS_TOKEN",
)


def hf_chat(**options):
    return chat_huggingface(model="org/name", echo="none", **options)


MAKERS = {
    "openai_compatible": lambda **options: chat_openai_compatible(model="org/name", echo="none", **options),
    "huggingface": hf_chat,
}


@pytest.fixture(params=MAKERS)
def make(request, service):
    def made(**options) -> Chat:
        options.setdefault("base_url", service.base_url)
        return MAKERS[request.param](**options)

    return made


def test_the_defaults(service, make):
    chat = make()
    assert (chat.model, chat.system_prompt, chat.params, chat.tools, chat.turns) == ("org/name", None, Params(), {}, [])
    assert chat.provider.base_url == service.base_url
    service.say("ok")
    chat.chat("Hi")
    request = service.requests[0]
    assert set(request.json) == {"model", "messages", "stream"}
    assert request.headers["user-agent"].startswith("chatkit/")
    assert request.headers["content-type"] == "application/json"
    assert request.body.startswith(b'{"model":"org/name"')


def test_a_stream_asks_for_usage_and_for_no_compression(service, make):
    service.say("ok")
    list(make().stream("Hi"))
    request = service.requests[0]
    assert request.json["stream_options"] == {"include_usage": True}
    assert request.headers["accept-encoding"] == "identity"
    assert "text/event-stream" in request.headers["accept"]


def test_every_argument_counts(service, make, capsys):
    session = requests.Session()
    session.headers["x-mine"] = "yes"
    chat = make(
        system_prompt=["Be terse.", "Be kind."],
        params=params(temperature=0.5),
        api_args={"top_p": 0.9},
        api_headers={"x-extra": "1"},
        credentials=lambda: "key-1",
        profile="openai",
        timeout=TimeLimits(idle=3),
        max_retries=0,
        max_tool_rounds=0,
        session=session,
    )
    service.script("ok", ErrorAnswer(503))
    chat.chat("Hi")
    request = service.requests[0]
    assert request.messages[0] == {"role": "system", "content": "Be terse.\n\nBe kind."}
    assert (request.json["temperature"], request.json["top_p"]) == (0.5, 0.9)
    assert (request.headers["x-extra"], request.headers["x-mine"]) == ("1", "yes")
    assert request.headers["authorization"] == "Bearer key-1"
    with pytest.raises(Exception, match="503"):
        chat.chat("Hi")
    assert len(service.requests) == 2


def test_preserve_thinking_goes_by_the_profile(service):
    service.strict = False
    from chatkit.testing import Answer

    for maker, field in (("openai_compatible", "reasoning_content"), ("huggingface", "reasoning")):
        chat = MAKERS[maker](base_url=service.base_url, preserve_thinking=True)
        service.script(Answer("a", reasoning="hm"), "b")
        chat.chat("Hi")
        chat.chat("Hi")
        assert service.requests[-1].messages[1] == {"role": "assistant", "content": "a", field: "hm"}


def test_a_name_is_for_people(service):
    chat = chat_openai_compatible(service.base_url, model="m", name="My server")
    assert repr(chat).startswith("<Chat My server/m")
    assert repr(hf_chat()).startswith("<Chat HuggingFace/org/name")


@pytest.mark.parametrize(
    "bad",
    [
        {"base_url": "localhost:8000/v1"},
        {"base_url": "htp://x"},
        {"base_url": ""},
        {"base_url": None},
        {"base_url": "http://user:pass@x.test/v1"},
        {"model": ""},
        {"model": 5},
        {"system_prompt": 5},
        {"params": {"temperature": 1}},
        {"api_args": [1]},
        {"api_args": {"a": object()}},
        {"api_args": {"a": float("nan")}},
        {"api_headers": {"x": "a\nb"}},
        {"api_headers": {"x": 5}},
        {"credentials": "key"},
        {"credentials": lambda key: key},
        {"credentials": lambda: "key", "api_key": "key"},
        {"echo": "loud"},
        {"profile": "unheard-of"},
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": "5"},
        {"timeout": True},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_tool_rounds": -1},
        {"max_tool_rounds": True},
        {"session": "session"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("maker", [chat_openai_compatible, chat_huggingface])
def test_what_cannot_be_used_is_refused_when_the_chat_is_made(service, maker, bad):
    options = {"base_url": service.base_url, "model": "m", **bad}
    with pytest.raises(ConfigError) as caught:
        maker(**options)
    assert "pass@" not in str(caught.value)
    assert service.requests == []


def test_a_key_as_credentials_is_told_how_to_be_given_and_not_shown(service):
    with pytest.raises(ConfigError, match="credentials=lambda: key") as caught:
        chat_openai_compatible(service.base_url, model="m", credentials="sk-secret")
    assert "sk-secret" not in str(caught.value)


def test_the_deprecated_api_key_works_and_is_warned_of_where_it_is_given(service, make):
    with pytest.warns(DeprecationWarning, match="credentials=lambda: key"):
        chat = make(api_key="key-1")
    service.say("ok")
    chat.chat("Hi")
    assert service.requests[0].headers["authorization"] == "Bearer key-1"
    with pytest.warns(DeprecationWarning), pytest.raises(ConfigError, match="must be a string, not int"):
        make(api_key=5)


def test_the_warning_of_api_key_points_at_the_callers_line(service):
    with pytest.warns(DeprecationWarning) as caught:
        chat_openai_compatible(service.base_url, model="m", api_key="k")
    assert caught[0].filename == __file__


def test_credentials_are_called_for_every_attempt_and_never_kept(service, make, talk):
    calls = []

    def credentials():
        calls.append(1)
        return f"key-{len(calls)}"

    chat = make(credentials=credentials)
    assert calls == []
    service.script(ErrorAnswer(503), "ok", "ok")
    talk(chat, "Hi")
    talk(chat, "Hi")
    assert [request.headers["authorization"] for request in service.requests] == [
        "Bearer key-1",
        "Bearer key-2",
        "Bearer key-3",
    ]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("key", {"authorization": "Bearer key"}),
        (" key\r\n", {"authorization": "Bearer key"}),
        ("Bearer key", {"authorization": "Bearer key"}),
        ({"x-api-key": "key"}, {"x-api-key": "key"}),
        ({"Authorization": "Basic abc"}, {"authorization": "Basic abc"}),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_credentials_give_a_key_or_headers_plainly_or_awaited(service, make, talk, given, sent, is_async):
    async def later():
        await asyncio.sleep(0)
        return given

    chat = make(credentials=later if is_async else lambda: given)
    service.say("ok")
    assert talk(chat, "Hi") == "ok"
    assert {name: service.requests[0].headers.get(name) for name in sent} == sent


@pytest.mark.parametrize("given", ["", " ", None])
def test_an_empty_key_is_missing_and_nothing_is_sent(service, make, talk, given):
    chat = make(credentials=lambda: given)
    with pytest.raises(MissingKeyError, match="There is no key"):
        talk(chat, "Hi")
    assert (service.requests, chat.turns) == ([], [])


def test_what_credentials_raise_is_the_users_own(service, make, talk):
    chat = make(credentials=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        talk(chat, "Hi")
    assert (service.requests, chat.turns) == ([], [])


def test_no_key_of_the_environment_goes_to_a_server_it_is_not_for(service, make, monkeypatch, talk):
    for name in ("OPENAI_API_KEY", *HF_VARIABLES):
        monkeypatch.setenv(name, "sk-secret")
    chat = make()
    service.say("ok")
    assert talk(chat, "Hi") == "ok"
    request = service.requests[0]
    assert "authorization" not in request.headers
    assert not [value for value in request.headers.values() if "sk-secret" in value]
    assert b"sk-secret" not in request.body


def key_of(chat):
    """The header that a request of this chat would carry; nothing is sent."""
    request = chat.provider.request([], system=None, tools=(), stream=False)
    return request.url, request.credentials().get("Authorization")


def test_openais_key_goes_to_openai(monkeypatch):
    chat = chat_openai_compatible("https://api.openai.com/v1", model="m")
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        chat.chat("Hi")
    monkeypatch.setenv("OPENAI_API_KEY", "k-1")
    assert key_of(chat) == ("https://api.openai.com/v1/chat/completions", "Bearer k-1")


def test_a_hugging_face_token_goes_to_the_router(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf-1")
    assert key_of(hf_chat()) == ("https://router.huggingface.co/v1/chat/completions", "Bearer hf-1")
    elsewhere = hf_chat(base_url="https://x.endpoints.huggingface.cloud/v1")
    assert key_of(elsewhere)[1] == "Bearer hf-1"
    for foreign in ("https://x.test/v1", "https://huggingface.co.evil.test/v1", "https://a.hf.space/v1"):
        assert key_of(hf_chat(base_url=foreign))[1] is None


def test_the_order_in_which_a_token_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    chat = hf_chat()
    with pytest.raises(MissingKeyError) as caught:
        chat.chat("Hi")
    assert all(name in str(caught.value) for name in (*HF_VARIABLES, str(tmp_path / "token")))
    (tmp_path / "token").write_text("from-file\n")
    assert key_of(chat)[1] == "Bearer from-file"
    for name in reversed(HF_VARIABLES):
        monkeypatch.setenv(name, f"from-{name}")
        assert key_of(chat)[1] == f"Bearer from-{name}"
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    with pytest.raises(MissingKeyError, match="HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        chat.chat("Hi")
    assert key_of(hf_chat(credentials=lambda: "own"))[1] == "Bearer own"


def test_a_key_over_plain_http_to_another_machine_is_warned_of():
    with pytest.warns(PlainHttpWarning, match=r"unencrypted to x\.test"):
        chat_openai_compatible("http://x.test/v1", model="m", credentials=lambda: "k")
    chat_openai_compatible("http://x.test/v1", model="m")
    chat_openai_compatible("http://127.0.0.1:1/v1", model="m", credentials=lambda: "k")


NOTICE = """
from chatkit import chat_huggingface, chat
first, second = chat_huggingface(), chat("huggingface")
assert first.model == second.model
chat_huggingface(model="org/name")
print(first.model)
"""


def test_the_default_model_is_told_once_and_not_where_answers_go():
    done = subprocess.run([sys.executable, "-c", NOTICE], capture_output=True, text=True, timeout=60, check=False)
    model = done.stdout.strip()
    assert "/" in model
    assert done.stderr == f'Using model = "{model}".\n'


def test_by_name_the_rest_after_the_first_slash_is_the_model(service):
    chat = chat_by_name("huggingface/org/name:fast", system_prompt="Be terse.", echo="none", base_url=service.base_url)
    assert (chat.model, chat.system_prompt) == ("org/name:fast", "Be terse.")
    service.say("ok")
    assert chat.chat("Hi") == "ok"
    chat = chat_by_name("openai_compatible/org/name", base_url=service.base_url)
    assert chat.model == "org/name"
    assert chat_by_name("huggingface", model="x").model == "x"
    assert chat_by_name("openai_compatible", model="x", base_url=service.base_url).model == "x"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nobody/m", {}, "names no chat.*huggingface, local, openai_compatible"),
        ("", {}, "names no chat"),
        ("huggingface/", {}, "names no chat"),
        (None, {}, "names no chat"),
        ("HuggingFace/m", {}, "names no chat"),
        ("huggingface/m", {"model": "n"}, "named twice"),
        ("openai_compatible/m", {}, "needs `base_url`"),
        ("openai_compatible", {"base_url": "http://127.0.0.1:1/v1"}, "needs `model`"),
    ],
)
def test_names_that_name_nothing(name, arguments, words):
    with pytest.raises(ConfigError, match=words):
        chat_by_name(name, **arguments)


def test_time_limits_may_be_a_number(service, make):
    limits = make(timeout=3).provider.limits
    assert (limits.connect, limits.first_byte, limits.idle, limits.total) == (3, 3, 3, None)
    assert make(timeout=30).provider.limits.connect == 10
    assert make().provider.limits == TimeLimits()


def test_profiles_are_found_named_or_brought_along(service):
    def profile_of(base_url="http://127.0.0.1:11434/v1", **options):
        return chat_openai_compatible(base_url, model="m", **options).provider.profile.name

    assert profile_of() == "ollama"
    assert profile_of(profile="vllm") == "vllm"
    assert profile_of(profile=PROFILES["tgi"]) == "tgi"
    assert profile_of("https://openrouter.ai/api/v1") == "openrouter"
    assert hf_chat().provider.profile.name == "huggingface"
    assert hf_chat(profile="tgi").provider.profile.name == "tgi"


def test_api_args_are_copied(service, make):
    args = {"nested": {"a": 1}}
    chat = make(api_args=args)
    args["nested"]["a"] = 2
    service.say("ok")
    chat.chat("Hi")
    assert service.requests[0].json["nested"] == {"a": 1}


@pytest.mark.parametrize("api", ["chat", "Responses", None, ["responses"]])
def test_a_wire_format_that_does_not_exist_is_refused(api):
    with pytest.raises(ConfigError, match=r'`api` must be "chat_completions" or "responses"'):
        chat_openai_compatible("http://localhost:8000/v1", model="m", api=api)
