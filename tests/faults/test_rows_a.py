"""Group A of the fault catalogue: settings and input that cannot be used; nothing is sent. Each row whole."""

from __future__ import annotations

import threading

import pytest

from chatkit import (
    ChatBusyError,
    ConfigError,
    MissingKeyError,
    TimeLimits,
    chat_huggingface,
    chat_openai_compatible,
    params,
)
from chatkit.testing import Answer, Delivery, ToolCall

NOTHING = {"requests": 0, "history": "H0"}


@pytest.fixture
def refused(row):
    """Say something that is refused before anything is sent, in a chat that goes on afterwards."""

    def act(do, *names, raises=ConfigError, chat=None):
        return row(act=do, raises=raises, names=names, chat=chat, **NOTHING)

    return act


@pytest.fixture
def elsewhere(refused):
    """A constructor that refuses its arguments; a chat beside it is unharmed."""

    def act(base_url, *names, raises=ConfigError, **options):
        return refused(lambda: chat_openai_compatible(base_url, model="m", **options), *names, raises=raises)

    return act


class Changing:
    """Credentials that are bad at first."""

    def __init__(self, bad, good):
        self.bad, self.good, self.asked = bad, good, 0

    def __call__(self):
        self.asked += 1
        return self.bad() if self.asked == 1 else self.good()

    def __repr__(self):
        return "Changing()"


def test_a1_no_key_anywhere(row, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    chat = chat_huggingface(model="m", api="chat_completions", echo="none", max_retries=0)
    row(
        act=lambda: chat.chat("Hi"), raises=MissingKeyError, names=["HF_TOKEN", "huggingface.co/settings/tokens"],
        **NOTHING,
    )  # fmt: skip


@pytest.mark.parametrize("around", ["\r\n", "  ", "\n"])
def test_a2_white_space_around_a_key(row, canary, around):
    row("Good.", credentials=lambda: around + canary.credentials() + around, text="Good.")
    assert row.service.requests[0].headers["authorization"] == canary.bearer()


@pytest.mark.parametrize(
    ("inside", "kind"), [("\n", "a line break"), ("\0", "a NUL character"), ("\u2013", "outside ASCII")]
)
def test_a3_a_key_that_cannot_be_sent(row, canary, inside, kind):
    bad = Changing(lambda: canary.credentials() + inside + "x", canary.credentials)
    row(credentials=bad, raises=ConfigError, names=[kind, "Changing"], **NOTHING)


@pytest.mark.parametrize("empty", ["", "  "])
def test_a4_an_empty_key(row, canary, empty):
    row(credentials=Changing(lambda: empty, canary.credentials), raises=MissingKeyError, names=["Changing"], **NOTHING)


def test_a5_an_address_without_a_scheme(elsewhere):
    elsewhere("localhost:8000/v1", "localhost:8000/v1", "http://localhost:8000/v1")


@pytest.mark.parametrize(
    ("base_url", "part"),
    [
        ("htp://x", "htp"),
        ("http://127.0.0.1:99999/v1", "port"),
        ("http:///v1", "host"),
        (f"http://{'a' * 70}.example/v1", "host"),
        ("http://a..b/v1", "host"),
    ],
)
def test_a6_an_address_that_can_be_none(elsewhere, base_url, part):
    elsewhere(base_url, part)


@pytest.mark.parametrize("host", ["ä" * 64, "\u0378\u0300.\ud800", "xn--\u00e4"])
def test_a6_a_name_that_international_domains_do_not_allow(elsewhere, host):
    elsewhere(f"http://{host}.example/v1", "host")


def test_a7_an_address_with_a_password(elsewhere):
    found = elsewhere("http://me:hunter2@server.example/v1", "server.example")
    assert "hunter2" not in found.message
    assert "me:" not in found.message


@pytest.mark.parametrize("path", ["/chat/completions", "/chat/completions/", "/"])
def test_a8_an_address_that_goes_too_far(row, service, path):
    chat = row.make(service.base_url + path)
    row("Good.", chat=chat, text="Good.")
    assert service.requests[0].path == "/v1/chat/completions"


def test_a8_an_address_doubled(elsewhere, service):
    elsewhere(f"{service.base_url}/v1", service.base_url)


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\0b"])
def test_a9_headers_with_line_breaks(elsewhere, service, bad):
    assert "hunter2" not in elsewhere(service.base_url, "X-Own", api_headers={"X-Own": f"{bad}hunter2"}).message


def test_a9_names_of_headers_with_line_breaks(elsewhere, service):
    found = elsewhere(service.base_url, "'X-Own'", "a line break", api_headers={"X-Own\r\nX-Evil": "hunter2"})
    assert "hunter2" not in found.message
    assert "X-Evil" not in found.message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "hot"])
def test_a10_parameters_of_no_sense(refused, value):
    refused(lambda: params(temperature=value), "temperature")


@pytest.mark.parametrize("value", [b"x", {1, 2}, object()])
def test_a10_further_parameters_that_are_no_json(elsewhere, service, value):
    elsewhere(service.base_url, "`api_args`", "JSON", api_args={"odd": value})


@pytest.mark.parametrize("value", [-1, 1.5, "2", None, True])
def test_a11_retries(elsewhere, service, value):
    elsewhere(service.base_url, "max_retries", "0 or more", max_retries=value)


@pytest.mark.parametrize("value", [0, -1, float("nan"), "10"])
def test_a11_time_limits(elsewhere, service, value):
    elsewhere(service.base_url, "time limit `connect`", "above 0", timeout=value)
    with pytest.raises(ConfigError, match="idle"):
        TimeLimits(idle=value)


@pytest.mark.parametrize(
    ("prompt", "accepted"),
    [(("",), "a text"), ((None,), "a text"), ((), "a text"), (("  \n", ""), "a text"), (([],), "strings and contents")],
)
def test_a12_nothing_said(row, prompt, accepted):
    chat = row.make()
    row(chat=chat, act=lambda: row.say(chat, *prompt), raises=ConfigError, names=[accepted], **NOTHING)


def test_a13_a_lone_surrogate(row):
    chat = row.make()
    row("Good.", chat=chat, act=lambda: row.say(chat, "a\ud83db"), text="Good.")
    assert row.service.requests[0].messages[-1]["content"] == "a\ufffdb"


def test_a14_a_second_call_from_another_thread(row_once, service):
    chat, refusals = row_once.make(), []

    def second():
        try:
            chat.chat("Me too")
        except ChatBusyError as error:
            refusals.append(str(error))

    def act():
        stream = chat.stream("Hi")
        row_once.heard.append(next(stream))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        row_once.heard.extend(stream)

    row_once(Answer(["one ", "two"], delivery=Delivery(pause=0.05)), chat=chat, act=act, text="one two")
    assert [refusal for refusal in refusals if "already streaming" in refusal] == refusals != []


def test_a14_a_second_call_while_a_stream_is_open(row_once):
    chat = row_once.make()

    def act():
        with chat.stream("Hi") as stream:
            next(stream)
            chat.chat("Me too")

    # The stream is left by the exception, so its partial answer stays; the call that was refused left nothing.
    row_once(
        Answer(["one ", "two"], delivery=Delivery(pause=0.05)), chat=chat, act=act, raises=ChatBusyError,
        names=["already streaming"], history="HP", text="one ",
    )  # fmt: skip


def test_a14_a_second_call_nested_in_a_tool(row):
    chat = row.make()

    def enter():
        """Enter."""
        return str(chat.chat("Me too"))

    chat.register_tool(enter)
    row(
        Answer(tool_calls=[ToolCall("enter")]),
        "I see.",
        chat=chat,
        warns=["already streaming"],
        history="HT",
        requests=2,
    )
    assert "ChatBusyError" in chat.turns[4].tool_results[0].error


def bare(x):
    """Do."""
    return x


def hinted(x: int) -> int:
    """Do."""
    return x


@pytest.mark.parametrize(
    ("tools", "names"),
    [
        ([bare], ["'bare'", "'x'"]),
        ([hinted, hinted], ["hinted"]),
    ],
)
def test_a15_tools_that_cannot_be(row, tools, names):
    chat = row.make()
    row(chat=chat, act=lambda: chat.set_tools(tools), raises=ConfigError, names=names, **NOTHING)


@pytest.mark.parametrize("name", ["x" * 65, "two words", ""])
def test_a15_names_that_cannot_be(row, name):
    from chatkit import tool

    chat = row.make()
    row(
        chat=chat,
        act=lambda: chat.register_tool(tool(hinted, name=name)),
        raises=ConfigError,
        names=["name"],
        **NOTHING,
    )
