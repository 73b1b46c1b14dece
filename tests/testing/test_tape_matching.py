"""A request that is not on the tape raises before any network, and says where it differs and what is left."""

import asyncio
import contextlib
import io
import json
import os
import threading

import pytest
import requests
import urllib3

from chatkit import chat_huggingface, chat_openai_compatible
from chatkit.testing import FakeService, RawAnswer, TapeMismatchError, record, replay
from chatkit.testing._tape_matching import first_difference

URL = "https://api.test/v1/chat"


def asked(body=None, *, method="POST", url=URL, form="json"):
    return {"method": method, "url": url, **({} if body is None else {"body": {form: body}})}


SAME = [
    (asked({"a": 1, "b": [1, {"c": "é"}]}), asked({"b": [1.0, {"c": "é"}], "a": 1})),
    (asked(), asked()),
    (asked("x", form="text"), asked("x", form="text")),
    (asked({}, url="http://localhost:1/x"), asked({}, url="http://127.0.0.1:2/x")),
    (asked({}, url="http://[::1]:1/x"), asked({}, url="http://app.localhost/x")),
    (asked(True, form="streamed"), asked("x", form="text")),
    (asked("key [key removed]!", form="text"), asked("key sk-1234!", form="text")),
    (asked({"a": "[key removed]"}), asked({"a": "anything\nelse"})),
]


@pytest.mark.parametrize(("before", "now"), SAME)
def test_the_same_request(before, now):
    assert first_difference(before, now) is None


DIFFERENT = [
    (asked(), asked(method="GET"), "the method is GET, not POST"),
    (
        asked(),
        asked(url="https://api.test/v2/chat"),
        "the URL is https://api.test/v2/chat, not https://api.test/v1/chat",
    ),
    (asked(url="https://x.test:1/"), asked(url="https://x.test:2/"), "the URL is https://x.test:2/"),
    (asked(url="http://["), asked(url="http://]"), "the URL is http://]"),
    (asked({"m": [{"c": "Hi"}, {"c": "Ho"}]}), asked({"m": [{"c": "Hi"}, {"c": "He"}]}), "m[1].c is 'He', not 'Ho'"),
    (asked({"m": [1]}), asked({"m": [1, {"a": 2}]}), "m[1] is new: {'a': 2}"),
    (asked({"m": [1, 2]}), asked({"m": [1]}), "m[1] is missing: 2"),
    (asked({"a": 1}), asked({"a": 1, "top_p": 0.5}), "top_p is new: 0.5"),
    (asked({"a": 1, "x y": 2}), asked({"a": 1}), "['x y'] is missing: 2"),
    (asked({"a": {"x y": 1}}), asked({"a": {"x y": 2}}), "a['x y'] is 2, not 1"),
    (asked({"a": 1}), asked({"a": True}), "a is True, not 1"),
    (asked({"a": None}), asked({"a": "x" * 99}), "a is 'xxxxx"),
    (asked([1]), asked({"a": 1}), "the body is {'a': 1}, not [1]"),
    (asked(), asked({}), "there is a body"),
    (asked({}), asked(), "there is no body"),
    (asked("abc", form="text"), asked("abd", form="text"), "the body, from its byte 2 on, is 'd', not 'c'"),
    (asked("abc", form="text"), asked("abcd", form="text"), "the body, from its byte 3 on, is 'd', not ''"),
    (asked("/w==", form="base64"), asked([1]), "the body, from its byte 0 on, is '[1]', not 'ÿ'"),
]


@pytest.mark.parametrize(("before", "now", "difference"), DIFFERENT)
def test_where_requests_first_differ(before, now, difference):
    assert first_difference(before, now).startswith(difference)


def test_bodies_that_are_too_deep_are_compared_nevertheless():
    deep = other = 1
    for _ in range(3000):
        deep, other = [deep], [other]
    changed = [2]
    for _ in range(2999):
        changed = [changed]
    with contextlib.suppress(RecursionError):
        assert first_difference(asked(deep), asked(changed)) is not None


@pytest.fixture
def taped(tmp_path):
    """A tape of a chat of three answers; gives its path and the address of the server, which is gone."""
    with FakeService(strict=True) as service:
        service.script("one", "two", "three")
        chat = chat_openai_compatible(service.base_url, model="m", echo="none")
        with record(tmp_path / "tape.jsonl"):
            for text in ("first", "second", "third"):
                chat.chat(text)
    return tmp_path / "tape.jsonl", service.base_url


def test_the_error_names_the_field_and_what_is_left(taped):
    path, url = taped
    chat = chat_openai_compatible(url, model="m", echo="none")
    with pytest.raises(TapeMismatchError) as caught, replay(path):
        chat.chat("first")
        chat.chat("zweitens")
    said = str(caught.value)
    assert "It differs from number 2 first in this: messages[2].content is 'zweitens', not 'second'." in said
    assert f"Left on the tape: number 2 (POST {url}/chat/completions), 3 (POST" in said
    assert "Nothing was sent" in said
    # What was said before stays as it was.
    assert [turn.text for turn in chat.get_turns()] == ["first", "one"]


def test_an_error_that_is_swallowed_comes_again_at_the_end(taped):
    path, url = taped
    chat = chat_openai_compatible(url, model="m", echo="none")
    with pytest.raises(TapeMismatchError, match="messages"), replay(path):
        with contextlib.suppress(Exception):
            chat.chat("zuerst")
        for text in ("first", "second", "third"):
            chat.chat(text)


def test_what_was_not_asked_for_is_an_error_unless_that_is_fine(taped):
    path, url = taped
    chat = chat_openai_compatible(url, model="m", echo="none")
    with pytest.raises(TapeMismatchError, match=r"not played to its end. Left on the tape: number 2"), replay(path):
        chat.chat("first")
    with replay(path, strict=False) as tape:
        pass
    assert tape.left == 3
    with pytest.raises(ZeroDivisionError), replay(path):
        print(1 / 0)


def test_a_request_beyond_the_end(taped):
    path, url = taped
    chat = chat_openai_compatible(url, model="m", echo="none")
    with pytest.raises(TapeMismatchError, match=r"it was played to its end\."), replay(path):
        for text in ("first", "second", "third", "fourth"):
            chat.chat(text)


def test_many_left_are_counted(tmp_path):
    with FakeService(paths=None) as service, record(tmp_path / "t"):
        service.on_request(lambda request: "x")
        for number in range(9):
            requests.post(f"{service.origin}/{number}", timeout=5)
    with pytest.raises(TapeMismatchError, match=r"\) and 4 more\."), replay(tmp_path / "t"):
        requests.post(f"{service.origin}/x", timeout=5)


def test_reading_on_where_the_recording_was_left(tmp_path, monkeypatch):
    monkeypatch.setattr("chatkit.testing._tape_answer._PATIENCE", 0.05)
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    with FakeService() as service, record(tmp_path / "t"):
        service.script(RawAnswer([b"some", b"more"]))
        response = requests.post(f"{service.base_url}/chat/completions", json=body, stream=True, timeout=5)
        assert next(response.iter_content(4)) == b"some"
        response.close()
    with pytest.raises(TapeMismatchError, match="whoever recorded it stopped reading"), replay(tmp_path / "t"):
        requests.post(f"{service.base_url}/chat/completions", json=body, timeout=5)


def test_look_ups_may_be_made_more_or_less_often(tmp_path):
    with FakeService() as service, record(tmp_path / "t"):
        requests.get(f"{service.base_url}/models", timeout=5)
        requests.get(f"{service.base_url}/models?x=1", timeout=5)
    with replay(tmp_path / "t") as tape:
        heard = [requests.get(f"{service.base_url}/models", timeout=5).json() for _ in range(3)]
    assert heard[0] == heard[2]
    assert tape.left == 0
    with pytest.raises(TapeMismatchError, match="the URL is"), replay(tmp_path / "t"):
        requests.get(f"{service.base_url}/elsewhere", timeout=5)


def test_what_was_learned_of_a_server_before_does_not_matter(tmp_path):
    with FakeService(strict=True) as service:
        chat = chat_huggingface(model="fake-model", base_url=service.base_url, echo="none")
        chat.models()
        with record(tmp_path / "t"):
            chat.models()
        asked = len(service.requests)
    chat = chat_huggingface(model="fake-model", base_url=service.base_url, echo="none")
    with replay(tmp_path / "t"):
        assert [row.id for row in chat.models()] == ["fake-model"]
    assert asked == 2


def test_no_key_is_needed(tmp_path, monkeypatch):
    with FakeService(paths=None) as service:
        service.script("Hello")
        with record(tmp_path / "t"):
            chat_openai_compatible(service.base_url, model="m", echo="none").chat("Hi")
    text = (tmp_path / "t").read_text().replace(service.base_url, "https://api.openai.com/v1")
    (tmp_path / "t").write_text(text)
    monkeypatch.setenv("HF_TOKEN", "")
    with replay(tmp_path / "t"):
        assert chat_openai_compatible("https://api.openai.com/v1", model="m", echo="none").chat("Hi") == "Hello"
    assert os.environ["HF_TOKEN"] == ""
    assert "OPENAI_API_KEY" not in os.environ


def test_other_bodies(tmp_path):
    def pieces():
        yield from (b"a", b"b")

    with FakeService(paths=None) as service, record(tmp_path / "t"):
        service.on_request(lambda request: RawAnswer(request.body, status=201))
        requests.post(service.origin, data=pieces(), timeout=5)
        requests.put(service.origin, data={"a": "b"}, timeout=5)
        requests.request("HEAD", service.origin, timeout=5)
        requests.post(service.origin, timeout=5)
    with replay(tmp_path / "t"):
        assert requests.post(service.origin, data=pieces(), timeout=(1, 2)).text == "ab"
        assert requests.put(service.origin, data={"a": "b"}).text == "a=b"
        assert requests.request("HEAD", service.origin, timeout=urllib3.Timeout(1)).status_code == 201
        assert requests.post(service.origin).content == b""


def test_an_answer_that_somebody_made_up(tmp_path):
    class MadeUp(requests.adapters.HTTPAdapter):
        def get_connection_with_tls_context(self, *args, **options):
            return self

        def cert_verify(self, *args):
            """Nothing to verify."""

        def urlopen(self, **options):
            return urllib3.HTTPResponse(
                io.BytesIO(b"made up"), preload_content=False, headers={"Content-Type": "text/plain"}, status=200
            )

    with requests.Session() as session:
        session.mount("http://made.up", MadeUp())
        with record(tmp_path / "t"):
            assert session.get("http://made.up/x").text == "made up"
    with replay(tmp_path / "t"):
        assert requests.get("http://made.up/x", timeout=5).text == "made up"


def test_encodings_that_cannot_be_read_are_not_recorded(tmp_path):
    with FakeService(paths=None) as service:
        service.script(RawAnswer(b"xx", headers={"content-encoding": "br"}), "fine")
        with record(tmp_path / "t"):
            with pytest.raises(Exception, match="encoding 'br', which a tape cannot keep"):
                requests.get(service.origin, headers={"Accept-Encoding": "br"}, timeout=5)
            requests.get(service.origin, timeout=5)
        assert [request.headers["accept-encoding"] for request in service.requests] == ["gzip, deflate"] * 2
    lines = (tmp_path / "t").read_text().splitlines()
    assert len([line for line in lines if "request" in json.loads(line)]) == 1


def test_tapes_one_inside_the_other_and_one_after_the_other(tmp_path):
    real = requests.adapters.HTTPAdapter.send
    with FakeService(paths=None) as service:
        service.script("one", "two")
        with record(tmp_path / "outer"), record(tmp_path / "inner"):
            requests.get(service.origin, timeout=5)
    with replay(tmp_path / "outer"), record(tmp_path / "copy"):
        requests.get(service.origin, timeout=5)
    assert requests.adapters.HTTPAdapter.send is real
    bodies = [
        json.loads((tmp_path / name).read_text().splitlines()[1])["response"]["body"]
        for name in ("outer", "inner", "copy")
    ]
    assert len({json.dumps([text for _, text in body]) for body in bodies}) == 1


def test_functions_are_decorated(tmp_path):
    with FakeService(paths=None) as service:
        service.on_request(lambda request: "x")

        @record(tmp_path / "t")
        def ask(word):
            """Ask."""
            return requests.get(f"{service.origin}/{word}", timeout=5).status_code

        assert (ask("a"), ask.__doc__, ask("b")) == (200, "Ask.", 200)

    @replay(tmp_path / "t")
    async def ask_again():
        await asyncio.sleep(0)
        return requests.get(f"{service.origin}/b", timeout=5).status_code

    assert asyncio.run(ask_again()) == 200
    assert threading.active_count() >= 1
