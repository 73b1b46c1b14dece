"""FakeService: scripting, recording, routing, connections and closing."""

import http.client
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import trustme

import chatkit.testing
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, RawAnswer, RecordedRequest, Reply

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(service, body=None, **options):
    return requests.post(f"{service.base_url}/chat/completions", json=body or CHAT, timeout=5, **options)


def content(response):
    return response.json()["choices"][0]["message"]["content"]


def test_the_door_is_sorted_and_whole():
    assert chatkit.testing.__all__ == sorted(chatkit.testing.__all__)
    assert all(hasattr(chatkit.testing, name) for name in chatkit.testing.__all__)


def test_queued_answers_are_given_in_order(service):
    service.say("one ", "two")
    service.script("three", ErrorAnswer(503, {"error": "loading"}))
    assert content(ask(service)) == "one two"
    assert content(ask(service)) == "three"
    assert (ask(service).status_code, service.unsaid) == (503, 0)


def test_a_handler_answers_what_is_not_queued(service):
    service.on_request(lambda request: f"{request.model} says {request.messages[-1]['content']}")
    service.say("queued")
    assert [content(ask(service)), content(ask(service))] == ["queued", "m says hi"]


def test_an_unscripted_request_is_told_so(service):
    response = ask(service)
    assert response.status_code == 500
    assert response.json()["error"]["message"] == "FakeService: no answer is scripted for request 1"


def test_what_a_handler_raises_is_answered_with_500(service):
    service.on_request(lambda request: request.json["absent"])
    response = ask(service)
    assert response.status_code == 500
    assert "answering request 1 raised KeyError: 'absent'" in response.json()["error"]["message"]


def test_something_that_is_no_answer_is_told_so(service):
    service.script(42)
    assert "not an answer: 42" in ask(service).json()["error"]["message"]


def test_requests_are_recorded(service):
    service.say("a")
    ask(service, headers={"Authorization": "Bearer canary", "X-Thing": "1"}, params={"q": "2"})
    (request,) = service.requests
    assert (request.number, request.method, request.path) == (1, "POST", "/v1/chat/completions")
    assert request.target == "/v1/chat/completions?q=2"
    assert request.headers["x-thing"] == "1"
    assert json.loads(request.body) == request.json == CHAT
    assert (request.messages, request.model, request.stream) == (CHAT["messages"], "m", False)
    assert request.wait_ended()
    assert request.outcome == "answered"
    assert request.at <= request.ended_at <= time.monotonic()
    assert request.disconnected_at is None
    assert "canary" not in repr(request)


def test_a_body_that_is_no_json_is_recorded_as_none():
    request = RecordedRequest(1, "POST", "/", {}, b"\xff{", 1)
    assert (request.json, request.messages, request.model, request.stream) == (None, [], "", False)
    assert RecordedRequest(1, "POST", "/", {}, b'{"messages": 3, "model": 4}', 1).messages == []


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]"])
def test_a_chat_request_must_be_a_json_object(service, body):
    response = requests.post(f"{service.base_url}/chat/completions", data=body, timeout=5)
    assert response.status_code == 400


def test_unknown_paths_are_not_found(service):
    response = requests.post(f"{service.base_url}/v1/chat/completions", json=CHAT, timeout=5)
    assert response.status_code == 404
    assert "POST /v1/v1/chat/completions" in response.json()["error"]["message"]


def test_the_chat_path_wants_post(service):
    response = requests.get(f"{service.base_url}/chat/completions", timeout=5)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_models_are_listed(service):
    service.models = ["one", {"id": "org/two", "providers": []}]
    url = f"{service.base_url}/models"
    listed = requests.get(url, timeout=5).json()
    assert [entry["id"] for entry in listed["data"]] == ["one", "org/two"]
    assert requests.get(f"{url}/org/two", timeout=5).json() == {"id": "org/two", "providers": []}
    assert requests.get(f"{url}/three", timeout=5).status_code == 404
    assert requests.post(url, timeout=5).status_code == 405


def test_any_path_can_be_scripted():
    with FakeService(paths=None) as service:
        service.script(RawAnswer(b"image", content_type="image/png"))
        response = requests.get(f"{service.origin}/pictures/1", timeout=5)
        assert (response.content, response.headers["content-type"]) == (b"image", "image/png")


def test_a_reply_can_be_scripted_as_it_is(service):
    service.script(Reply([b"a", b"b"], 201, {"x-a": "1"}))
    response = ask(service)
    assert (response.status_code, response.content, response.headers["x-a"]) == (201, b"ab", "1")


def test_every_answer_has_a_request_id(service):
    service.script("a", Answer("b", headers={"X-Request-ID": "mine"}))
    assert [ask(service).headers["x-request-id"] for _ in range(2)] == ["req-1", "mine"]


def test_a_connection_is_kept_and_used_again(service):
    service.on_request(lambda request: "x")
    with requests.Session() as session:
        for stream in (True, False, True):
            url = f"{service.base_url}/chat/completions"
            session.post(url, json={**CHAT, "stream": stream}, timeout=5).content  # noqa: B018
    assert service.connections == 1
    assert {request.connection for request in service.requests} == {1}


def test_a_connection_is_closed_when_asked(service):
    service.on_request(lambda request: "x")
    for _ in range(2):
        assert ask(service, headers={"Connection": "close"}).headers["connection"] == "close"
    assert service.connections == 2


def test_http_1_0_gets_its_connection_closed(service, connect):
    with connect() as line:
        line.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
        received = b""
        while piece := line.recv(4096):
            received += piece
    assert b"connection: close" in received


def test_a_chunked_body_is_read(service):
    service.say("a")
    pieces = iter([json.dumps(CHAT).encode()[:10], json.dumps(CHAT).encode()[10:]])
    response = requests.post(f"{service.base_url}/chat/completions", data=pieces, timeout=5)
    assert (response.status_code, service.requests[0].json) == (200, CHAT)


def test_trailers_and_continue_are_understood(service, connect):
    service.say("a")
    with connect() as line:
        line.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(b"2;x=1\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n")
        assert b"200 OK" in line.recv(1000)


def test_requests_sent_ahead_are_answered_in_turn(service, connect, word_post):
    service.script(Answer("first", delivery=Delivery(pause=0.01)), "second")
    with connect() as line:
        line.sendall(word_post({"stream": True}) + word_post({}, close=True))
        received = b""
        while piece := line.recv(4096):
            received += piece
    assert received.index(b"first") < received.index(b"second")


def test_closing_ends_a_wait_behind_a_request_sent_ahead(word_post):
    with FakeService() as service:
        host, port = service.origin.removeprefix("http://").split(":")
        service.script(Answer("x", delivery=Delivery(stall_after=10)))
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(word_post({"stream": True}))
            assert line.recv(10)
            line.sendall(word_post({}))
            time.sleep(0.02)
            started = time.monotonic()
            service.close()
    assert time.monotonic() - started < 4
    assert service.requests[0].outcome == "closed"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"G" * (1 << 21),
    ],
)
def test_what_is_no_request_is_refused(service, connect, sent):
    with connect() as line:
        line.sendall(sent)
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")
    assert service.requests == []


@pytest.mark.parametrize("sent", [b"", b"POST / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"])
def test_a_client_may_leave_at_any_time(service, connect, sent):
    connect().close()
    with connect() as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert service.requests == []


@pytest.fixture
def many_files():
    """Both ends of a thousand connections are open in this one process."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 4096)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("too few open files are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_thousand_callers_at_once_are_let_in(service):
    service.on_request(lambda request: request.messages[0]["content"])
    host = service.origin.removeprefix("http://")
    start = threading.Barrier(1000)

    def call(number):
        start.wait(20)
        connection = http.client.HTTPConnection(host, timeout=20)
        body = {"messages": [{"role": "user", "content": str(number)}]}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Connection": "close"})
        answer = json.load(connection.getresponse())
        connection.close()
        return answer["choices"][0]["message"]["content"] == str(number)

    with ThreadPoolExecutor(1000) as pool:
        assert all(pool.map(call, range(1000)))
    assert service.connections == 1000


def test_dropped_connections_are_replaced(service):
    service.on_request(lambda request: "x")
    with requests.Session() as session:
        url = f"{service.base_url}/chat/completions"
        session.post(url, json=CHAT, timeout=5)
        service.drop_connections()
        time.sleep(0.05)
        assert session.post(url, json=CHAT, timeout=5).ok
    assert service.connections == 2


def service_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("service-")]


def test_closing_is_quick_and_leaves_nothing_behind(word_post):
    with FakeService() as service:
        host, port = service.origin.removeprefix("http://").split(":")
        service.script(Answer("x", delivery=Delivery(stall_after=10)))
        service.script(Answer("x", delivery=Delivery(pause_before_headers=60)))
        lines = [socket.create_connection((host, int(port)), timeout=5) for _ in range(3)]
        # One after the other: callers at once may be given the scripted answers either way round.
        lines[0].sendall(word_post({"stream": True}))
        assert lines[0].recv(10)
        lines[1].sendall(word_post({"stream": True}))
        while len(service.requests) < 2:
            time.sleep(0.001)
        started = time.monotonic()
    assert time.monotonic() - started < 4
    assert service_threads() == []
    assert [request.outcome for request in service.requests] == ["closed", "closed"]
    service.close()
    for line in lines:
        line.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)
    assert repr(service) == "<FakeService closed, 2 requests>"


def test_a_handler_may_close_its_own_service():
    service = FakeService()

    def handle(request):
        service.close()
        return "x"

    service.on_request(handle)
    with pytest.raises(requests.ConnectionError):
        ask(service)


def test_a_given_port_is_used():
    with FakeService() as first:
        port = int(first.origin.rpartition(":")[2])
    with FakeService(port=port) as second:
        assert second.base_url == f"http://127.0.0.1:{port}/v1"
        assert repr(second) == f"<FakeService {second.base_url}, 0 requests>"


def test_a_departed_client_is_noticed_during_a_stall(service):
    service.script(Answer("x", delivery=Delivery(stall_after=10)))
    with ask(service, {**CHAT, "stream": True}, stream=True) as response:
        assert response.raw.read(10)
        response.raw.shutdown()
    request = service.requests[0]
    assert request.wait_disconnected()
    assert request.at <= request.disconnected_at <= time.monotonic()


def test_a_departed_client_is_noticed_during_endless_sending(service):
    service.script(RawAnswer(iter(lambda: b"x" * 65536, b"")))
    with ask(service, stream=True) as response:
        assert response.raw.read(10)
        response.raw.shutdown()
    assert service.requests[0].wait_disconnected()


def test_https_is_spoken(tmp_path):
    authority, chain = trustme.CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeService(tls=context) as service:
        service.script("secret", Answer("x", delivery=Delivery(stall_after=10)))
        assert service.base_url.startswith("https://")
        assert content(ask(service, verify=str(chain))) == "secret"
        with pytest.raises(requests.exceptions.SSLError):
            ask(service)
        with ask(service, {**CHAT, "stream": True}, stream=True, verify=str(chain)) as response:
            assert response.raw.read(10)
        assert service.requests[-1].wait_disconnected()
        started = time.monotonic()
    assert time.monotonic() - started < 4
