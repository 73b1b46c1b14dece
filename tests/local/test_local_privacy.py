"""Looking for servers on this machine asks nobody else, gives nothing away, and never takes long."""

import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatkit._constructors import local
from chatkit._constructors.local import chat_local
from chatkit._errors import APIConnectionError, APITimeoutError
from chatkit._providers import local_looking
from chatkit._providers.local_servers import SERVERS
from chatkit.testing import Delivery, ErrorAnswer, FakeService, RawAnswer

KEY = "canary-0123456789"
# As they are outside of the tests, which have more patience.
LIMITS, PATIENCE = local_looking._get("http://127.0.0.1:1").limits, local._PATIENCE


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return True
    return False


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """Keys wherever keys may lie."""
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "HUGGINGFACE_API_KEY", "OLLAMA_API_KEY", "LMSTUDIO_API_KEY"):
        monkeypatch.setenv(name, KEY)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {KEY}\ndefault login me password {KEY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    home = tmp_path / "hf"
    home.mkdir()
    (home / "token").write_text(KEY)
    monkeypatch.setenv("HF_HOME", str(home))


@pytest.mark.parametrize("kind", ["ollama", "llamacpp", "lmstudio", "vllm", "tgi"])
def test_no_key_is_sent_whatever_there_is(kind, secrets, play, usual):
    played = play(kind)
    usual(**{kind: played.port})
    chat_local(echo="none").chat("Hi")
    assert len(played.service.requests) >= 2
    for request in played.service.requests:
        assert not {"authorization", "cookie", "x-api-key", "proxy-authorization"} & request.headers.keys()
        assert KEY not in str(request.headers) + request.target + request.body.decode()


def test_no_proxy_of_the_environment_is_used(monkeypatch, play, usual):
    with FakeService(paths=None) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        usual(ollama=play("ollama").port)
        assert chat_local(echo="none").chat("Hi") == "llama3.2:3b says hi"
        usual()
        with pytest.raises(APIConnectionError, match="nothing listens"):
            chat_local()
        assert (proxy.connections, proxy.requests) == (0, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status, play, usual):
    other = play("vllm")
    redirect = ErrorAnswer(status, "", {"location": f"{other.service.origin}/v1/models"})
    played = play({"/v1/models": redirect, "/info": redirect})
    with pytest.raises(APIConnectionError, match="is no model server"):
        chat_local(port=played.port)
    assert other.asked == []


def test_everything_asked_is_on_this_machine(usual):
    script = local_looking.look(None, None, None)
    asked = [next(script).url]
    with contextlib.suppress(StopIteration):
        while True:
            asked.append(script.send(local_looking.Heard(fault="closed")).url)
    assert {url.split("/")[2].rpartition(":")[0] for url in asked} == {"127.0.0.1", "[::1]"}
    assert len(asked) == 2 * len({server.port for server in local_looking.SERVERS})


def test_the_usual_ports_are_those_that_are_documented():
    ports = {server.name: server.port for server in SERVERS}
    assert ports == {"ollama": 11434, "llamacpp": 8080, "lmstudio": 1234, "vllm": 8000, "tgi": 8080}


@contextlib.contextmanager
def listener(act, family=socket.AF_INET, host="127.0.0.1"):
    """Something that listens, and does something with every connection; gives its port."""
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        sock.listen()
        kept = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    kept.append(sock.accept()[0])
                    act(kept[-1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            sock.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for one in kept:
                one.close()


def test_a_port_that_accepts_and_never_answers_is_passed_over(hurry, play, usual):
    with listener(lambda connection: None) as port:
        hurry(f":{port}/")
        usual(ollama=port, vllm=play("vllm").port)
        assert chat_local().provider.name == "vLLM"
        with pytest.raises(
            APIConnectionError, match=rf"port {port} \(Ollama\): something listens, but does not answer"
        ):
            chat_local(port=port)


def test_every_wait_has_an_end():
    assert (LIMITS.connect, LIMITS.first_byte, LIMITS.total, PATIENCE) == (0.3, 1.0, 1.0, 1.5)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_an_answer_that_drips_is_given_up(head, monkeypatch, usual):
    # Blanks go on for ever: of anything else it would soon be seen that it is no model server.
    monkeypatch.setattr("chatkit._constructors.local._PATIENCE", 0.3)
    left = threading.Event()

    def act(connection):
        with contextlib.suppress(OSError):
            connection.sendall(head)
            while not left.wait(0.02):
                connection.sendall(b" ")

    with listener(act) as port:
        try:
            with pytest.raises(APIConnectionError, match="does not answer"):
                chat_local(port=port)
        finally:
            left.set()


def test_a_connection_that_is_not_made_in_time_is_none(monkeypatch, usual):
    class Line:
        def send(self, request):
            raise APITimeoutError("x did not accept a connection.", phase="connect")

        def hang_up(self):
            raise AssertionError("it is over long before")

        def close(self):
            pass

    monkeypatch.setattr("chatkit._constructors.local.LazyTransport.line", lambda self: Line())
    with pytest.raises(APIConnectionError, match="port 7: nothing listens"):
        chat_local(port=7)


def test_a_sign_that_never_comes_ends_the_asking(hurry, play, usual):
    hurry("/api/version")
    never = RawAnswer(b" ", content_type="application/json", delivery=Delivery(stall_after=0))
    played = play({"/v1/models": {"object": "list", "data": [{"id": "m"}]}, "/api/version": never})
    assert chat_local(port=played.port).provider.name == "OpenAI-compatible server"
    assert played.asked == ["/v1/models", "/api/version"]


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 100000000\r\n"])
def test_a_list_that_is_too_long_is_no_list(head, monkeypatch, usual):
    monkeypatch.setattr("chatkit._http.incoming.MAX_BODY", 100_000)
    monkeypatch.setattr("chatkit._http.bodies.MAX_BODY", 100_000)
    models = b'{"id": "m"},' * 1000
    piece = b"%x\r\n%b\r\n" % (len(models), models) if b"chunked" in head else models

    def act(connection):
        connection.recv(65536)
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + head + b"\r\n")
            connection.sendall(b'1\r\n{\r\n8\r\n"data":[\r\n' if b"chunked" in head else b'{"data":[')
            while True:
                connection.sendall(piece)

    with listener(act) as port, pytest.raises(APIConnectionError, match="is no model server"):
        chat_local(port=port)


def test_several_threads_may_look_at_once(play, usual):
    played = play("ollama")
    usual(ollama=played.port)
    with ThreadPoolExecutor(4) as threads:
        made = [work.result(60) for work in [threads.submit(chat_local) for _ in range(4)]]
    assert [chat.provider.model for chat in made] == ["llama3.2:3b"] * 4


# The last are the alert of a server that wants TLS, and nothing at all.
@pytest.mark.parametrize(
    "words",
    [b"SSH-2.0-OpenSSH_9\r\n", b"-ERR unknown command\r\n", b"\x00\x01\x02", b"\x15\x03\x01\x00\x02\x02\x46", b""],
)
def test_what_speaks_no_http_is_no_model_server(words, usual):
    def act(connection):
        connection.sendall(words)
        connection.close()

    with listener(act) as port, pytest.raises(APIConnectionError, match="is no model server"):
        chat_local(port=port)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_a_server_on_ipv6_alone_is_found(usual):
    answer = b'{"object": "list", "data": [{"id": "m6", "owned_by": "vllm"}]}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n".encode()

    def act(connection):
        connection.recv(65536)
        connection.sendall(head + answer)

    with listener(act, socket.AF_INET6, "::1") as port:
        provider = chat_local(port=port).provider
    assert (provider.base_url, provider.model, provider.name) == (f"http://[::1]:{port}/v1", "m6", "vLLM")


def test_a_name_that_would_rule_the_terminal_is_shown_instead(play, usual, capsys):
    played = play({"/v1/models": {"object": "list", "data": [{"id": "a\x1b[2J\nb", "owned_by": "vllm"}]}})
    assert chat_local(port=played.port).provider.model == "a\x1b[2J\nb"
    assert "\x1b" not in (told := capsys.readouterr().err)
    assert told.count("\n") == 1


def test_a_session_is_used_for_the_chat_and_not_for_looking(play, usual):
    import requests

    seen = []

    class Watching(requests.Session):
        def send(self, request, **options):
            seen.append(request.url)
            return super().send(request, **options)

    played = play("vllm")
    chat_local(port=played.port, echo="none", session=Watching()).chat("Hi")
    assert seen == [f"http://127.0.0.1:{played.port}/v1/chat/completions"]
