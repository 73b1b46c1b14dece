"""chat_local(): what it finds on this machine, what it chooses and tells, and what a chat made so does."""

import pytest

from chatkit import Chat, chat
from chatkit._constructors.local import chat_local
from chatkit._errors import APIConnectionError, ConfigError
from chatkit._providers.profiles import PROFILES
from chatkit.store import ConversationStore
from chatkit.testing import ErrorAnswer, RawAnswer

CHOSEN = {
    "ollama": ("Ollama", "llama3.2:3b"),
    "llamacpp": ("llama.cpp", "tiny.gguf"),
    "lmstudio": ("LM Studio", "llama-3.1-8b"),
    "vllm": ("vLLM", "org/big"),
    "tgi": ("TGI", "org/tgi-model"),
}


@pytest.fixture(params=CHOSEN)
def kind(request):
    return request.param


def test_a_server_at_its_usual_port_is_found_known_and_told(kind, play, usual, capsys):
    played = play(kind)
    usual(**{kind: played.port})
    made = chat_local("Be brief.", echo="none")
    title, model = CHOSEN[kind]
    url = f"http://127.0.0.1:{played.port}/v1"
    assert (made.provider.name, made.provider.model, made.provider.base_url) == (title, model, url)
    assert made.provider.profile is PROFILES[kind]
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f'Using {title} at {url}, model = "{model}".\n')
    assert made.chat("Hi") == f"{model} says hi"
    assert [message["role"] for message in played.service.requests[-1].messages] == ["system", "user"]


def test_a_server_is_known_by_what_it_says_not_by_its_port(kind, play, usual):
    played = play(kind)
    # Everything is where another server would be.
    usual(**{name: played.port for name in CHOSEN if name != kind})
    assert chat_local(echo="none").provider.name == CHOSEN[kind][0]


def test_what_was_chosen_is_told_once(play, usual, capsys):
    usual(vllm=play("vllm").port)
    chat_local()
    chat_local()
    assert capsys.readouterr().err.count("Using vLLM") == 1


def test_the_order_is_fixed_and_what_comes_later_is_left_in_peace(play, usual):
    played = {name: play(name) for name in ("vllm", "lmstudio", "llamacpp", "ollama")}
    usual(**{name: one.port for name, one in played.items()})
    for name in ("ollama", "llamacpp", "lmstudio", "vllm"):
        assert chat_local().provider.name == CHOSEN[name][0]
        later = list(played)[: list(played).index(name)]
        assert all(not played[other].asked for other in later)
        usual(**{other: played[other].port for other in later})


def test_a_server_may_be_named(play, usual):
    ollama, vllm = play("ollama"), play("vllm")
    usual(ollama=ollama.port, vllm=vllm.port)
    assert chat_local(server="vllm").provider.model == "org/big"
    assert ollama.asked == []


@pytest.mark.parametrize("name", ["llama.cpp", "LlamaCpp", " llama-server "])
def test_a_server_goes_by_several_names(name, play, usual):
    usual(llamacpp=play("llamacpp").port)
    assert chat_local(server=name).provider.name == "llama.cpp"


def test_a_port_may_be_named(play, usual):
    ollama, vllm = play("ollama"), play("vllm")
    usual(ollama=ollama.port)
    assert chat_local(port=vllm.port).provider.name == "vLLM"
    assert ollama.asked == []


def test_a_store_keeps_the_chat(play, tmp_path):
    with ConversationStore(tmp_path / "c.db") as store:
        chat = chat_local(port=play("vllm").port, store=store)
        assert store.info(store.id_of(chat)).model == chat.model


def test_another_server_than_the_one_named_is_not_used(play, usual):
    vllm = play("vllm")
    with pytest.raises(APIConnectionError, match=r"No Ollama was found.*vLLM answers, not Ollama"):
        chat_local(server="ollama", port=vllm.port)


def test_what_does_not_say_what_it_is_goes_by_the_name_given(play, usual):
    played = play({"/v1/models": {"object": "list", "data": [{"id": "m"}]}})
    assert chat_local(port=played.port).provider.profile is PROFILES["generic"]
    assert chat_local(port=played.port, server="tgi").provider.profile is PROFILES["tgi"]


def test_other_servers_are_used_as_they_are(play, usual, capsys):
    played = play({"/v1/models": {"object": "list", "data": [{"id": "org/m", "owned_by": "org"}]}})
    usual(vllm=played.port)
    assert chat_local(echo="none").chat("Hi") == "org/m says hi"
    assert capsys.readouterr().err.startswith("Using OpenAI-compatible server at http://127.0.0.1:")


def test_a_server_that_answers_200_to_any_path_is_not_mistaken(play, usual):
    paths = {"/v1/models": {"object": "list", "data": []}}
    played = play(paths, elsewhere=RawAnswer(b'{"error": "Unexpected endpoint"}', content_type="application/json"))
    with pytest.raises(ConfigError, match=f"OpenAI-compatible server at http://127.0.0.1:{played.port}/v1 has no mod"):
        chat_local(port=played.port)


def test_a_model_given_is_used_whatever_the_server_has(play, usual, capsys):
    played = play("ollama")
    made = chat_local(port=played.port, model="not-pulled-yet", echo="none")
    assert made.chat("Hi") == "not-pulled-yet says hi"
    assert capsys.readouterr().err.endswith('model = "not-pulled-yet".\n')


@pytest.mark.parametrize("data", [None, []])
def test_a_server_without_models_names_the_command_that_gets_one(data, play, usual):
    played = play({"/v1/models": {"object": "list", "data": data}, "/api/version": {"version": "0.5"}})
    usual(ollama=played.port)
    with pytest.raises(ConfigError) as caught:
        chat_local()
    words = f"Ollama at http://127.0.0.1:{played.port}/v1 has no models."
    assert str(caught.value) == f"{words} Get one, such as with `ollama pull llama3.2`, or name one by model=."
    assert chat_local(model="m").provider.model == "m"


def test_a_server_with_other_models_only_says_which(play, usual):
    models = [{"id": "bge-m3", "owned_by": "library"}, {"id": "gpt-oss:120b-cloud", "owned_by": "library"}]
    played = play({"/v1/models": {"object": "list", "data": models}})
    with pytest.raises(ConfigError, match="has no models but bge-m3, gpt-oss:120b-cloud, which cannot be chosen"):
        chat_local(port=played.port)


def test_of_very_many_other_models_a_few_are_named(play, usual):
    models = [{"id": f"embed-{number}", "owned_by": "library"} for number in range(5000)]
    played = play({"/v1/models": {"object": "list", "data": models}})
    with pytest.raises(ConfigError, match=r"but embed-0, .*embed-4 and 4995 more, which cannot be chosen"):
        chat_local(port=played.port)


def test_a_server_without_models_is_passed_over(play, usual):
    empty = play({"/v1/models": {"object": "list", "data": None}, "/api/version": {"version": "0.5"}})
    usual(ollama=empty.port, vllm=play("vllm").port)
    assert chat_local().provider.name == "vLLM"


def test_nothing_found_says_what_was_looked_at_and_how_to_start_one(usual):
    with pytest.raises(APIConnectionError) as caught:
        chat_local()
    assert isinstance(caught.value, ConnectionError)
    text = str(caught.value)
    for words in (
        "No model server was found on this machine",
        "(Ollama): nothing listens",
        "(LM Studio)",
        "`ollama serve`",
        "`llama-server -m model.gguf`",
        "port=",
    ):
        assert words in text


def test_a_server_that_is_not_there_says_how_to_start_it(usual):
    with pytest.raises(APIConnectionError, match=r"No LM Studio was found.*`lms server start`"):
        chat_local(server="lmstudio")


SEEN = {
    "wants a key": ErrorAnswer(401, {"error": "no key"}),
    "still loading its model": ErrorAnswer(503, {"error": {"message": "Loading model", "code": 503}}),
    "is no model server": RawAnswer(b"<html>Hello</html>", content_type="text/html"),
}


@pytest.mark.parametrize("words", SEEN)
def test_what_answers_but_cannot_be_used_is_told(words, play, usual):
    played = play({"/v1/models": SEEN[words]})
    with pytest.raises(APIConnectionError, match=f"port {played.port}: what answers .*{words}"):
        chat_local(port=played.port)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"data": 3}', b"nonsense", b"[" * 100_000, b'{"object": "list"}', b"", b'"data"']
)
def test_an_answer_that_makes_no_sense_is_no_server(body, play, usual):
    played = play({}, elsewhere=RawAnswer(body, content_type="application/json"))
    with pytest.raises(APIConnectionError, match="what answers is no model server"):
        chat_local(port=played.port)


def test_an_older_tgi_without_a_list_is_known_by_its_info(play, usual):
    played = play({"/info": {"model_id": "org/old", "max_total_tokens": 2048}})
    made = chat_local(port=played.port)
    assert (made.provider.name, made.provider.model) == ("TGI", "org/old")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"server": "olama"}, "`server` must be one of ollama, llamacpp"),
        ({"server": 3}, "`server` must be one of"),
        ({"port": 0}, "`port` must be a number from 1 to 65535"),
        ({"port": "8080"}, "`port` must be"),
        ({"port": True}, "`port` must be"),
        ({"port": 70000}, "`port` must be"),
        ({"model": ""}, "`model` must be the name of a model"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anybody_is_asked(arguments, words, play, usual):
    ollama = play("ollama")
    usual(ollama=ollama.port)
    with pytest.raises(ConfigError, match=words):
        chat_local(**arguments)
    assert ollama.asked == []


def test_a_chat_by_name(play, usual):
    played = play("ollama")
    usual(ollama=played.port)
    assert chat("local").provider.model == "llama3.2:3b"
    assert chat("local/hf.co/org/name:Q4").provider.model == "hf.co/org/name:Q4"
    assert chat("local", server="ollama").provider.name == "Ollama"
    with pytest.raises(ConfigError, match="names no chat"):
        chat("local/")


def test_a_profile_given_goes_before_what_the_server_says(play, usual):
    assert chat_local(port=play("vllm").port, profile="openai").provider.profile is PROFILES["openai"]


def test_a_chat_made_so_is_saved_and_loaded_like_any(play, usual, tmp_path):
    played = play("llamacpp")
    made = chat_local("Be brief.", port=played.port, echo="none")
    made.chat("Hi")
    made.save(tmp_path / "talk.json")
    again = Chat.load(tmp_path / "talk.json")
    assert again.provider.base_url == made.provider.base_url
    assert again.provider.profile is PROFILES["llamacpp"]
    assert again.chat("Again?", echo="none") == "tiny.gguf says hi"


def test_once_made_the_chat_stays_with_its_server(play, usual):
    first, second = play("ollama"), play("vllm")
    usual(ollama=first.port, vllm=second.port)
    made = chat_local(echo="none", max_retries=0)
    first.service.close()
    with pytest.raises(APIConnectionError, match=f"127.0.0.1:{first.port}"):
        made.chat("Hi")
    assert second.asked == []


def test_the_further_options_reach_the_chat(play, usual):
    played = play("vllm")
    made = chat_local(
        port=played.port, echo="none", api_args={"min_p": 0.1}, api_headers={"X-Mine": "1"}, retry_on_error=False
    )
    made.chat("Hi")
    assert played.service.requests[-1].json["min_p"] == 0.1
    assert [request.headers.get("x-mine") for request in played.service.requests] == [None, "1"]
