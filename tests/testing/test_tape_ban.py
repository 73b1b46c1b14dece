"""Real requests are forbidden where that is asked for: before anything is sent, with the host and what to do."""

import asyncio
import socket
import threading
import urllib.request

import pytest
import requests

from chatkit import chat_huggingface, chat_openai_compatible
from chatkit.testing import FakeService, RequestForbiddenError, forbid_requests, record, replay
from chatkit.testing._ban import Ban, lifted


@pytest.fixture
def service():
    with FakeService(paths=None) as running:
        running.on_request(lambda request: "Hello")
        yield running


def test_the_error_names_the_host_and_what_to_do(canary):
    chat = chat_openai_compatible("https://api.test/v1", model="m", echo="none", credentials=canary.credentials)
    with forbid_requests(), pytest.raises(RequestForbiddenError) as caught:
        chat.chat("Hi")
    said = str(caught.value)
    assert "nothing was sent to api.test (POST https://api.test)" in said
    for way in ("chatkit.testing.replay", "chatkit_tape", "FakeService", "forbid_requests(allow=['api.test'])"):
        assert way in said
    canary.assert_not_in(said)
    assert chat.get_turns() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_this_machine_may_be_asked(service, host):
    with forbid_requests():
        assert requests.get(f"http://{host}:{service.origin.rpartition(':')[2]}/", timeout=5).status_code == 200


@pytest.mark.parametrize("host", ["127.1.2.3", "[::1]", "::1", "app.localhost", "0.0.0.0", "", "fe80::1%lo"])
def test_what_this_machine_is_called(host):
    ban = Ban(allow_loopback=True, allow=())
    if "%" in host:
        with pytest.raises(RequestForbiddenError):
            ban.check(host, "x")
    else:
        assert ban.check(host, "x") is None


def test_not_even_this_machine(service):
    with forbid_requests(allow_loopback=False), pytest.raises(RequestForbiddenError, match=r"127\.0\.0\.1"):
        requests.get(service.origin, timeout=5)
    with forbid_requests(allow_loopback=False, allow="127.0.0.1"):
        assert requests.get(service.origin, timeout=5).status_code == 200


def test_hosts_that_are_allowed_by_name(service):
    port = int(service.origin.rpartition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]
    reached = []

    def connect(sock, address):
        reached.append(address)
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *given, **named: found)
        patch.setattr(socket.socket, "connect", connect)
        with forbid_requests(allow=["api.test"]), pytest.raises(requests.ConnectionError):
            requests.get(f"http://api.test:{port}/", timeout=5)
    assert reached == [("192.0.2.1", port)]


@pytest.mark.parametrize("address", ["http://192.0.2.1/", "http://no-such-host.invalid/", "http://2130706433.test/"])
def test_what_does_not_go_through_requests(address):
    with forbid_requests(), pytest.raises(RequestForbiddenError, match="Real requests are forbidden"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5)


def test_asynchronous_connections():
    async def connect():
        await asyncio.open_connection("192.0.2.1", 80)

    with forbid_requests(), pytest.raises(RequestForbiddenError, match=r"192\.0\.2\.1 \(port 80\)"):
        asyncio.run(connect())


def test_other_sockets_are_left_alone(tmp_path):
    with forbid_requests(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", 9))
        assert socket.getaddrinfo(None, 80)
        assert socket.getaddrinfo(b"127.0.0.1", 80)
    one, other = socket.socketpair()
    one.close()
    other.close()


def test_everything_is_as_before_afterwards():
    before = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex, requests.adapters.HTTPAdapter.send
    for _ in range(2):
        with forbid_requests(), forbid_requests():
            assert socket.getaddrinfo is not before[0]
    after = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex, requests.adapters.HTTPAdapter.send
    assert before == after
    assert "connect" not in vars(socket.socket)


def test_in_other_threads_and_in_functions(service):
    errors = []

    def ask():
        try:
            requests.get("http://api.test", timeout=5)
        except RequestForbiddenError as error:
            errors.append(error)

    @forbid_requests()
    def act():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()

    act()
    assert len(errors) == 1


def test_a_tape_is_no_real_request_whichever_comes_first(tmp_path, service):
    path = tmp_path / "tape.jsonl"
    with record(path):
        chat_openai_compatible(service.base_url, model="m", echo="none").chat("Hi")
    path.write_text(path.read_text().replace(service.base_url, "https://api.test/v1"))
    for outer, inner in ((replay(path), forbid_requests()), (forbid_requests(), replay(path))):
        with outer, inner:
            assert chat_openai_compatible("https://api.test/v1", model="m", echo="none").chat("Hi") == "Hello"


def test_recording_what_is_forbidden_records_nothing(tmp_path):
    with forbid_requests(), record(tmp_path / "t") as tape:
        with pytest.raises(RequestForbiddenError):
            chat_huggingface(model="a/b", echo="none", credentials=lambda: "k").chat("Hi")
        with lifted(), pytest.raises(requests.ConnectionError):
            requests.get("http://no-such-host.invalid", timeout=5)
    assert tape.count == 1
    assert '"number": 2' in (tmp_path / "t").read_text()
    assert '"number": 1' not in (tmp_path / "t").read_text()
