"""What all tests share: none of them sees the keys, proxies and settings of the machine it runs on."""

import contextlib
import copy
import os
import pickle
import signal
import time
import traceback
import types

import hypothesis
import pytest

# Sockets and threads take the time they take; a slow machine is no fault of the code.
hypothesis.settings.register_profile(
    "chatkit", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], derandomize=True
)
hypothesis.settings.load_profile("chatkit")

# A shell without job control has what it starts in the background ignore Ctrl-C, which much here is about.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_PREFIXES = ("OPENAI_", "HF_", "HUGGING", "CHATKIT_ECHO")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def clock(monkeypatch):
    """Another clock for one module: event loops in other threads go by that of the process, and would stand still."""

    def act(module, now):
        monkeypatch.setattr(module, "time", types.SimpleNamespace(**{**vars(time), "monotonic": now}))

    return act


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_known_of_servers(monkeypatch):
    # Their models, which way to ask for typed answers, and what was told already: it is kept by the address of the
    # server, and ports come again.
    monkeypatch.setattr("chatkit._models.shelf._kept", {})
    monkeypatch.setattr("chatkit._engine.ladder._known", {})
    monkeypatch.setattr("chatkit._constructors.assembling._told", set())


_CONTAINERS = (dict, list, tuple, set, frozenset)
_CANARY = "sk-canary/7f3a91c0ffee"


class Canary:
    """A key that must be seen nowhere but in the header it is sent in, and the ways of looking for it.

    No method keeps the key in a variable: the variables of these frames are looked at, too.
    """

    def credentials(self):
        return _CANARY

    def bearer(self):
        return f"Bearer {_CANARY}"

    def is_in(self, text):
        """Whether it stands in a text or bytes, in any way of writing it that JSON, URLs or HTML have."""
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return any(form in text for form in _forms())

    def assert_not_in(self, *texts):
        for text in texts:
            assert not self.is_in(text), f"the key is shown: {_around(text)}"

    def assert_not_in_error(self, error):
        """Nor in what it is printed as, holds or pickles to, nor in any frame that it came through."""
        self.assert_not_in("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
        for item in _chain(error):
            self.assert_not_in(str(item), repr(item), repr(item.args), repr(vars(item)), *_frames(item.__traceback__))
            assert not hasattr(item, "request")
        with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
            self.assert_not_in(pickle.dumps(error))

    def assert_not_in_object(self, value):
        """Nor in an object: printed, taken apart, copied, pickled."""
        self.assert_not_in(repr(value), str(value), *_inside(value), *_inside(copy.deepcopy(value)))
        self.assert_not_in(pickle.dumps(value))

    def assert_not_in_logs(self, records):
        for record in records:
            self.assert_not_in(record.getMessage(), repr(record.args), record.exc_text or "", repr(vars(record)))


def _forms():
    return (_CANARY, _CANARY.replace("/", "\\/"), _CANARY.replace("/", "%2F"), _CANARY.partition("/")[2])


def _around(text):
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    at = min(found for form in _forms() if (found := text.find(form)) >= 0)
    return text[max(0, at - 300) : at] + "<HERE>" + text[at + 25 : at + 200]


def _chain(error):
    seen = []
    waiting = [error]
    while waiting:
        item = waiting.pop()
        if item is None or item in seen:
            continue
        seen.append(item)
        waiting += [item.__cause__, item.__context__, *(getattr(item, "exceptions", None) or ())]
    return seen


def _frames(trace):
    """What the variables of all frames hold, also where their repr is discreet."""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "chatkit":
            for name, value in trace.tb_frame.f_locals.items():
                yield f"{trace.tb_frame.f_code.co_qualname}: {name} = {value!r}"
                yield from _inside(value)
        trace = trace.tb_next


def _inside(value, depth=6, seen=None):
    """The texts inside an object, through its attributes and items; functions are closed doors."""
    seen = set() if seen is None else seen
    if isinstance(value, str | bytes):
        yield value
        return
    if depth == 0 or id(value) in seen or isinstance(value, type) or callable(value) or _is_foreign(value):
        return
    seen.add(id(value))
    for item in _parts(value):
        yield from _inside(item, depth - 1, seen)


def _parts(value):
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(value, name, None) for name in names if not name.startswith("__")]
    return [*held, *getattr(value, "__dict__", {}).values()]


def _is_foreign(value):
    # Only chatkit's own objects and plain containers are taken apart: the rest belongs to the test or the libraries.
    module = type(value).__module__
    ours = module.startswith("chatkit.") and not module.startswith("chatkit.testing")
    # What is reading an answer holds what the server said, as its work is; it shows nothing of it.
    return type(value).__name__.endswith("Decoder") or not (ours or isinstance(value, _CONTAINERS))


@pytest.fixture
def canary():
    return Canary()


@pytest.fixture
def all_logs(caplog):
    """Every logger at level 1; at the end, gives what was logged by calling it."""
    names = ["urllib3", "requests", "chatkit", "asyncio", "urllib3.connectionpool", "urllib3.util.retry"]
    for name in (None, *names):
        caplog.set_level(1, logger=name)
    return lambda: list(caplog.records)
