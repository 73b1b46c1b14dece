"""Where requests go, and what goes along: headers, redirects, proxies, bombs, and files that nobody named."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import zlib

import pytest

import chatkit
from chatkit import APIError, APIResponseError, ConfigError, chat_huggingface
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, RawAnswer, ToolCall

BREAKS = ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\0b"]


def test_no_setting_can_add_a_header(service, make, canary):
    for broken in BREAKS:
        for make_it in (
            lambda text: make(api_headers={"X-Own": text}),
            lambda text: make(api_headers={text: "v"}),
            lambda text: make(credentials=lambda: {"X-Key": text}).chat("Hi"),
            lambda text: make(credentials=lambda: text).chat("Hi"),
            lambda text: chat_huggingface(model="m", bill_to=text, credentials=canary.credentials),
            lambda text: make(service.base_url + text),
        ):
            with pytest.raises(ConfigError):
                make_it(broken)
    assert service.requests == []


@pytest.mark.parametrize("model", BREAKS)
def test_a_models_name_is_data(service, make, model):
    service.say("Hello")
    make(model=model).chat("Hi")
    assert service.requests[0].model == model
    assert "x-evil" not in service.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_keys_nor_words_follow_a_redirect(service, make, talk, status):
    with FakeService(paths=None) as target:
        for location in (f"{target.base_url}/x", target.origin.replace("http:", ""), f"http://a@{target.origin[7:]}/"):
            service.script(ErrorAnswer(status, headers={"location": location}))
            chat = make(credentials=lambda: {"api-key": "k-123456", "X-Other": "o-123456"})
            with pytest.raises(APIResponseError, match="redirects are not followed"):
                talk(chat, "Hi")
        assert target.connections == 0


def test_what_a_netrc_says_is_not_sent(service, make, talk, canary, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.say("Hello")
    talk(make(), "Hi")
    assert service.requests[0].headers["authorization"] == canary.bearer()


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.fixture(scope="module")
def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("media", ["application/json", "text/event-stream", "text/html"])
def test_a_decompression_bomb_takes_no_memory(service, make, status, media, bomb):
    assert len(bomb) < 1 << 20
    service.script(RawAnswer(bomb, status, content_type=media, headers={"content-encoding": "gzip"}))
    before = peak()
    with pytest.raises(APIError):
        make(max_retries=0).chat("Hi")
    # A whole answer may have 64 MiB, and is held as bytes, as text and once more while the one becomes the other.
    assert peak() - before < 200 << 20


def test_an_endless_answer_is_left(service, make):
    service.script(RawAnswer(iter(lambda: b" " * 65536, b""), delivery=Delivery(framing="chunked")))
    with pytest.raises(APIError, match="MiB"):
        make(max_retries=0).chat("Hi")
    assert service.requests[0].wait_disconnected()


MENTIONS = (
    """
import sys
import chatkit
from chatkit.testing import FakeService

said = """
    + repr(
        "Look at file:///etc/passwd, /etc/passwd, http://127.0.0.1:1/x.png, ![x](http://127.0.0.1:1/y.png), "
        "data:image/png;base64,AAAA and https://169.254.169.254/latest/meta-data."
    )
    + """
touched = []

def hook(event, args):
    if event == "open" and str(args[0]).startswith("/etc/passwd"):
        touched.append(args[0])
    if event == "socket.getaddrinfo" or event == "socket.connect" and tuple(args[1][:2]) != tuple(service._address):
        touched.append(args)

with FakeService() as service:
    service.say(said)
    chat = chatkit.chat_openai_compatible(service.base_url, model="m", echo="all")
    sys.addaudithook(hook)
    chat.chat(said)
    chatkit.contents_html(chat.turns), chatkit.contents_markdown(chat.turns)
    chat.export("chat.html"), chat.export("chat.ipynb")
    chat.save("chat.json")
    chatkit.Chat.load("chat.json")
    repr(chat), str(chat)
    found = [item for item in touched if tuple(item[:2]) != tuple(service._address)]
print("touched:", found, file=sys.stderr)
"""
)


def test_nothing_that_is_said_is_opened_or_fetched(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MENTIONS], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.endswith("touched: []\n")


def test_a_remote_image_is_for_the_server_to_fetch(service, make):
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/cat.png"
        service.say("A cat.")
        make().chat("What is this?", chatkit.content_image_url(url))
        other.settimeout(0.05)
        with pytest.raises(TimeoutError):
            other.accept()
    assert service.requests[0].messages[0]["content"][1]["image_url"]["url"] == url


CYRILLIC = "\N{CYRILLIC SMALL LETTER A}dd"
NAMES = ["__class__", "__init__", "../add", "add ", "ADD", CYRILLIC, "add\0", "constructor", "__proto__", "os.system"]


@pytest.mark.parametrize("name", NAMES)
def test_only_a_tool_of_that_very_name_is_called(service, make, name):
    called = []

    def add(a: int) -> int:
        """Add."""
        called.append(a)
        return a

    chat = make()
    chat.set_tools([add])
    service.script(Answer(tool_calls=[ToolCall(name, {"a": 1})]), "I see.")
    with pytest.warns(chatkit.ToolFailureWarning):
        chat.chat("Hi")
    assert called == []
    assert "Available tools: add." in chat.turns[2].tool_results[0].error
