"""The pytest plugin: a tape for each test, a scripted server, and a ban on real requests.

Fixtures:
    chatkit_tape: records the requests of a test once, to `tapes/<module>/<test>.jsonl` beside the test's file, and
        replays them ever after; see `chatkit.testing.tape`.
    chatkit_service: a running `FakeService(strict=True)`.

Options and settings:
    --chatkit-tapes=once|none|all: how tapes are used; `none` never records, and is what `CI` calls for.
    chatkit_forbid_requests = true: real requests are forbidden in every test; so they are with the environment variable
        CHATKIT_FORBID_REQUESTS=1.
    @pytest.mark.chatkit_forbid_requests: the same for a test, class or module.
    @pytest.mark.chatkit_allow_requests: an exception for a test.

pytest loads this in every run on a machine that has chatkit. So it opens nothing before a test asks for it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._fake_service import FakeService
    from ._tape import Tape

_FORBID, _ALLOW = "chatkit_forbid_requests", "chatkit_allow_requests"
_VARIABLE = "CHATKIT_FORBID_REQUESTS"
_OFF = ("", "0", "false", "no", "off")
_failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    group = parser.getgroup("chatkit")
    group.addoption(
        "--chatkit-tapes",
        choices=("once", "none", "all"),
        default=None,
        help="how chatkit_tape uses tapes: record those that are missing (once), never record (none; the default where"
        " the variable CI is set), record anew (all)",
    )
    parser.addini(_FORBID, "forbid real requests in every test", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marks."""
    config.addinivalue_line("markers", f"{_FORBID}: real requests are forbidden; only this machine may be asked")
    config.addinivalue_line("markers", f"{_ALLOW}: real requests are allowed, whatever else forbids them")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Forbid real requests around a test, its fixtures included, where that is asked for."""
    if item.get_closest_marker(_ALLOW) or not _is_forbidden(item):
        return (yield)
    from ._tape import forbid_requests

    with forbid_requests():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note whether a test failed: its tape is not kept then."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture
def chatkit_service() -> Iterator[FakeService]:
    """A running `FakeService(strict=True)`: script it, and give a chat its `base_url`."""
    from ._fake_service import FakeService

    with FakeService(strict=True) as service:
        yield service


@pytest.fixture
def chatkit_tape(request: pytest.FixtureRequest) -> Iterator[Tape]:
    """The requests of this test, recorded once and replayed ever after; gives the `Tape`."""
    from ._ban import lifted
    from ._tape import tape

    mode: Any = request.config.getoption("--chatkit-tapes") or ("none" if _is_set("CI") else "once")
    place = tape_path(request.node)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(_TestFailedError))
        made = stack.enter_context(tape(place, mode=mode))
        if made.is_recording:
            # That a tape is recorded says that real requests are meant.
            stack.enter_context(lifted())
        yield made
        if request.node.stash.get(_failed, False):
            # What the test did not come to would be missing on the tape, or what it did not ask for be on it.
            raise _TestFailedError


class _TestFailedError(Exception):
    """Takes a tape out that a failed test has recorded or not played to its end; never seen."""


def tape_path(node: pytest.Item) -> Path:
    """Where the tape of a test lies: `tapes/<module>/<class>.<test>.jsonl`, beside its file."""
    _, _, names = node.nodeid.partition("::")
    name = re.sub(r"[^\w.\[\]=+,-]+", "_", names.replace("::", "."))
    return node.path.parent / "tapes" / node.path.stem / f"{name[:150]}.jsonl"


def _is_forbidden(item: pytest.Item) -> bool:
    return bool(item.config.getini(_FORBID)) or _is_set(_VARIABLE) or item.get_closest_marker(_FORBID) is not None


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() not in _OFF
