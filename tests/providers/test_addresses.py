"""Addresses: what base_url may be, what is wrong with it otherwise, and what may be shown."""

from __future__ import annotations

import traceback

import pytest

from chatkit._errors import ConfigError
from chatkit._providers.addresses import check_base_url, host_of, hostname_of, is_loopback, port_of, shown_url

CANARY = "canary-93b1"

GOOD = {
    "44 plain": ("http://localhost:8000", "http://localhost:8000"),
    "44 slash": ("http://localhost:8000/", "http://localhost:8000"),
    "44 v1": ("https://h.example/v1", "https://h.example/v1"),
    "44 v1 and slashes": ("https://h.example/v1//", "https://h.example/v1"),
    "44 case, port, white space": (" HTTPS://H.Example:443/V1/\n", "https://h.example/V1"),
    "44 another port": ("https://h.example:8443/v1", "https://h.example:8443/v1"),
    "44 IPv6": ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    "44 a name with an underscore": ("http://llm_server:8000", "http://llm_server:8000"),
    "44 a final dot": ("https://h.example./v1", "https://h.example./v1"),
    "44 international name": ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
    "44 @ in the path": ("https://h.example/@cf/v1", "https://h.example/@cf/v1"),
    "44 a host called v1": ("http://v1/v1", "http://v1/v1"),
    "A8 endpoint": ("https://h.example/v1/chat/completions", "https://h.example/v1"),
    "A8 endpoint and slash": ("https://h.example/chat/completions/", "https://h.example"),
}


@pytest.mark.parametrize(("given", "normal"), GOOD.values(), ids=GOOD)
def test_good_addresses_come_into_one_form(given, normal):
    assert check_base_url(given) == normal
    assert check_base_url(normal) == normal


BAD = {
    "A5": ("localhost:8000/v1", ["'localhost:8000/v1' has no scheme", "did you mean 'http://localhost:8000/v1'?"]),
    "A5 IPv4": ("127.0.0.1:11434", ["did you mean 'http://127.0.0.1:11434'?"]),
    "A5 elsewhere": ("api.example.com/v1", ["did you mean 'https://api.example.com/v1'?"]),
    "A5 only slashes": ("//h.example/v1", ["did you mean 'https://h.example/v1'?"]),
    "A5 no slashes": ("http:h.example/v1", ["did you mean 'http://h.example/v1'?"]),
    "A5 one slash": ("https:/h.example/v1", ["did you mean 'https://h.example/v1'?"]),
    "A5 no colon": ("https//h.example/v1", ["did you mean 'https://h.example/v1'?"]),
    "A5 with a password": (f"user:{CANARY}@h.example/v1", ["'h.example/v1' has no scheme"]),
    "A5 with an odd password": (f"user:{CANARY}://b@h.example/v1", ["'h.example/v1' has no scheme"]),
    "A6 scheme": ("htp://x", ["the scheme 'htp'", "did you mean 'http://x'?"]),
    "A6 scheme and password": (f"ftp://me:{CANARY}@x/v1", ["the scheme 'ftp'", "did you mean 'http://x/v1'?"]),
    "A6 port": ("http://x:99999/v1", ["'http://x:99999/v1'", "a number from 1 to 65535"]),
    "A6 port 0": ("http://x:0/v1", ["a number from 1 to 65535"]),
    "A6 port of letters": ("http://x:eighty/v1", ["a number from 1 to 65535"]),
    "A6 empty host": ("http:///v1", ["'http:///v1' has no host"]),
    "A6 only a port": ("http://:80/v1", ["has no host"]),
    "A6 long label": (f"http://{'a' * 70}.com", [f"the host '{'a' * 70}.com'", "longer than 63"]),
    "A6 empty label": ("http://a..b/v1", ["the host 'a..b'", "is empty"]),
    "A6 bad IDNA": ("http://xn--☃/v1", ["IDNA"]),
    "A6 surrogate": ("http://\udc80.x/v1", ["IDNA"]),
    "A6 star": ("http://*.example/v1", ["the host '*.example'", "IDNA"]),
    "A6 IPv6 cut off": ("http://[::1/v1", ["no usable host or port"]),
    "A6 bad IPv6": ("http://[1:2]/v1", ["http"]),
    "A6 white space": ("http://h .example/v1", ["white space"]),
    "A6 line break": ("http://h.example/v1\nx", ["white space", "\\n"]),
    "A6 backslash": ("http:\\\\h.example", ["a character that no URL may have"]),
    "A6 empty": ("  ", ["is empty"]),
    "A6 None": (None, ["must be a text", "NoneType"]),
    "A6 bytes": (b"http://x", ["must be a text", "bytes"]),
    "A7": (f"https://user:{CANARY}@h.example/v1", ["'@h.example'", "credentials="]),
    "A7 only a user": (f"https://{CANARY}@h.example:8000", ["'@h.example:8000'"]),
    "A7 @ in the password": (f"https://user:{CANARY}@{CANARY}@h.example", ["'@h.example'"]),
    "A7 / in the password": (f"https://user:{CANARY}/{CANARY}@h.example", ["'https://h.example'"]),
    "A7 ? in the password": (f"https://user:pw?{CANARY}@h.example", ["'https://h.example'"]),
    "A8 doubled": ("https://h.example/v1/v1", ["names the version twice", "use 'https://h.example/v1'"]),
    "A8 doubled, then more": ("https://h.example/v1/v1/v1/x", ["use 'https://h.example/v1/x'"]),
    "A8 doubled, endpoint": ("https://h.example/v1/v1/chat/completions", ["use 'https://h.example/v1'"]),
    "query": (f"https://h.example/v1?key={CANARY}", ["'https://h.example/v1' must not have a query"]),
    "fragment": (f"https://h.example/v1#{CANARY}", ["'https://h.example/v1' must not have a query"]),
}


@pytest.mark.parametrize(("given", "names"), BAD.values(), ids=BAD)
def test_bad_addresses_are_explained(given, names):
    try:
        check_base_url(given)
    except ConfigError as error:
        caught = error
    text = str(caught)
    assert text.startswith("base_url ")
    assert all(name in text for name in names), text
    assert caught.__context__ is None
    # The first frame is this test, which holds the whole table.
    frames = list(traceback.TracebackException.from_exception(caught, capture_locals=True).stack)[1:]
    assert frames
    assert CANARY not in f"{caught!r} {text} {[frame.locals for frame in frames]}"


LOOPBACK = ["http://localhost/v1", "http://LOCALHOST:1", "http://127.0.0.1:80", "http://127.9.9.9", "https://[::1]:8"]
ELSEWHERE = ["http://localhost.example", "http://10.0.0.1", "http://[::2]", "x", "", "http://[", "http://h:99999"]


@pytest.mark.parametrize(("url", "answer"), [(u, True) for u in LOOPBACK] + [(u, False) for u in ELSEWHERE])
def test_loopback(url, answer):
    assert is_loopback(url) is answer


SHOWN = {
    "https://h.example/v1": ("h.example", "h.example", 443, "https://h.example/v1"),
    "http://H.example:80": ("h.example", "h.example", 80, "http://h.example"),
    "http://h.example:443/x": ("h.example:443", "h.example", 443, "http://h.example:443/x"),
    f"https://u:{CANARY}@h.example:8/x?k={CANARY}#f": ("h.example:8", "h.example", 8, "https://h.example:8/x"),
    "http://[::1]:8000/v1": ("[::1]:8000", "::1", 8000, "http://[::1]:8000/v1"),
    f"http://u:{CANARY}@h:99999/x?{CANARY}": ("", "", None, "http://h:99999/x"),
    "nonsense": ("", "", None, "nonsense"),
}


@pytest.mark.parametrize(("url", "seen"), SHOWN.items())
def test_what_may_be_shown_of_an_address(url, seen):
    assert (host_of(url), hostname_of(url), port_of(url), shown_url(url)) == seen
