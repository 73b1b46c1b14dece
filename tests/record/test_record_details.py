"""Records of what is known of an answer besides its contents: sources, odds, attempts, ids, the model asked for."""

import json
import math
import pickle

import pytest

from chatkit._errors import HistoryError
from chatkit._record.replay import contents_record, contents_replay
from chatkit._turns.details import FailedAttempt, Source, TokenLogProb
from chatkit._turns.turns import AssistantTurn, Usage, UserTurn

FULL = AssistantTurn(
    "Four.",
    usage=Usage(9, 2, 1, 0, 4),
    requested_model="org/model:groq",
    inference_id="chatcmpl-1",
    log_probs=(
        TokenLogProb("Four", -0.25, (TokenLogProb("Four", -0.25), TokenLogProb("4", -1.75))),
        TokenLogProb(".", 0.0),
    ),
    sources=(Source("https://a.org/", "A", 0, 4), Source("https://b.org/")),
    attempts=(FailedAttempt("org/model:cerebras", "Hugging Face", "RateLimitError: slow down"),),
)


def record(**fields):
    return {"version": 1, "role": "assistant", "contents": [], "usage": {}, **fields}


def through_json(value):
    return contents_replay(json.loads(json.dumps(contents_record(value), allow_nan=False)))


def test_a_turn_with_everything_comes_back_as_it_was():
    assert through_json(FULL) == FULL
    assert pickle.loads(pickle.dumps(FULL)) == FULL


def test_a_conversation_with_such_a_turn_comes_back_as_it_was():
    turns = [UserTurn("2 + 2?"), FULL, UserTurn("Sure?"), AssistantTurn("Yes.")]
    assert through_json(turns) == turns


def test_the_recorded_form():
    told = contents_record(FULL)
    assert told["requested_model"] == "org/model:groq"
    assert told["inference_id"] == "chatcmpl-1"
    assert told["usage"]["image_tokens"] == 4
    assert told["sources"] == [{"url": "https://a.org/", "title": "A", "start": 0, "end": 4}, {"url": "https://b.org/"}]
    assert told["log_probs"][1] == {"token": ".", "log_prob": 0.0}
    assert told["log_probs"][0]["top"][1] == {"token": "4", "log_prob": -1.75}
    assert told["attempts"] == [
        {"model": "org/model:cerebras", "service": "Hugging Face", "error": "RateLimitError: slow down"}
    ]


def test_what_is_not_known_is_not_recorded():
    assert contents_record(AssistantTurn("a")) == record(contents=[{"type": "text", "text": "a"}])


def test_a_record_from_before_these_fields_is_read():
    turn = contents_replay(record(model="served"))
    assert (turn.requested_model, turn.inference_id, turn.log_probs) == (None, None, None)
    assert (turn.sources, turn.attempts, turn.usage.image_tokens) == ((), (), None)


def test_empty_lists_mean_nothing():
    turn = contents_replay(record(log_probs=[], sources=[], attempts=[]))
    assert (turn.log_probs, turn.sources, turn.attempts) == ((), (), ())
    assert contents_record(turn) == {"version": 1, "role": "assistant", "usage": {}}


def test_halves_of_characters_become_replacement_characters():
    turn = AssistantTurn(
        "a",
        log_probs=(TokenLogProb("\ud83d", -1.0),),
        sources=(Source("https://a.org/\ud83d"),),
        attempts=(FailedAttempt("m", "s", "\ud83d"),),
    )
    back = through_json(turn)
    assert back.log_probs[0].token == back.attempts[0].error == "\ufffd"
    assert back.sources[0].url == "https://a.org/\ufffd"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"requested_model": 5}, r"\$\.requested_model must be a text, not int"),
        ({"inference_id": ["x"]}, r"\$\.inference_id must be a text, not list"),
        ({"usage": {"image_tokens": -1}}, r"\$\.usage\.image_tokens must be 0 or more"),
        ({"usage": {"image_tokens": 1.5}}, r"\$\.usage\.image_tokens must be a whole number"),
        ({"sources": "https://a.org/"}, r"\$\.sources must be a list"),
        ({"sources": {"url": "x"}}, r"\$\.sources must be a list, not dict"),
        ({"sources": ["https://a.org/"]}, r"\$\.sources\[0\] must be an object"),
        ({"sources": [{}]}, r"\$\.sources\[0\]\.url is missing"),
        ({"sources": [{"url": None}]}, r"\$\.sources\[0\]\.url must be a text, not None"),
        ({"sources": [{"url": "x"}, {"url": "x", "title": 1}]}, r"\$\.sources\[1\]\.title must be a text"),
        ({"sources": [{"url": "x", "start": "0"}]}, r"\$\.sources\[0\]\.start must be a whole number"),
        ({"sources": [{"url": "x", "end": True}]}, r"\$\.sources\[0\]\.end must be a whole number"),
        ({"sources": [{"url": "x", "end": 10**5000}]}, r"\$\.sources\[0\]\.end must be a finite number"),
        ({"sources": [{"url": "x", "colour": 1}]}, r"\$\.sources\[0\] has the field 'colour'"),
        ({"log_probs": 5}, r"\$\.log_probs must be a list"),
        ({"log_probs": [None]}, r"\$\.log_probs\[0\] must be an object"),
        ({"log_probs": [{"token": "a"}]}, r"\$\.log_probs\[0\]\.log_prob is missing"),
        ({"log_probs": [{"log_prob": -1}]}, r"\$\.log_probs\[0\]\.token is missing"),
        ({"log_probs": [{"token": "a", "log_prob": "-1"}]}, r"log_prob must be a number"),
        ({"log_probs": [{"token": "a", "log_prob": math.nan}]}, r"log_prob must be a finite number"),
        ({"log_probs": [{"token": "a", "log_prob": -math.inf}]}, r"log_prob must be a finite number"),
        ({"log_probs": [{"token": "a", "log_prob": -1, "top": {}}]}, r"\$\.log_probs\[0\]\.top must be a list"),
        ({"log_probs": [{"token": "a", "log_prob": -1, "top": [3]}]}, r"top\[0\] must be an object"),
        (
            {"log_probs": [{"token": "a", "log_prob": -1, "top": [{"token": "b", "log_prob": -1, "top": []}]}]},
            r"top\[0\] has the field 'top'",
        ),
        ({"attempts": [{"model": "m", "service": "s"}]}, r"\$\.attempts\[0\]\.error is missing"),
        ({"attempts": [{"model": "m", "service": "s", "error": {}}]}, r"\$\.attempts\[0\]\.error must be a text"),
        ({"attempts": ["m"]}, r"\$\.attempts\[0\] must be an object"),
        ({"wording": b"{}"}, r"\$ has the field 'wording'"),
    ],
)
def test_hostile_records_are_refused_by_the_place_at_fault(fields, words):
    with pytest.raises(HistoryError, match=words) as caught:
        contents_replay(record(**fields))
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sources": 5}, r"\$\.sources must be a list, not int"),
        ({"sources": ("https://a.org/",)}, r"\$\.sources\[0\] must be a Source, not 'https://a.org/'"),
        ({"sources": (Source(5),)}, r"\$\.sources\[0\]\.url must be a text"),
        ({"log_probs": (1.0,)}, r"\$\.log_probs\[0\] must be a TokenLogProb"),
        ({"log_probs": (TokenLogProb("a", math.nan),)}, r"log_prob must be a finite number"),
        ({"log_probs": (TokenLogProb("a", -1.0, (Source("x"),)),)}, r"top\[0\] must be a TokenLogProb, not Source"),
        ({"attempts": ({"model": "m"},)}, r"\$\.attempts\[0\] must be a FailedAttempt, not dict"),
        ({"usage": {"input_tokens": 1}}, r"\$\.usage must be a Usage, not dict"),
    ],
)
def test_turns_made_wrongly_by_hand_are_refused_when_they_are_recorded(fields, words):
    with pytest.raises(HistoryError, match=words) as caught:
        contents_record(AssistantTurn("a", **fields))
    assert caught.value.__context__ is None
