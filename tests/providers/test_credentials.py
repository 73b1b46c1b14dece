"""Credentials: where keys are found, what is wrong with them, and that they are seen nowhere."""

from __future__ import annotations

import asyncio
import copy
import functools
import os
import pickle
import sys
import traceback
import types

import pytest

from chatkit._errors import ConfigError, MissingKeyError
from chatkit._providers import credentials as room
from chatkit._providers.credentials import (
    HF_VARIABLES,
    Credentials,
    api_key_credentials,
    check_headers,
    huggingface_credentials,
    huggingface_default,
    no_credentials,
    openai_compatible_credentials,
    user_credentials,
)

CANARY = "hf_canary7f3a"
BEARER = {"Authorization": f"Bearer {CANARY}"}
ROUTER = "https://router.huggingface.co/v1"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in (*HF_VARIABLES, "OPENAI_API_KEY", "HF_TOKEN_PATH", "HF_HOME", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nowhere"))


def seen(error: BaseException) -> str:
    """All that an error tracker could show, but for the frames of this file, which hold the canary themselves."""
    told = []
    met: BaseException | None = error
    while met is not None:
        frames = traceback.TracebackException.from_exception(met, capture_locals=True).stack
        told += [f"{frame.name}: {frame.locals}" for frame in frames if frame.filename != __file__]
        told += [repr(met), str(met), str(vars(met))]
        met = met.__cause__ or met.__context__
    return "\n".join(told)


def refused(call, kind: type[ConfigError] = ConfigError) -> str:
    try:
        call()
    except kind as error:
        caught = error
    assert caught.__context__ is None
    assert CANARY not in seen(caught)
    assert CANARY not in str(pickle.dumps(caught))
    return str(caught)


# --- Hugging Face ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(len(HF_VARIABLES)))
def test_a1_each_variable_is_looked_at_in_order(at):
    environ = {name: f"{CANARY}{number}" for number, name in enumerate(HF_VARIABLES) if number >= at}
    found = huggingface_credentials(environ)
    assert found() == {"Authorization": f"Bearer {CANARY}{at}"}
    assert found.source == HF_VARIABLES[at]
    assert repr(found) == f"Credentials({HF_VARIABLES[at]})"


FILES = {
    "HF_TOKEN_PATH": ({"HF_TOKEN_PATH": "{here}/odd"}, "odd"),
    "HF_TOKEN_PATH before HF_HOME": ({"HF_TOKEN_PATH": "{here}/odd", "HF_HOME": "{here}/elsewhere"}, "odd"),
    "HF_HOME": ({"HF_HOME": "{here}/home"}, "home/token"),
    "XDG_CACHE_HOME": ({"XDG_CACHE_HOME": "{here}/xdg"}, "xdg/huggingface/token"),
    "a variable in the path": ({"HF_HOME": "$HERE/x", "HERE": "{here}"}, "x/token"),
    "a variable in braces": ({"HF_TOKEN_PATH": "${{HERE}}/x", "HERE": "{here}"}, "x"),
    "an unknown variable": ({"HF_TOKEN_PATH": "{here}/$NOSUCH"}, "$NOSUCH"),
    "home": ({}, ".cache/huggingface/token"),
    "a tilde": ({"HF_HOME": "~/mine"}, "mine/token"),
}


@pytest.mark.parametrize(("environ", "place"), FILES.values(), ids=FILES)
def test_a1_the_token_file_of_huggingface_hub(environ, place, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"\ufeff{CANARY}\r\n", encoding="utf-8")
    found = huggingface_credentials({name: value.format(here=tmp_path) for name, value in environ.items()})
    assert found() == BEARER
    assert found.source == f"the token file {file}"


def test_a1_a_variable_comes_before_the_file(tmp_path):
    (tmp_path / "token").write_text("other")
    environ = {"HF_HOME": str(tmp_path), "HF_TOKEN": CANARY}
    assert huggingface_credentials(environ)() == BEARER


def test_a1_without_a_token_every_place_is_named(tmp_path):
    text = refused(huggingface_credentials({"HF_HOME": str(tmp_path)}), MissingKeyError)
    assert all(name in text for name in HF_VARIABLES)
    assert str(tmp_path / "token") in text
    assert "https://huggingface.co/settings/tokens" in text


def test_a1_without_a_home_nothing_breaks(monkeypatch):
    def homeless(path):
        raise RuntimeError

    monkeypatch.setattr("pathlib.Path.expanduser", homeless)
    assert "~/.cache/huggingface/token" in refused(huggingface_credentials({}), MissingKeyError)


def test_a1_what_is_no_readable_file_is_no_token(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    refused(huggingface_credentials({"HF_TOKEN_PATH": str(tmp_path / "pipe")}), MissingKeyError)
    refused(huggingface_credentials({"HF_TOKEN_PATH": str(tmp_path)}), MissingKeyError)

    def locked(path, mode):
        raise PermissionError

    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setattr("pathlib.Path.open", locked)
    refused(huggingface_credentials({"HF_HOME": str(tmp_path)}), MissingKeyError)


def test_a3_a_token_file_that_is_no_text(tmp_path):
    (tmp_path / "token").write_bytes(b"hf_\xff\xfe")
    text = refused(huggingface_credentials({"HF_HOME": str(tmp_path)}))
    assert f"the token file {tmp_path / 'token'} contains a character outside ASCII" in text


@pytest.mark.parametrize("value", ["1", "on", "Yes", "TRUE"])
def test_implicit_tokens_can_be_forbidden_as_in_huggingface_hub(value):
    found = huggingface_credentials({"HF_TOKEN": CANARY, "HF_HUB_DISABLE_IMPLICIT_TOKEN": value})
    assert "HF_HUB_DISABLE_IMPLICIT_TOKEN is set" in refused(found, MissingKeyError)
    assert found.source == "HF_TOKEN"


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_implicit_tokens_are_not_forbidden_otherwise(value):
    assert huggingface_credentials({"HF_TOKEN": CANARY, "HF_HUB_DISABLE_IMPLICIT_TOKEN": value})() == BEARER


def test_the_environment_is_read_anew_at_every_call(monkeypatch):
    found = huggingface_credentials()
    refused(found, MissingKeyError)
    monkeypatch.setenv("HF_TOKEN", CANARY)
    assert found() == BEARER
    monkeypatch.setenv("HF_TOKEN", "second")
    assert found() == {"Authorization": "Bearer second"}


OWN = [ROUTER, "https://huggingface.co", "https://x.aws.endpoints.huggingface.cloud/v1"]
FOREIGN = [
    "http://localhost:8000/v1",
    "http://127.0.0.1:8000/v1",
    "https://api.openai.com/v1",
    "https://huggingface.co.evil.example/v1",
    "https://nothuggingface.co/v1",
    f"https://huggingface.co:{CANARY}@evil.example/v1",
    "nonsense",
]


@pytest.mark.parametrize("url", OWN)
def test_a_token_goes_to_hugging_face(url):
    assert huggingface_default(url, {"HF_TOKEN": CANARY})() == BEARER


@pytest.mark.parametrize("url", FOREIGN)
def test_a_token_goes_nowhere_else(url):
    found = huggingface_default(url, {"HF_TOKEN": CANARY})
    assert (found(), found.source, repr(found)) == ({}, "", "Credentials(none)")


# --- OpenAI-compatible ----------------------------------------------------------------------------------------------


def test_the_openai_key_goes_to_openai_only(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    found = openai_compatible_credentials("https://API.openai.com/v1")
    assert (found(), found.source) == (BEARER, "OPENAI_API_KEY")
    for url in ("http://localhost/v1", "https://eu.api.openai.com/v1", "https://api.openai.com.evil.example", ROUTER):
        assert openai_compatible_credentials(url)() == {}


def test_a1_a4_without_an_openai_key():
    for environ in ({}, {"OPENAI_API_KEY": " \n"}):
        text = refused(openai_compatible_credentials("https://api.openai.com/v1", environ), MissingKeyError)
        assert "OPENAI_API_KEY is unset" in text
        assert "https://platform.openai.com/api-keys" in text


# --- texts of keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"{CANARY}\r\n", f"  {CANARY} ", f"\t{CANARY}\n\n"])
def test_a2_surrounding_white_space_is_stripped(text):
    assert huggingface_credentials({"HF_TOKEN": text})() == BEARER
    assert api_key_credentials(text)() == BEARER
    assert user_credentials(lambda: text)() == BEARER
    assert user_credentials(lambda: {"api-key": text})() == {"api-key": CANARY}


KINDS = {
    "\n": "a line break",
    "\r\n": "a line break",
    "\0": "a NUL character",
    "\x1b": "a control character",
    "\x7f": "a control character",
    " ": "white space",
    "\t": "white space",
    "\u2013": "a character outside ASCII",
    "é": "a character outside ASCII",
    "\udc80": "a character outside ASCII",
}


@pytest.mark.parametrize(("char", "kind"), KINDS.items(), ids=[repr(char) for char in KINDS])
def test_a3_what_no_key_may_contain_is_named_by_its_kind(char, kind):
    text = f"{CANARY}{char}{CANARY}"
    assert f"The key in HF_TOKEN contains {kind}" in refused(huggingface_credentials({"HF_TOKEN": text}))
    assert f"The key in api_key contains {kind}" in refused(api_key_credentials(text))
    assert f"<lambda> contains {kind}" in refused(user_credentials(lambda: text))


def test_a3_the_environment_itself_is_not_seen_either(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", f"{CANARY}\n{CANARY}")
    refused(huggingface_credentials())


@pytest.mark.parametrize("text", ["", "  ", "\r\n"])
def test_a4_an_empty_key_is_a_missing_key(text):
    assert "HF_TOKEN (set, but empty)" in refused(huggingface_credentials({"HF_TOKEN": text}), MissingKeyError)
    assert "api_key is empty" in refused(api_key_credentials(text), MissingKeyError)
    assert "credentials=" in refused(user_credentials(lambda: text), MissingKeyError)
    assert huggingface_credentials({"HF_TOKEN": text, "HUGGINGFACE_API_KEY": CANARY})() == BEARER


# --- the user's callable --------------------------------------------------------------------------------------------


def my_key():
    return CANARY


class Vault:
    def __call__(self):
        return CANARY

    @staticmethod
    def fetch():
        return CANARY

    def read(self):
        return CANARY


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (my_key, "credentials=my_key"),
        (Vault(), "credentials=Vault"),
        (Vault().read, "credentials=Vault.read"),
        (functools.partial(str, CANARY), "credentials=partial"),
        (lambda key=CANARY: key, "<lambda>"),
    ],
)
def test_86_a_callable_is_named_not_shown(given, source):
    found = user_credentials(given)
    assert found() == BEARER
    assert source in found.source
    assert source in repr(found)
    assert CANARY not in repr(found)


@pytest.mark.parametrize("text", [f"Bearer {CANARY}", f" bearer  {CANARY}\n"])
def test_a_key_that_says_bearer_itself_is_not_told_twice(text):
    assert user_credentials(lambda: text)() == BEARER
    assert api_key_credentials(text)() == BEARER


def test_a_callable_may_give_headers():
    headers = {"api-key": CANARY, "X-Org": " me "}
    assert user_credentials(lambda: headers)() == {"api-key": CANARY, "X-Org": "me"}
    assert user_credentials(dict)() == {}
    assert user_credentials(lambda: types.MappingProxyType(headers))()["X-Org"] == "me"


def test_it_is_called_for_every_attempt():
    keys = iter("abc")
    found = user_credentials(lambda: next(keys))
    assert [found()["Authorization"][-1] for _ in range(3)] == ["a", "b", "c"]


@pytest.mark.parametrize("given", [None, {"Authorization": "Bearer "}, {"api-key": "  "}, "Bearer "])
def test_a4_a_callable_that_gives_nothing(given):
    assert "is empty" in refused(user_credentials(lambda: given), MissingKeyError)


@pytest.mark.parametrize(("given", "kind"), [(3, "int"), (CANARY.encode(), "bytes"), ([CANARY], "list")])
def test_a_callable_that_gives_another_type(given, kind):
    assert f"must give a key or a mapping of headers, not {kind}" in refused(user_credentials(lambda: given))


def test_a9_a_callable_that_gives_bad_headers():
    text = refused(user_credentials(lambda: {"api-key": f"{CANARY}\r\nX: y"}))
    assert "the value of the header 'api-key' contains a line break" in text


def test_an_error_of_the_callable_passes_untouched():
    def broken():
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        user_credentials(broken)()


@pytest.mark.parametrize(("given", "kind"), [(CANARY, "not str"), (None, "not NoneType"), ({}, "not dict")])
def test_what_cannot_be_called_is_refused(given, kind):
    assert f"a function without arguments, {kind}" in refused(lambda: user_credentials(given))


def test_a_callable_that_wants_arguments_is_refused():
    assert "but this one wants some" in refused(lambda: user_credentials(lambda who, key=CANARY: key))


def test_a_callable_that_hides_its_arguments_is_taken():
    assert user_credentials(dict)() == {}
    assert "credentials=dict" in repr(user_credentials(dict))


def test_credentials_are_taken_as_they_are():
    found = api_key_credentials(CANARY)
    assert user_credentials(found) is found


# --- the user's asynchronous callable -------------------------------------------------------------------------------


def later(value):
    async def ask():
        await asyncio.sleep(0)
        return value

    return ask


def finished(given):
    async def waiting():
        return await user_credentials(given)()

    return asyncio.run(waiting())


def test_a_callable_may_be_asynchronous():
    assert finished(later(CANARY)) == BEARER
    assert finished(later({"api-key": f" {CANARY}"})) == {"api-key": CANARY}


@pytest.mark.parametrize(
    ("value", "told"),
    [(f"{CANARY}\n{CANARY}", "a line break"), (None, "is empty"), (CANARY.encode(), "not bytes")],
)
def test_what_comes_later_is_checked_the_same(value, told):
    assert told in refused(lambda: finished(later(value)))


def test_an_error_that_comes_later_passes_untouched():
    async def broken():
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        finished(broken)


# --- copies and pickles ---------------------------------------------------------------------------------------------


def secrets():
    return [
        api_key_credentials(CANARY),
        user_credentials(lambda: CANARY),
        user_credentials(functools.partial(str, CANARY)),
        user_credentials(Vault().read),
        huggingface_credentials({"HF_TOKEN": CANARY}),
        openai_compatible_credentials("https://api.openai.com/v1", {"OPENAI_API_KEY": CANARY}),
        no_credentials(),
    ]


@pytest.mark.parametrize("at", range(len(secrets())))
def test_86_no_key_in_a_repr_an_attribute_or_a_pickle(at):
    found = secrets()[at]
    attributes = [getattr(found, name) for name in Credentials.__slots__]
    assert not hasattr(found, "__dict__")
    assert CANARY not in f"{found!r} {found} {found.source} {attributes}"
    assert CANARY.encode() not in pickle.dumps(found)


def test_copies_share_the_way_to_the_key():
    found = api_key_credentials(CANARY)
    assert copy.copy(found) is found
    assert copy.deepcopy([found])[0] is found


def again(found):
    return pickle.loads(pickle.dumps(found))


def test_86_an_environment_lookup_is_done_anew_where_it_is_unpickled(monkeypatch):
    restored = again(huggingface_credentials({"HF_TOKEN": "other"}))
    openai = again(openai_compatible_credentials("https://api.openai.com/v1"))
    monkeypatch.setenv("HF_TOKEN", CANARY)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert restored() == openai() == BEARER
    assert again(no_credentials())() == {}


def test_86_a_literal_key_is_lost_and_that_is_told():
    for found in secrets()[:4]:
        restored = again(again(found))
        assert restored.source == found.source
        text = refused(restored, MissingKeyError)
        assert f"{found.source} was not saved" in text
        assert "give credentials= anew" in text


@pytest.fixture
def importable(monkeypatch):
    module = types.ModuleType("somewhere_else")
    exec(
        "def key():\n    return 'k'\n\nclass Box:\n    @staticmethod\n    def key():\n        return 'b'", vars(module)
    )
    monkeypatch.setitem(sys.modules, "somewhere_else", module)
    return module


def test_86_an_importable_function_is_kept_by_its_name(importable):
    assert again(user_credentials(importable.key))() == {"Authorization": "Bearer k"}
    assert again(user_credentials(importable.Box.key))() == {"Authorization": "Bearer b"}
    assert again(user_credentials(os.getpid)).source == "credentials=getpid"


def test_86_a_function_that_is_gone_is_lost_and_that_is_told(importable):
    saved = pickle.dumps(user_credentials(importable.key))
    del importable.key
    assert "credentials=key was not saved" in refused(pickle.loads(saved), MissingKeyError)
    del sys.modules["somewhere_else"]
    assert "credentials=key was not saved" in refused(pickle.loads(saved), MissingKeyError)


# --- headers --------------------------------------------------------------------------------------------------------


def test_a9_good_headers_are_copied_and_stripped():
    given = {"X-Org": " me ", "x_title": "Café"}
    assert check_headers(given, "api_headers") == {"X-Org": "me", "x_title": "Café"}
    assert check_headers({}, "api_headers") == {}


HEADERS = {
    "CR LF in a value": ({"X-A": f"{CANARY}\r\nX-B: {CANARY}"}, "the value of the header 'X-A' contains a line break"),
    "NUL in a value": ({"X-A": f"{CANARY}\0{CANARY}"}, "the value of the header 'X-A' contains a NUL character"),
    "ESC in a value": ({"X-A": f"{CANARY}\x1b{CANARY}"}, "the value of the header 'X-A' contains a control character"),
    "a dash in a value": ({"X-A": f"{CANARY}\u2013"}, "the value of the header 'X-A' contains a character"),
    "the second": ({"X-A": "a", "X-B": f"{CANARY}\nb"}, "the value of the header 'X-B' contains a line break"),
    "LF in a name": ({f"X-A\n{CANARY}": "a"}, "the name of the header 'X-A' contains a line break"),
    "NUL in a name": ({f"X-A\0{CANARY}": "a"}, "the name of the header 'X-A' contains a NUL character"),
    "a whole header as name": ({f"api-key: {CANARY}": ""}, "the name of the header 'api-key' contains white space"),
    "a colon in a name": ({f"api-key:{CANARY}": ""}, "the name of the header 'api-key' contains a character that no"),
    "no name": ({"": CANARY}, "the name of the header '' contains a character that no name may have"),
    "a number as name": ({3: CANARY}, "the name of a header must be a text, not int"),
    "bytes as value": ({"X-A": CANARY.encode()}, "the value of the header 'X-A' must be a text, not bytes"),
    "a list": ([("X-A", CANARY)], "headers must be a mapping of names to texts, not list"),
}


@pytest.mark.parametrize(("given", "told"), HEADERS.values(), ids=HEADERS)
def test_a9_bad_headers_are_named_never_shown(given, told):
    assert f"api_headers: {told}" in refused(lambda: check_headers(given, "api_headers"))


def test_the_door_lists_its_names_in_order():
    assert sorted(room.__all__) == room.__all__
