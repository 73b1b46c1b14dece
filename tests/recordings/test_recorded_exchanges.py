"""Recorded real traffic, replayed through a loopback server: what was recorded is what a chat makes of it.

The recordings are not part of the project. They are looked for in the folder that CHATKIT_FIXTURES names, or beside the
project; without them these tests are skipped. What is expected is worked out from the recorded JSON by the few lines
of plain code here, not by the code under test.
"""

import json
import os
import warnings
from pathlib import Path

import pytest

from chatkit import APIError, AssistantTurn, StreamError, SystemTurn, UserTurn, chat_openai_compatible
from chatkit.testing import FakeService, RawAnswer

FOLDER = Path(os.environ.get("CHATKIT_FIXTURES") or Path(__file__).parents[3] / "shared" / "fixtures")
FILES = ("router_chat_exchanges.jsonl", "huggingface_js_exchanges.jsonl")
DROPPED = ("content-encoding", "content-length", "transfer-encoding", "connection")


def recorded():
    exchanges = []
    for name in FILES:
        path = FOLDER / name
        if path.exists():
            lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
            exchanges += [(f"{name.partition('_')[0]}-{number}", json.loads(line)) for number, line in enumerate(lines)]
    return exchanges


def is_chat(exchange):
    return exchange["url"].endswith("/chat/completions")


def is_stream(exchange):
    return "event-stream" in (exchange["response_headers"].get("content-type") or "")


EXCHANGES = recorded()
STREAMS = [pair for pair in EXCHANGES if is_chat(pair[1]) and is_stream(pair[1]) and pair[1]["status"] == 200]
WHOLE = [pair for pair in EXCHANGES if is_chat(pair[1]) and not is_stream(pair[1]) and pair[1]["status"] == 200]
ERRORS = [pair for pair in EXCHANGES if pair[1]["status"] >= 400]
REPORTED = [pair for pair in EXCHANGES if is_stream(pair[1]) and '"error":' in pair[1]["response_body"]]


def replayed(pairs):
    if not pairs:
        reason = f"no recordings in {FOLDER}; set CHATKIT_FIXTURES"
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(exchange, id=name) for name, exchange in pairs]


@pytest.fixture(scope="module")
def service():
    with FakeService() as service:
        yield service


def replay(service, exchange, stream):
    """Have the exchange's answer sent to a new chat that asks for something."""
    headers = {name: value for name, value in exchange["response_headers"].items() if name.lower() not in DROPPED}
    kind = headers.pop("content-type", "")
    service.script(RawAnswer(exchange["response_body"].encode(), exchange["status"], headers, content_type=kind))
    model = json.loads(exchange["request_body"] or "{}").get("model") or "m"
    chat = chat_openai_compatible(service.base_url, model=model, max_retries=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of finish reasons: they are looked at below
        if stream:
            assert "".join(chat.stream("x")) == chat.last_turn().text
        else:
            chat.chat("x", echo="none")
    return chat.last_turn()


def chunks_of(exchange):
    lines = exchange["response_body"].replace("\r\n", "\n").split("\n")
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [json.loads(item) for item in data if item and item != "[DONE]"]


def expected_of(parts, key):
    """Text, usage and the last finish reason, by plain code: deltas put together, the last usage that is one."""
    choices = [part["choices"][0] for part in parts if part.get("choices")]
    text = "".join((choice.get(key) or {}).get("content") or "" for choice in choices)
    calls = any((choice.get(key) or {}).get("tool_calls") for choice in choices)
    finish = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")][-1]
    usage = ([part["usage"] for part in parts if part.get("usage")] or [{}])[-1]
    return text, usage.get("prompt_tokens"), usage.get("completion_tokens"), finish, calls


def check(turn, parts, key):
    text, taken, given, finish, calls = expected_of(parts, key)
    if finish == "eos_token":
        text = text.removesuffix("</s>")  # the model's own last token, which an old server let through
    thought = f"<think>{turn.thinking}</think>" if "<think>" in text else ""
    assert (thought + turn.text).replace("\n", "") == text.replace("\n", "")
    if not thought:
        assert turn.text == text
    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (taken, given)
    assert turn.raw_finish_reason == finish
    assert bool(turn.tool_requests) == calls
    assert turn.interrupted is None


@pytest.mark.parametrize("exchange", replayed(STREAMS))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_every_recorded_stream_gives_the_recorded_text_usage_and_finish_reason(service, exchange, stream):
    try:
        parts = chunks_of(exchange)
    except ValueError:
        # One recording ends in a stray quotation mark instead of a blank line: its last event never arrives.
        with pytest.raises(StreamError, match="without a finish reason") as caught:
            replay(service, exchange, stream)
        assert caught.value.partial.text
        return
    if any((choice.get("delta") or {}).get("tool_calls") for part in parts for choice in part.get("choices") or []):
        check_with_tools(service, exchange, parts)
        return
    turn = replay(service, exchange, stream)
    check(turn, parts, "delta")
    check_origin(turn, exchange, parts)


@pytest.mark.parametrize("exchange", replayed(WHOLE))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_every_recorded_completion_gives_the_recorded_text_usage_and_finish_reason(service, exchange, stream):
    parts = [json.loads(exchange["response_body"])]
    if parts[0]["choices"][0]["message"].get("tool_calls"):
        check_with_tools(service, exchange, parts)
        return
    turn = replay(service, exchange, stream)
    check(turn, parts, "message")
    check_origin(turn, exchange, parts)


def check_origin(turn, exchange, parts):
    """Who was asked, and who answered: the model and the service as recorded, each under its own name."""
    headers = exchange["response_headers"]
    assert turn.served_by == headers.get("x-inference-provider")
    assert turn.inference_id == headers.get("inference-id")
    assert turn.requested_model == (json.loads(exchange["request_body"]).get("model") or "m")
    assert turn.model == parts[0].get("model")
    assert turn.response_id == (parts[0].get("id") or None)
    assert turn.request_id is not None


@pytest.mark.parametrize("exchange", replayed([pair for pair in EXCHANGES if pair[0].startswith("router")]))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_a_chat_sends_is_what_the_router_took_for_the_same_conversation(exchange, stream):
    asked = json.loads(exchange["request_body"])
    turns = turns_of(asked["messages"])
    with FakeService(strict=True) as strict:
        chat = chat_openai_compatible(strict.base_url, model=asked["model"], max_retries=0)
        chat.set_turns(turns[:-1])
        strict.say("Fine.")
        said = turns[-1].text
        heard = "".join(chat.stream(said)) if stream else str(chat.chat(said, echo="none"))
        assert heard == "Fine."
        (request,) = strict.requests
    assert next(iter(request.json)) == "model"
    assert [words_of(message) for message in request.messages] == [words_of(message) for message in asked["messages"]]


def turns_of(messages):
    kinds = {"system": SystemTurn, "user": UserTurn, "assistant": AssistantTurn}
    return [kinds[message["role"]](words_of(message)[1]) for message in messages]


def words_of(message):
    content = message["content"]
    return message["role"], content if isinstance(content, str) else "".join(part["text"] for part in content)


def check_with_tools(service, exchange, parts):
    """A recorded call of a tool that nobody registered: the model is told so, and the next answer ends the chat."""
    done = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Done."}, "finish_reason": "stop"}]}
    service.on_request(lambda request: RawAnswer(json.dumps(done).encode()))
    turn = replay(service, exchange, stream=False)
    assert turn.text == "Done."
    key = "delta" if is_stream(exchange) else "message"
    names = [
        call["function"]["name"]
        for part in parts
        for choice in part.get("choices") or []
        for call in as_list((choice.get(key) or {}).get("tool_calls"))
        if (call.get("function") or {}).get("name")
    ]
    sent = service.requests[-1].messages[1]["tool_calls"]
    assert [call["function"]["name"] for call in sent] == list(dict.fromkeys(names))


def as_list(calls):
    return calls if isinstance(calls, list) else [calls] if calls else []


def words_in(body):
    """Some of the server's own words in an error body: the first text of any length in it."""
    try:
        value = json.loads(body)
    except ValueError:
        return body.strip()
    if isinstance(value.get("error"), dict):
        return value["error"]["message"]
    found = value.get("error") or value.get("message") or value.get("detail")
    return found[0]["msg"] if isinstance(found, list) and isinstance(found[0], dict) else found


@pytest.mark.parametrize("exchange", replayed(ERRORS))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_every_recorded_error_is_told_in_the_servers_own_words(service, exchange, stream):
    with pytest.raises(APIError) as caught:
        replay(service, exchange, stream)
    assert caught.value.status_code == exchange["status"]
    words = " ".join(words_in(exchange["response_body"]).split())[:100]
    assert words in " ".join(str(caught.value).split())


@pytest.mark.parametrize("exchange", replayed(REPORTED))
def test_every_recorded_error_inside_of_a_stream_is_told_in_the_servers_own_words(service, exchange):
    with pytest.raises(APIError) as caught:
        replay(service, exchange, stream=True)
    (reported,) = [chunk["error"] for chunk in chunks_of(exchange) if "error" in chunk]
    assert reported[:100] in str(caught.value)


def test_there_are_as_many_recordings_as_the_tests_were_written_for():
    if not EXCHANGES:
        pytest.skip("no recordings")
    assert len(STREAMS) >= 30
    assert len(WHOLE) >= 25
    assert len(ERRORS) >= 30
    assert len(REPORTED) >= 4
