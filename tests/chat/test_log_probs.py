"""Log probabilities, from the parameter that asks for them to the turn that has them."""

import json

import pytest

from chatkit import Chat, chat_openai_compatible, params
from chatkit._turns.details import TokenLogProb
from chatkit._warnings import UnsupportedParameterWarning
from chatkit.testing import RawAnswer


def told(token, log_prob, **top):
    others = [{"token": other, "logprob": value, "bytes": None} for other, value in top.items()]
    return {"token": token, "logprob": log_prob, "bytes": list(token.encode()), "top_logprobs": others}


FIRST, SECOND = told("Hel", -0.25, Hel=-0.25, Bye=-2.5), told("lo", -1)
READ = (
    TokenLogProb("Hel", -0.25, (TokenLogProb("Hel", -0.25), TokenLogProb("Bye", -2.5))),
    TokenLogProb("lo", -1.0),
)


@pytest.fixture
def answer(service, chunk, whole):
    """Answer with log probabilities where they are asked for."""

    def respond(request):
        wanted = request.json.get("logprobs")
        if not request.stream:
            body = whole(content="Hello")
            if wanted:
                body["choices"][0]["logprobs"] = {"content": [FIRST, SECOND], "refusal": None}
            return RawAnswer(json.dumps(body).encode(), content_type="application/json")
        chunks = [chunk("Hel"), chunk("lo"), chunk(finish="stop")]
        for piece, token in zip(chunks, (FIRST, SECOND), strict=False) if wanted else ():
            piece["choices"][0]["logprobs"] = {"content": [token]}
        events = "".join(f"data: {json.dumps(piece)}\n\n" for piece in chunks)
        return RawAnswer(f"{events}data: [DONE]\n\n".encode(), content_type="text/event-stream")

    service.on_request(respond)


def test_log_probs_stand_on_the_turn_when_asked_for(talk, make_chat, service, answer):
    chat = make_chat(params=params(log_probs=True, top_logprobs=2))
    assert talk(chat, "Hi") == "Hello"
    assert chat.last_turn().log_probs == READ
    body = service.requests[0].json
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


def test_log_probs_are_absent_otherwise(talk, chat, service, answer):
    assert talk(chat, "Hi") == "Hello"
    assert chat.last_turn().log_probs is None
    assert not {"logprobs", "top_logprobs"} & service.requests[0].json.keys()


def test_log_probs_are_not_sent_back(talk, make_chat, service, answer):
    chat = make_chat(params=params(log_probs=True))
    talk(chat, "Hi")
    talk(chat, "Again")
    assert service.requests[1].messages[1] == {"role": "assistant", "content": "Hello"}


def test_log_probs_are_saved_and_loaded(make_chat, answer, tmp_path):
    chat = make_chat(params=params(log_probs=True))
    chat.chat("Hi")
    chat.save(tmp_path / "talk.json")
    assert Chat.load(tmp_path / "talk.json").last_turn().log_probs == READ


def test_a_server_that_has_none_is_not_asked(service, answer):
    chat = chat_openai_compatible(
        service.base_url, model="m", profile="lmstudio", params=params(log_probs=True), echo="none"
    )
    with pytest.warns(UnsupportedParameterWarning, match="`log_probs` was left out"):
        chat.chat("Hi")
    assert "logprobs" not in service.requests[0].json
    assert chat.last_turn().log_probs is None
