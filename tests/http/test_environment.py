"""What the surroundings have a say in: proxies, certificates, .netrc, and a session of the caller's own."""

from __future__ import annotations

import socket

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from chatkit._errors import APIConnectionError, APIResponseError, AuthenticationError, Cancelled, ConfigError
from chatkit._http.connections import LineAdapter
from chatkit._http.transport import RequestsTransport
from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, FakeService, RawAnswer


@pytest.fixture
def proxy():
    """A server that any request may be sent to, as a proxy for plain HTTP is."""
    with FakeService(paths=None) as running:
        yield running


@pytest.fixture
def session():
    with requests.Session() as made:
        yield made


@pytest.fixture
def line_of(session):
    opened = []

    def make():
        opened.append(RequestsTransport(session).line())
        return opened[-1]

    yield make
    for line in opened:
        line.close()


# --- proxies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("own_session", [False, True])
def test_b15_loopback_is_never_reached_through_a_proxy(name, own_session, service, proxy, chat_with, monkeypatch):
    monkeypatch.setenv(name, proxy.origin)
    urls = [service.base_url, service.base_url.replace("127.0.0.1", "localhost")]
    for url in urls:
        service.script("good")
        with requests.Session() as session:
            assert str(chat_with(url, session=session if own_session else None).chat("a")) == "good"
    assert (proxy.connections, len(service.requests)) == (0, 2)


@pytest.mark.parametrize("host", ["far.invalid", "127.0.0.1.far.invalid", "10.0.0.1"])
@pytest.mark.parametrize("own_session", [False, True])
def test_other_hosts_are_reached_through_the_environments_proxy(host, own_session, proxy, to, read_all, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", proxy.origin)
    proxy.script(*[EventsAnswer(["through"])] * 2)
    with requests.Session() as session:
        line = RequestsTransport(session if own_session else None).line()
        for _ in range(2):
            assert read_all(line, to(f"http://{host}/v1")) == ["through", "[DONE]"]
            line.release()
    assert [request.target for request in proxy.requests] == [f"http://{host}/v1/chat/completions"] * 2
    assert proxy.connections == 1


def test_no_proxy_is_heeded(proxy, line, to, fails, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", proxy.origin)
    monkeypatch.setenv("NO_PROXY", "127.0.0.9, .invalid")
    with monkeypatch.context() as patch:
        patch.setattr("socket.getaddrinfo", _unknown)
        assert fails(lambda: line.send(to("http://far.invalid/v1")), APIConnectionError).kind == "dns"
    assert proxy.connections == 0


def _unknown(*args, **kwargs):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_proxy_set_on_the_session_is_used_for_loopback_too(service, proxy, session, line_of, to, read_all):
    session.proxies["http"] = proxy.origin
    proxy.script(EventsAnswer(["through"]))
    assert read_all(line_of(), to(service)) == ["through", "[DONE]"]
    assert (service.connections, proxy.connections) == (0, 1)


def test_a_line_through_a_proxy_can_be_hung_up(proxy, line, to, fails, later, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", proxy.origin)
    proxy.script(Answer("x", delivery=Delivery(pause_before_headers=30)))
    since = later(0.1, line.hang_up)
    fails(lambda: line.send(to("http://far.invalid/v1")), Cancelled)
    assert since() < 3


def test_socks_proxies_are_refused_without_their_library_and_never_passed_by(service, line, to, fails, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", _missing)
    fails(lambda: line.send(to("http://far.invalid/v1")), ConfigError, "SOCKS", "requests[socks]")


def _missing(*args, **kwargs):
    raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")


def test_the_connections_of_a_socks_proxy_stay_its_own(monkeypatch):
    class Manager:
        pool_classes_by_scheme = "those of the proxy"

    monkeypatch.setattr("requests.adapters.SOCKSProxyManager", lambda *args, **kwargs: Manager())
    assert LineAdapter().proxy_manager_for("SOCKS5h://127.0.0.1:9").pool_classes_by_scheme == "those of the proxy"


# --- certificates ---------------------------------------------------------------------------------------------------


@pytest.fixture
def secure(tls):
    context, chain = tls("IP:127.0.0.1")
    with FakeService(tls=context) as running:
        running.chain = chain
        yield running


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_in_the_environment_is_trusted(name, secure, line, to, read_all, monkeypatch):
    monkeypatch.setenv(name, secure.chain)
    secure.script(EventsAnswer(["one"]), EventsAnswer(["two"]))
    for word in ("one", "two"):
        assert read_all(line, to(secure)) == [word, "[DONE]"]
        line.release()
    assert secure.connections == 1


def test_a_bundle_that_does_not_exist_is_named_as_the_fault(secure, line, to, fails, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    fails(lambda: line.send(to(secure)), ConfigError, "certificates", "REQUESTS_CA_BUNDLE")
    assert secure.connections == 0


def test_a_sessions_bundle_is_trusted(secure, session, line_of, to, read_all):
    session.verify = secure.chain
    secure.script(EventsAnswer(["one"]))
    assert read_all(line_of(), to(secure)) == ["one", "[DONE]"]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_verify_false_stays_false_whatever_the_environment_says(secure, session, line_of, to, read_all, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    session.verify = False
    secure.script(EventsAnswer(["one"]))
    assert read_all(line_of(), to(secure)) == ["one", "[DONE]"]


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_one_sessions_verify_false_is_not_anothers(secure, session, line_of, line, to, fails, read_all):
    session.verify = False
    secure.script(EventsAnswer(["one"]))
    read_all(line_of(), to(secure))
    assert fails(lambda: line.send(to(secure)), APIConnectionError).kind == "tls"


# --- the key and .netrc ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own_session", [False, True])
def test_a_netrc_entry_does_not_replace_the_key_nor_make_up_for_one(
    own_session, service, chat_with, key, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    service.script("good", "good")
    with requests.Session() as session:
        chat_with(service, session=session if own_session else None).chat("a")
        chat_with(service, session=session if own_session else None, credentials=None).chat("a")
    assert [request.headers.get("authorization") for request in service.requests] == [f"Bearer {key}", None]


# --- a session of the caller's --------------------------------------------------------------------------------------


class Recording(HTTPAdapter):
    def __init__(self):
        super().__init__()
        self.seen = []

    def send(self, request, **kwargs):
        self.seen.append((request.url, request.headers.get("Authorization"), kwargs["timeout"]))
        return super().send(request, **kwargs)


def test_a_session_sees_every_request_in_full(service, session, chat_with, key):
    adapter = Recording()
    session.mount("http://", adapter)
    session.headers["X-Own"] = "mine"
    session.params = {"api-version": "7"}
    session.cookies.set("crumb", "yes")
    service.script(ErrorAnswer(500), "one", "two")
    chat = chat_with(service, session=session)
    assert str(chat.chat("a")) == "one"
    assert "".join(chat.stream("b")) == "two"
    url = f"{service.base_url}/chat/completions?api-version=7"
    assert adapter.seen == [(url, f"Bearer {key}", (10.0, 600.0))] * 3
    assert [request.target for request in service.requests] == ["/v1/chat/completions?api-version=7"] * 3
    assert {request.headers["x-own"] for request in service.requests} == {"mine"}
    assert {request.headers["cookie"] for request in service.requests} == {"crumb=yes"}
    assert service.connections == 1


def test_a_sessions_own_auth_is_used_where_there_is_no_key(service, session, chat_with):
    session.auth = HTTPBasicAuth("user", "word")
    service.script("good", "good")
    chat_with(service, session=session, credentials=None).chat("a")
    chat_with(service, session=session, credentials=lambda: "a-key").chat("a")
    assert [r.headers["authorization"] for r in service.requests] == ["Basic dXNlcjp3b3Jk", "Bearer a-key"]


def test_a_session_does_not_follow_redirects_either(service, session, chat_with, fails):
    with FakeService() as target:
        service.script(ErrorAnswer(307, headers={"location": f"{target.base_url}/chat/completions"}))
        fails(lambda: chat_with(service, session=session).chat("a"), APIResponseError, "307", target.origin)
        assert target.connections == 0


def test_a_sessions_hook_may_read_the_answer_first(service, session, chat_with):
    read = []
    session.hooks["response"].append(lambda response, **kwargs: read.append(response.text))
    service.script(Answer("one", delivery=Delivery(gzip=True)), "two")
    chat = chat_with(service, session=session)
    assert str(chat.chat("a")) == "one"
    assert "".join(chat.stream("b")) == "two"
    assert ["one" in read[0], "two" in read[1]] == [True, True]


class MadeUp(HTTPAdapter):
    """Answers without a network, with a plain response such as test libraries make."""

    def send(self, request, **kwargs):
        response = requests.Response()
        response.status_code = 401 if "bad" in request.headers["Authorization"] else 200
        response.headers["Content-Type"] = "application/json"
        response._content = b'{"choices": [{"message": {"content": "made up"}, "finish_reason": "stop"}]}'
        response._content_consumed = True
        return response


def test_a_sessions_adapter_may_make_answers_up(session, chat_with, fails):
    session.mount("http://", MadeUp())
    assert str(chat_with("http://127.0.0.1:9/v1", session=session).chat("a")) == "made up"
    bad = chat_with("http://127.0.0.1:9/v1", session=session, credentials=lambda: "bad-key")
    fails(lambda: bad.chat("a"), AuthenticationError, "401")


class Failing(HTTPAdapter):
    def send(self, request, **kwargs):
        raise LookupError("mine")


def test_g9_what_a_sessions_adapter_raises_is_not_wrapped(session, chat_with, fails):
    session.mount("http://", Failing())
    chat = chat_with("http://127.0.0.1:9/v1", session=session)
    error = fails(lambda: chat.chat("a"), LookupError, "mine")
    functions = []
    trace = error.__traceback__
    while trace is not None:
        functions.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert functions[-1] == "send"
    assert len(chat) == 0


def test_a_session_is_not_closed_by_the_line(service, session, line_of, to, read_all):
    service.script(*[RawAnswer(b"{}")] * 2)
    for _ in range(2):
        line = line_of()
        read_all(line, to(service))
        line.release()
    assert service.connections == 1
