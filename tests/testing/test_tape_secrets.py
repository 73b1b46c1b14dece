"""What must not be on a tape: keys, cookies, tokens, wherever they are sent or repeated."""

import base64
import json
import stat

import pytest
import requests

from chatkit import chat_openai_compatible
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, RawAnswer, record, replay
from chatkit.testing._tape_secrets import MASK, Secrets

KEY = "sk-canary/7f3a91+c0ffee=="
QUERY = "api_key=query-secret-1&model=m&X-Amz-Signature=query-secret-2&sig=query-secret-3"


@pytest.fixture
def service():
    with FakeService(paths=None) as running:
        yield running


def fails(ask, *given, **named):
    with pytest.raises(Exception, match=r"\w"):
        ask(*given, **named)


@pytest.fixture
def written(tmp_path):
    """Record something; gives the text of the tape."""

    def act(talk, **options):
        with record(tmp_path / "tape.jsonl", **options):
            talk()
        return (tmp_path / "tape.jsonl").read_text(encoding="utf-8")

    return act


def assert_no_key(text):
    plain = KEY.encode()
    for form in (KEY, KEY.replace("/", "\\/"), "7f3a91%2Bc0ffee", base64.b64encode(plain).decode().rstrip("=")):
        assert form not in text
    assert "7f3a91" not in text


@pytest.mark.parametrize("piece", [1, 7, None])
@pytest.mark.parametrize("gzip", [False, True])
def test_a_key_that_is_repeated_in_any_form_and_cut_anywhere(service, written, piece, gzip):
    told = json.dumps({"plain": KEY, "b64": base64.b64encode(KEY.encode()).decode()}).replace("/", "\\/")
    text = f"{told} {KEY} {requests.utils.quote(KEY, safe='')}"
    service.script(
        RawAnswer(text.encode(), headers={"x-echo": KEY}, delivery=Delivery(framing="chunked", piece=piece, gzip=gzip))
    )

    def talk():
        headers = {"Authorization": f"Bearer {KEY}"}
        heard = requests.post(service.base_url, json={"say": f"my key is {KEY}"}, headers=headers, timeout=5)
        assert heard.text == text
        assert heard.headers["x-echo"] == KEY

    tape = written(talk)
    assert_no_key(tape)
    assert tape.count(MASK) == 6


@pytest.mark.parametrize("piece", [1, 5, 100, None])
def test_a_key_that_is_said_word_by_word(tmp_path, written, piece, canary):
    words = [KEY[at : at + 3] for at in range(0, len(KEY), 3)]
    with FakeService(strict=True) as service:
        delivery = Delivery(piece=piece, framing="chunked")
        service.script(Answer(["It is ", *words, "!"], reasoning=words, delivery=delivery))
        chat = chat_openai_compatible(service.base_url, model="m", echo="none", credentials=lambda: KEY)
        tape = written(lambda: list(chat.stream("Hi")))
        asked = [line for line in tape.splitlines() if "request" in line]
    said = "".join(text for _, text in json.loads(asked[0])["response"]["body"])
    deltas = [json.loads(line[6:])["choices"] for line in said.splitlines() if line.startswith("data: {")]
    assert_no_key("".join(choice["delta"].get("content") or "" for choices in deltas for choice in choices))
    with replay(tmp_path / "tape.jsonl"):
        stream = chat_openai_compatible(service.base_url, model="m", echo="none").stream("Hi")
        assert "".join(stream) == f"It is {MASK}!"
    assert stream.turn.contents[0].thinking == MASK


@pytest.mark.parametrize(
    "name", ["Authorization", "x-api-key", "api-key", "X-Goog-Api-Key", "X-Auth-Token", "Proxy-Authorization"]
)
def test_headers_that_hold_keys(service, written, name):
    service.script(RawAnswer(KEY.encode()))
    assert_no_key(written(lambda: requests.get(service.base_url, headers={name: KEY}, timeout=5)))


def test_cookies_both_ways(service, written):
    service.script(
        RawAnswer(b"{}", headers={"set-cookie": "sid=a-fresh-session-id; Path=/"}), RawAnswer(b"old-session-id")
    )

    def talk():
        with requests.Session() as session:
            session.get(service.base_url, timeout=5)
            assert session.cookies["sid"] == "a-fresh-session-id"
            session.get(service.base_url, timeout=5, headers={"Cookie": "sid=old-session-id; x=y"})

    tape = written(talk)
    assert "session-id" not in tape


def test_urls(service, written):
    service.script(
        RawAnswer(b"query-secret-1 query-secret-2 s3cret-password", status=200),
        RawAnswer(b"", headers={"location": "https://x.test/y?token=abc123456"}, status=201),
    )

    def talk():
        url = service.base_url.replace("http://", "http://ada:s3cret-password@")
        requests.get(f"{url}/path?{QUERY}", timeout=5)
        requests.get(service.base_url, timeout=5)

    tape = written(talk)
    assert "query-secret" not in tape
    assert "s3cret" not in tape
    assert "ada:" not in tape
    assert "abc123456" not in tape
    assert f"api_key={MASK}&model=m&" in tape
    service.close()
    with replay(service_path(written, tape), strict=False):
        heard = requests.get(f"{service.base_url}/path?api_key=other&model=m&X-Amz-Signature=z&sig=1", timeout=5)
    assert heard.text == f"{MASK} {MASK} {MASK}"


def service_path(written, tape):
    return written.__closure__[0].cell_contents / "tape.jsonl"


def test_tokens_that_a_server_hands_out(service, written):
    service.script(RawAnswer(b'{"access_token": "fresh-token", "expires_in": 3600}'))
    tape = written(lambda: requests.post(service.base_url, json={"client_secret": "my-client-secret"}, timeout=5))
    assert "fresh-token" not in tape
    assert "my-client-secret" not in tape
    assert "3600" in tape


def test_only_harmless_headers_of_requests(service, written):
    service.script(RawAnswer(b"{}", headers={"openai-organization": "org-1", "x-ratelimit-remaining-tokens": "99"}))
    headers = {"X-Who": "ada", "Accept": "application/json", "User-Agent": "me"}
    tape = written(lambda: requests.get(service.base_url, headers=headers, timeout=5))
    exchange = json.loads(tape.splitlines()[1])
    assert exchange["request"]["headers"] == {"accept": "application/json"}
    kept = dict(exchange["response"]["headers"])
    assert kept.keys() == {"x-request-id", "x-ratelimit-remaining-tokens", "content-type"}


def test_errors_of_the_way(written):
    tape = written(lambda: fails(requests.get, f"http://127.0.0.1:9/x?key={KEY}"))
    assert "ConnectionRefusedError" in tape
    assert_no_key(tape)


def test_a_function_of_the_user(service, tmp_path, written):
    def redact(text):
        return text.replace("Ada Lovelace", "A. L.")

    service.script(
        Answer(["Hello ", "Ada ", "Lovelace"]),
        RawAnswer(b"I am Ada Lovelace, says Ada Lovelace.", delivery=Delivery(framing="chunked", piece=5)),
    )

    def talk():
        headers = {"content-type": "text/Ada Lovelace"}
        return requests.post(f"{service.base_url}/x?name=Ada Lovelace", data="Ada Lovelace", headers=headers, timeout=5)

    service.script(RawAnswer(b"Ada Lovelace"))
    tape = written(lambda: [talk(), talk(), talk()], redact=redact)
    assert "Ada Lovelace" not in tape
    with replay(tmp_path / "tape.jsonl", redact=redact, strict=False):
        talk()
        assert talk().text == "I am A. L., says A. L.."


def test_short_words_are_no_keys(service, written):
    service.script(RawAnswer(b"ollama is a program"))
    tape = written(lambda: requests.get(service.base_url, headers={"Authorization": "Bearer ollama"}, timeout=5))
    assert "ollama is a program" in tape


def test_bytes_that_are_no_text(service, written, tmp_path):
    data = b"\xff\xfe" + KEY.encode() + b"\x00\xff"
    service.script(RawAnswer(data))
    headers = {"Authorization": f"Bearer {KEY}"}
    tape = written(lambda: requests.post(service.base_url, data=data, headers=headers, timeout=5))
    assert KEY.encode() not in b"".join(base64.b64decode(text) for text in tape.split('"') if text.endswith("="))
    with replay(tmp_path / "tape.jsonl"):
        heard = requests.post(service.base_url, data=data, headers=headers, timeout=5)
    assert heard.content == b"\xff\xfe" + MASK.encode() + b"\x00\xff"


def test_the_file_is_for_its_owner_only(service, written, tmp_path):
    place = tmp_path / "tape.jsonl"
    place.write_text("something else")
    place.chmod(0o644)
    service.script("x")
    assert "something else" not in written(lambda: requests.get(service.base_url, timeout=5))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_basic_passwords():
    secrets = Secrets()
    secrets.learn("http://x.test", {"Authorization": "Basic " + base64.b64encode(b"ada:long-password").decode()})
    assert secrets.clean("a long-password b") == f"a {MASK} b"
    secrets.learn("http://x.test", {b"Authorization".decode(): b"Basic \xff!"})
    assert secrets.clean("a") == "a"


def test_proxies_have_passwords(service, written):
    proxies = {"http": "http://me:proxy-password@127.0.0.1:9"}
    tape = written(lambda: fails(requests.get, "http://x.test/?q=proxy-password", proxies=proxies))
    assert "proxy-password" not in tape
    assert "ProxyError" in tape


def test_no_secret_in_the_repr_or_errors(tmp_path, service, canary):
    assert repr(Secrets()) == "Secrets()"
    service.script(Answer("x"))
    chat = chat_openai_compatible(service.base_url, model="m", echo="none", credentials=canary.credentials)
    with record(tmp_path / "tape.jsonl") as tape:
        chat.chat("hi")
    canary.assert_not_in(repr(tape), (tmp_path / "tape.jsonl").read_text())
    with pytest.raises(Exception, match="not on the tape") as caught, replay(tmp_path / "tape.jsonl"):
        chat.chat(f"the key is {canary.credentials()}")
    assert "7f3a91c0ffee" not in str(caught.value)


def test_a_key_stays_out_when_the_request_fails_by_status(service, written, canary):
    service.script(ErrorAnswer(401, {"error": {"message": f"Incorrect API key: {canary.credentials()}"}}))
    chat = chat_openai_compatible(service.base_url, model="m", echo="none", credentials=canary.credentials)
    tape = written(lambda: fails(chat.chat, "hi"))
    canary.assert_not_in(tape)
    assert "Incorrect API key" in tape
