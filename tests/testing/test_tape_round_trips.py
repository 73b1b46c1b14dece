"""A conversation recorded once is the same conversation when replayed, without a server: texts, events and errors."""

import asyncio
import base64
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import trustme
from pydantic import BaseModel

from chatkit import content_image_file
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, ToolCall, record, replay

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_whole_answers(twice, chat_with):
    def talk(url):
        chat = chat_with(url)
        return [str(chat.chat("Hi")), str(chat.chat("And now?")), chat.last_turn().finish_reason]

    assert twice(talk, "Hello", Answer("Bye")) == ["Hello", "Bye", "stop"]


@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
def test_streamed_answers_in_the_same_pieces(twice, framing, chat_with):
    def talk(url):
        return list(chat_with(url).stream("Hi"))

    pieces = ["a", "bc", " é", "😀", "end"]
    assert twice(talk, Answer(pieces, delivery=Delivery(framing=framing, pause=0.01))) == pieces


@pytest.mark.parametrize("style", ["bytes", "gzip", "byte by byte"])
def test_streams_however_they_travel(twice, style, chat_with, told):
    ways = {
        "bytes": Delivery(),
        "gzip": Delivery(gzip=True),
        "byte by byte": Delivery(piece=1, framing="chunked"),
    }
    answer = Answer(["Grüße ", "aus ", "Köln"], reasoning="think", delivery=ways[style])
    events = twice(lambda url: told(chat_with(url).stream("Hi")), answer)
    assert any("Köln" in event for event in events)


def test_whole_gzip(twice, chat_with):
    answer = Answer("x" * 5000, delivery=Delivery(gzip=True))
    assert twice(lambda url: str(chat_with(url).chat("Hi")), answer) == "x" * 5000


def test_rounds_of_tools(twice, chat_with):
    calls = []

    def add(a: int, b: int) -> int:
        """Add."""
        calls.append((a, b))
        return a + b

    def talk(url):
        chat = chat_with(url)
        chat.register_tool(add)
        return [str(chat.chat("1 + 2?")), len(chat.get_turns())]

    answer = Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2}, id="c1"), ToolCall("add", {"a": 3, "b": 4}, id="c2")])
    assert twice(talk, answer, "3 and 7")[0] == "3 and 7"
    assert sorted(calls) == [(1, 2), (1, 2), (3, 4), (3, 4)]


def test_images_stay_on_the_tape(twice, tmp_path, chat_with):
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))

    def talk(url):
        return str(chat_with(url).chat("What is it?", content_image_file(tmp_path / "dot.png", resize="none")))

    assert twice(talk, "A dot.") == "A dot."
    assert PIXEL in (tmp_path / "tape.jsonl").read_text()


class Person(BaseModel):
    name: str
    age: int


def test_typed_answers_with_the_steps_to_them(twice, chat_with):
    def talk(url):
        return chat_with(url).chat_structured("Ada, 36", type=Person)

    refused = ErrorAnswer(400, {"error": {"message": "response_format json_schema is not supported"}})
    found = twice(talk, refused, '{"name": "Ada", "age": 36}')
    assert found == Person(name="Ada", age=36)


def test_asynchronous_verbs(twice, chat_with):
    async def talk(url):
        chat = chat_with(url)
        first = str(await chat.chat_async("Hi"))
        return [first, *[piece async for piece in chat.stream_async("And?")]]

    assert twice(lambda url: asyncio.run(talk(url)), "Hello", Answer(["a", "b"])) == ["Hello", "a", "b"]


def test_many_at_once_in_any_order(tmp_path, chat_with, lines_of):
    path = tmp_path / "tape.jsonl"

    def ask(number):
        return str(chat_with(url).chat(f"number {number}"))

    with FakeService(strict=True) as service:
        url = service.base_url
        service.on_request(lambda request: request.messages[-1]["content"] + "!")
        with record(path), ThreadPoolExecutor(8) as pool:
            first = list(pool.map(ask, range(20)))
    with replay(path), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, reversed(range(20)))) == first[::-1]
    assert first[7] == "number 7!"
    assert len(lines_of(path)) == 22


def test_the_same_request_twice_gets_the_first_answer_first(twice, chat_with):
    assert twice(lambda url: [str(chat_with(url).chat("Hi")) for _ in range(2)], "one", "two") == ["one", "two"]


def test_everything_else_that_goes_through_requests(twice):
    def talk(url):
        with requests.Session() as session:
            reply = session.post(
                f"{url}/chat/completions", json={"model": "m", "messages": [{"role": "user", "content": "x"}]}
            )
            streamed = session.get(f"{url}/models", stream=True)
            data = b"".join(streamed.iter_content(16))
            return reply.json()["choices"], reply.reason, reply.elapsed.days, data, session.get(f"{url}/no").status_code

    assert twice(talk, "Hello")[-1] == 404


def test_encrypted_connections(tmp_path, monkeypatch, chat_with, lines_of):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))

    def talk(url):
        heard = []
        for piece in chat_with(url).stream("Hi"):
            heard.append(piece)
            if len(heard) == 2:
                break
        return heard, list(chat_with(url).stream("Hi"))

    with FakeService(strict=True, tls=context) as service:
        service.script(*[Answer(["one ", "two ", "three"], delivery=Delivery(pause=0.02))] * 2)
        with record(tmp_path / "tape.jsonl"):
            first = talk(service.base_url)
    with replay(tmp_path / "tape.jsonl"):
        assert talk(service.base_url) == first
    assert [exchange["response"]["end"] for exchange in lines_of(tmp_path / "tape.jsonl")[1:-1]] == ["left", "complete"]


def test_the_pace_of_the_recording(tmp_path, chat_with, lines_of):
    path = tmp_path / "tape.jsonl"
    with FakeService() as service, record(path):
        service.script(Answer(["one ", "two "], delivery=Delivery(pause=0.15)))
        list(chat_with(service.base_url).stream("Hi"))
    times = [at for at, _ in lines_of(path)[1]["response"]["body"]]
    assert times == sorted(times)
    assert times[-1] >= 300
    with replay(path, speed=1):
        stream = chat_with(service.base_url).stream("Hi")
        list(stream)
    assert stream.turn.duration >= 0.3
    with replay(path, speed=100):
        stream = chat_with(service.base_url).stream("Hi")
        list(stream)
    assert stream.turn.text == "one two "
