"""Being told of requests and results."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from chatkit._errors import ConfigError, ToolRejectError
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

AT_ONCE = pytest.mark.parametrize("way", ["threads", "tasks"], indirect=True)

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def calls(*requests: ContentToolRequest) -> list[ContentToolRequest]:
    return [ContentToolRequest(str(index), item.name, item.arguments, item.raw) for index, item in enumerate(requests)]


@pytest.mark.parametrize("async_callbacks", [False, True])
def test_case_51_callbacks_are_called_newest_first(way, async_callbacks):
    told: list[Any] = []

    def teller(name: str) -> Callable[[Any], Any]:
        async def tell_later(news: Any) -> None:
            await asyncio.sleep(0)
            told.append((name, type(news).__name__))

        return tell_later if async_callbacks else lambda news: told.append((name, type(news).__name__))

    box = Toolbox([add])
    for name in ("old", "new"):
        box.on_request(teller(name))
        box.on_result(teller(name))
    way.answers(box, call("add", x=1))
    requested, returned = "ContentToolRequest", "ContentToolResult"
    assert told == [("new", requested), ("old", requested), ("new", returned), ("old", returned)]


def test_case_51_a_callback_is_removed_once_and_only_itself(way):
    told: list[str] = []

    def tell(request: ContentToolRequest) -> None:
        told.append(request.id)

    box = Toolbox([add])
    remove = box.on_request(tell)
    box.on_request(tell)
    way.answers(box, call("add", x=1))
    remove()
    remove()
    way.answers(box, call("add", x=1))
    assert len(told) == 3


def test_case_51_a_callback_may_remove_itself_and_others(way):
    told: list[str] = []
    box = Toolbox([add])
    removers = [box.on_result(lambda result: told.append("old"))]

    def once(result: ContentToolResult) -> None:
        told.append("once")
        for remove in removers:
            remove()

    removers.append(box.on_result(once))
    way.answers(box, call("add", x=1))
    way.answers(box, call("add", x=1))
    assert told == ["once", "old"]


def test_a_callback_has_to_be_a_function():
    with pytest.raises(ConfigError, match="not str"):
        Toolbox().on_request("print")  # type: ignore[arg-type]


def test_callbacks_are_called_in_the_callers_thread(way):
    threads: set[int] = set()
    box = Toolbox([add])
    box.on_request(lambda request: threads.add(threading.get_ident()))
    box.on_result(lambda result: threads.add(threading.get_ident()))
    way.answers(box, call("add", x=1), call("add", x=2))
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("async_callback", [False, True])
def test_case_51_a_request_callback_may_reject(way, async_callback):
    called: list[int] = []
    told: list[str | None] = []
    box = Toolbox()

    def it(x: int) -> None:
        called.append(x)

    def reject(request: ContentToolRequest) -> None:
        raise ToolRejectError

    async def reject_later(request: ContentToolRequest) -> None:
        reject(request)

    box.register(it)
    box.on_result(lambda result: told.append(result.error))
    box.on_request(reject_later if async_callback else reject)
    found = way.answers(box, call("it", x=1), call("it", x=2))
    refused = "Tool call rejected. The user has chosen to disallow the tool call."
    assert [result.text for result in found] == told == [refused] * 2
    assert called == []


def test_case_51_callbacks_hear_of_unknown_tools_and_bad_arguments_too(way):
    told: list[str] = []
    box = Toolbox([add])
    box.on_request(lambda request: told.append(request.name))
    box.on_result(lambda result: told.append(result.error or ""))
    way.answers(box, call("nix"), call("add"))
    assert len(told) == 4


class CallbackFault(Exception):
    pass


@pytest.mark.parametrize("fault", [CallbackFault("x"), asyncio.CancelledError(), SystemExit(3)])
def test_case_51_row_t5_any_other_exception_of_a_request_callback_propagates(way, fault):
    box = Toolbox([add])

    def breaks(request: ContentToolRequest) -> None:
        if request.id == "1":
            raise fault

    box.on_request(breaks)
    results: Results = [None] * 3
    with pytest.raises(type(fault)):
        way(box, calls(*[call("add", x=1)] * 3), results)
    assert results[1:] == [None, None]
    if not way.at_once or isinstance(fault, CallbackFault):
        assert results[0] is not None


@pytest.mark.parametrize("fault", [CallbackFault("x"), ToolRejectError("x"), SystemExit(3)])
def test_row_t5_an_exception_of_a_result_callback_propagates_and_the_result_is_kept(way, fault):
    box = Toolbox([add])

    def breaks(result: ContentToolResult) -> None:
        raise fault

    box.on_result(breaks)
    results: Results = [None]
    with pytest.raises(type(fault)):
        way(box, [call("add", x=1)], results)
    assert results[0] is not None
    assert results[0].text == "3"


@AT_ONCE
def test_one_exception_in_a_group_does_not_lose_the_others_results(way):
    failed = threading.Event()

    def waits() -> bool:
        return failed.wait(PATIENCE)

    box = Toolbox([waits, add])

    def breaks(result: ContentToolResult) -> None:
        if result.name == "add":
            failed.set()
            raise CallbackFault

    box.on_result(breaks)
    results: Results = [None] * 3
    with pytest.raises(CallbackFault):
        way(box, calls(call("waits"), call("add", x=1), call("waits")), results)
    assert [result and result.text for result in results] == ["true", "3", "true"]


def test_stop_iteration_of_a_callback_is_not_taken_for_an_end(way):
    box = Toolbox([add])
    box.on_request(lambda request: next(iter([])))
    with pytest.raises(RuntimeError):
        way(box, calls(call("add", x=1), call("add", x=1)), [None, None])


def test_case_48_a_call_that_was_denied_does_not_run_and_its_result_is_told(way):
    before, after = [], []
    box = Toolbox([add])
    box.on_request(before.append)
    box.on_result(after.append)
    results = way.answers(box, call("add", x=1), call("add", x=2), denied={"1": "Not that one."})
    assert [result.error for result in results] == [None, "Not that one."]
    assert [request.id for request in before] == ["0"]
    assert {result.id for result in after} == {"0", "1"}
