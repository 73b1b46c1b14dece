"""What local servers say of themselves and their models, read without any socket."""

import pytest

from chatkit._errors import APIConnectionError, ConfigError
from chatkit._providers.local_looking import Found, Heard, look
from chatkit._providers.local_servers import (
    LOADED,
    OTHER,
    SERVERS,
    SIGNS,
    LocalModel,
    chosen,
    listed,
    models_of,
    owner,
    server_named,
    shows,
    usual_ports,
)
from chatkit._providers.profiles import PROFILES

# What LM Studio answers, with status 200, to any path that it does not know.
UNEXPECTED = {"error": "Unexpected endpoint or method. (GET /props)"}
SAID = {
    "ollama": {"version": "0.12.3"},
    "llamacpp": {"default_generation_settings": {}, "total_slots": 4},
    "lmstudio": {"object": "list", "data": []},
    "tgi": {"model_id": "org/m", "max_total_tokens": 4096},
}
CHATS = [
    "llama3.2:3b",
    "qwen3:8b",
    "gemma3n:e4b",
    "gpt-oss:20b",
    "phi-4-mini",
    "org/Mistral-7B-Instruct",
    "tiny.gguf",
    "smollm2:135m",
]
OTHERS = [
    "nomic-embed-text:latest",
    "text-embedding-nomic-embed-text-v1.5",
    "mxbai-embed-large",
    "bge-m3:latest",
    "BAAI/bge-small-en",
    "Qwen3-Reranker-0.6B",
    "intfloat/e5-large",
    "all-minilm:l6-v2",
    "gte-large",
    "openai/whisper-small",
    "sentence-transformers/LaBSE",
    "gpt-oss:120b-cloud",
    "glm-4.6:cloud",
]


def test_every_server_has_a_profile_of_its_name():
    assert [server.name for server in SERVERS if server.name not in PROFILES] == []
    assert OTHER.name in PROFILES
    assert SIGNS.keys() | LOADED.keys() <= PROFILES.keys()


def test_ports_are_looked_at_once_and_in_order():
    assert usual_ports() == [11434, 8080, 1234, 8000]


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_is_known_by_a_field_of_its_own(name):
    assert shows(name, SAID[name])
    for other in (None, [], "x", {}, UNEXPECTED, {"version": 3}, {"data": None}, {"model_id": "embeddings-only"}):
        assert not shows(name, other)
    assert not any(shows(name, said) for kind, said in SAID.items() if kind != name)


@pytest.mark.parametrize(
    ("owned_by", "name"),
    [
        ("library", "ollama"),
        ("llamacpp", "llamacpp"),
        ("organization_owner", "lmstudio"),
        ("vllm", "vllm"),
        ("sglang", ""),
        ("", ""),
        (None, ""),
        (3, ""),
        ([], ""),
    ],
)
def test_the_owner_of_models_tells_the_server(owned_by, name):
    assert owner([{"id": "a"}, {"id": "m", "owned_by": owned_by}]) == name


def test_a_list_without_models_is_a_list():
    assert listed({"object": "list", "data": None}) == listed({"data": []}) == []
    assert listed({"data": [3, {}, {"id": " "}, {"id": 3}, {"id": "m"}]}) == [{"id": "m"}]


@pytest.mark.parametrize("value", [None, [], "x", {}, {"error": "x"}, {"data": "x"}, {"data": {}}])
def test_what_is_no_list_is_none(value):
    assert listed(value) is None


@pytest.mark.parametrize("name", CHATS)
def test_models_for_chats_are_chosen(name):
    assert chosen(models_of([{"id": name}])) == name


@pytest.mark.parametrize("name", OTHERS)
def test_other_models_are_passed_over(name):
    assert chosen(models_of([{"id": name}])) is None
    assert chosen(models_of([{"id": name}, {"id": "m"}])) == "m"


def test_what_is_loaded_goes_before_what_is_not():
    entries = [{"id": "a"}, {"id": "bge"}, {"id": "b"}, {"id": "c"}]
    assert chosen(models_of(entries)) == "a"
    assert chosen(models_of(entries, {"models": [{"name": "bge"}, {"name": "c"}, {"name": 3}, "x", None]})) == "c"
    assert chosen(models_of(entries, {"models": "x"})) == "a"


def test_lm_studio_tells_kind_and_state():
    entries = [{"id": "first"}, {"id": "bge-chat"}, {"id": "e"}]
    memory = {
        "data": [
            {"id": "first", "type": "embeddings", "state": "loaded"},
            {"id": "bge-chat", "type": "llm", "state": "loaded"},
            {"id": "later", "type": "vlm", "state": "not-loaded"},
        ]
    }
    assert models_of(entries, memory) == [
        LocalModel("first", True, False),
        LocalModel("bge-chat", True, True),
        LocalModel("e", False, True),
        LocalModel("later", False, True),
    ]


def test_llama_cpp_tells_the_state_of_many_models():
    entries = [{"id": "a", "status": {"value": "unloaded"}}, {"id": "b", "status": {"value": "loaded"}}]
    assert chosen(models_of(entries)) == "b"
    assert chosen(models_of([{"id": "a", "status": "loaded"}])) == "a"


@pytest.mark.parametrize("name", ["olama", "", None, 3, "generic"])
def test_a_server_that_is_not_known_lists_those_that_are(name):
    with pytest.raises(ConfigError, match="`server` must be one of ollama, llamacpp, lmstudio, vllm, tgi, not"):
        server_named(name)


def play(script, answers):
    """Run a script against answers by path; gives what it came to and the paths asked."""
    asked = []
    try:
        request = next(script)
        while True:
            asked.append(request.url.partition("/v1")[2] or request.url.split("/", 3)[3])
            assert (request.method, request.body, dict(request.credentials())) == ("GET", b"", {})
            request = script.send(answers(request.url))
    except StopIteration as end:
        return end.value, asked


def test_memory_that_cannot_be_had_is_no_fault():
    entries = {"data": [{"id": "a", "owned_by": "library"}]}
    outcome, asked = play(
        look(None, 7, None), lambda url: Heard(200, entries) if url.endswith("/v1/models") else Heard(fault="silent")
    )
    assert asked == ["/models", "api/ps"]
    found, model = outcome
    assert (found.server.name, found.base_url, model) == ("ollama", "http://127.0.0.1:7/v1", "a")


def test_a_port_that_is_odd_is_not_asked_further():
    outcome, asked = play(look(None, 7, None), lambda url: Heard(fault="odd"))
    assert asked == ["/models"]
    assert isinstance(outcome, APIConnectionError)
    assert outcome.kind == "refused"


def test_a_server_of_another_kind_is_named():
    entries = {"data": [{"id": "a", "owned_by": "vllm"}]}
    outcome, _ = play(look(server_named("tgi"), None, None), lambda url: Heard(200, entries))
    assert "vLLM answers, not TGI" in str(outcome)


def test_a_found_server_is_a_value():
    assert Found(OTHER, "x") == Found(OTHER, "x", ())
