"""The toolbox: what is registered, and how requests are answered. Most tests run through all four ways to run."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatkit._errors import ConfigError, ToolRejectError
from chatkit._tools.tool import Tool, tool
from chatkit._tools.toolbox import Toolbox
from chatkit._turns.contents import ContentToolRequest, ContentToolResult

Results = list[ContentToolResult | None]
PATIENCE = 5  # seconds until a test that hangs fails


def add(x: int, y: int = 2) -> int:
    """Add."""
    return x + y


async def later(x: int) -> int:
    """Come back later."""
    await asyncio.sleep(0)
    return x


def call(name: str, id: str = "1", /, **arguments: Any) -> ContentToolRequest:
    return ContentToolRequest(id, name, arguments)


def calls(*requests: ContentToolRequest) -> list[ContentToolRequest]:
    return [ContentToolRequest(str(index), item.name, item.arguments, item.raw) for index, item in enumerate(requests)]


def run_plain(box: Toolbox, requests: list[ContentToolRequest], results: Results, **options: Any) -> None:
    box.run(requests, results, **{"concurrent": False, **options})


def run_threads(box: Toolbox, requests: list[ContentToolRequest], results: Results, **options: Any) -> None:
    box.run(requests, results, **{"concurrent": True, **options})


def run_async(box: Toolbox, requests: list[ContentToolRequest], results: Results, **options: Any) -> None:
    asyncio.run(box.run_async(requests, results, **{"concurrent": False, **options}))


def run_tasks(box: Toolbox, requests: list[ContentToolRequest], results: Results, **options: Any) -> None:
    asyncio.run(box.run_async(requests, results, **{"concurrent": True, **options}))


def run_in_notebook(box: Toolbox, requests: list[ContentToolRequest], results: Results, **options: Any) -> None:
    async def cell() -> None:
        box.run(requests, results, **options)

    asyncio.run(cell())


WAYS = [run_plain, run_threads, run_async, run_tasks, run_in_notebook]
AT_ONCE = [run_threads, run_tasks]
ONE_BY_ONE = [run_plain, run_async]
Way = Callable[..., None]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param


def answers(way: Way, box: Toolbox, *requests: ContentToolRequest, **options: Any) -> list[ContentToolResult]:
    """Run the requests, and once more behind a second call so that the ways for several are used too."""
    results: Results = [None] * len(requests)
    way(box, calls(*requests), results, **options)
    assert all(result is not None and result.text is not None and result.request for result in results)
    return [result for result in results if result is not None]


def answer(way: Way, function: Callable[..., Any], /, *args: Any, **arguments: Any) -> ContentToolResult:
    box = Toolbox([tool(function, name="it")])
    one = answers(way, box, call("it", **arguments))[0]
    two = answers(way, box, call("it", **arguments), call("it", **arguments))
    assert [result.text for result in two] == [one.text] * 2
    return one


# What is registered


def test_register_makes_tools_and_gives_them_back():
    box = Toolbox()
    made = box.register(add)
    assert isinstance(made, Tool)
    assert box.register(tool(later)).name == "later"
    assert list(box.tools) == ["add", "later"]
    assert len(box) == 2
    assert repr(box) == "<Toolbox: add, later>"
    assert repr(Toolbox()) == "<Toolbox: empty>"


def test_tools_is_a_copy():
    box = Toolbox([add])
    box.tools.clear()
    assert len(box) == 1


def test_row_a15_what_is_no_tool_is_refused_at_registration():
    box = Toolbox()
    with pytest.raises(ConfigError, match="'bad', parameter 'x'"):
        box.register(tool(lambda x: x, name="bad"))
    assert len(box) == 0


def test_case_57_the_same_name_replaces_in_place():
    box = Toolbox([add, later])
    other = box.register(tool(later, name="add"))
    assert box.definitions == (other, box.tools["later"])


def test_row_a15_two_tools_of_one_name_in_a_list_are_refused():
    box = Toolbox([later])
    with pytest.raises(ConfigError, match="Two tools have the name 'add'"):
        box.replace([add, tool(later, name="add")])
    assert list(box.tools) == ["later"]


def test_definitions_are_the_same_object_until_the_box_changes():
    box = Toolbox([add])
    first = box.definitions
    assert box.definitions is first
    box.register(first[0])
    box.replace([add])
    assert box.definitions is first
    box.register(later)
    assert box.definitions is not first
    assert [item.name for item in box.definitions] == ["add", "later"]
    box.replace([])
    assert box.definitions == ()


def test_case_59_a_copy_has_the_tools_but_not_the_callbacks():
    box = Toolbox([add])
    told: list[Any] = []
    box.on_request(told.append)
    box.on_result(told.append)
    twin = box.copy()
    assert twin.definitions is box.definitions
    twin.register(later)
    assert list(box.tools) == ["add"]
    answers(run_plain, twin, call("add", x=1))
    assert told == []
    answers(run_plain, box, call("add", x=1))
    assert len(told) == 2


# One call


def test_row_t3_arguments_are_checked_and_converted(way):
    assert answer(way, add, x="40").text == "42"


def test_case_52_an_async_tool_runs_everywhere(way):
    assert answer(way, later, x=7).text == "7"


class Caller:
    async def __call__(self, x: int) -> int:
        return x


@pytest.mark.parametrize(
    "function", [functools.partial(later), Caller(), functools.partial(Caller()), lambda x=3: later(3)]
)
def test_case_52_async_in_all_its_forms(way, function):
    if getattr(function, "__name__", "") == "<lambda>":
        box = Toolbox([Tool("it", "", {}, function)])
        assert [result.text for result in answers(way, box, call("it"), call("it"))] == ["3", "3"]
    else:
        assert answer(way, function, x=3).text == "3"


def counting(n: int) -> Iterator[int]:
    yield from range(n)


async def counting_async(n: int) -> Any:
    for number in range(n):
        yield number


def counting_indirectly(n: int) -> Any:
    return counting_async(n)


@pytest.mark.parametrize("function", [counting, counting_async, counting_indirectly])
def test_row_t9_a_generator_gives_its_last_value(way, function):
    assert answer(way, function, n=3).text == "2"
    assert answer(way, function, n=0).text == "null"


def test_row_h1_unknown_tool(way):
    result = answers(way, Toolbox([add, later]), call("nix"))[0]
    assert result.error == result.text == "Unknown tool 'nix'. Available tools: add, later."


@pytest.mark.parametrize(
    "name", ["__class__", "constructor", "../add", "\N{CYRILLIC SMALL LETTER A}dd", "register", "", "x" * 10_000]
)
def test_row_t2_names_lead_only_to_registered_tools(way, name):
    error = answers(way, Toolbox([add]), call(name))[0].error
    assert error is not None
    assert error.endswith("Available tools: add.")
    assert len(error) < 150


def test_row_h21_no_tools_at_all(way):
    assert answers(way, Toolbox(), call("add"))[0].error == "Unknown tool 'add'. No tools are available."


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ContentToolRequest("1", "never", None, '{"x": 1, "y'), "not valid JSON: "),
        (ContentToolRequest("1", "never", None, "[1]"), "object expected, got an array"),
        (call("never", x="many"), "- x: Input should be a valid integer"),
        (call("never"), "- x: required, but missing"),
        (call("never", x=None), "- x: Input should be a valid integer"),
        (call("never", x=float("nan")), "- x: nan"),
        (call("never", x=1, z=1), "- z: there is no such parameter"),
    ],
)
def test_cases_48_and_49_rows_h2_h4_h5_bad_arguments_are_answered_and_the_tool_is_not_called(way, request_, words):
    called = []

    def never(x: int) -> None:
        called.append(x)

    result = answers(way, Toolbox([never]), request_)[0]
    assert result.error is not None
    assert result.error.startswith("Tool `never` was not called, its arguments are wrong:\n")
    assert words in result.error
    assert called == []


@pytest.mark.parametrize("raw", ["", " ", "null", None])
def test_row_h3_a_tool_without_parameters_is_called_with_none(way, raw):
    box = Toolbox([tool(lambda: "done", name="go")])
    assert answers(way, box, ContentToolRequest("1", "go", None, raw))[0].text == "done"


def test_rows_h9_t1_a_tool_that_raises(way, caplog, capsys):
    def fails(x: int) -> None:
        raise ValueError("too cold")

    async def fails_later(x: int) -> None:
        fails(x)

    def fails_at_last(x: int) -> Iterator[int]:
        yield x
        fails(x)

    for function in (fails, fails_later, fails_at_last):
        result = answer(way, function, x=1)
        assert result.error == result.text == "Tool `it` failed: ValueError: too cold"
        assert result.value is None
        assert pickle.loads(pickle.dumps(result)) == result
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


def test_a_failure_is_logged_for_debugging_without_its_locals(way, caplog):
    def fails(x: int) -> None:
        password = "hunter2".upper()
        raise ValueError(len(password))

    with caplog.at_level(logging.DEBUG, logger="chatkit"):
        answers(way, Toolbox([fails]), call("fails", x=1))
    assert "Traceback" in caplog.text
    assert "HUNTER2" not in caplog.text
    assert [record.exc_info for record in caplog.records if record.name == "chatkit"] == [None]


def test_stop_iteration_is_an_error_like_any_other(way):
    def runs_dry() -> Any:
        return next(iter([]))

    async def runs_dry_later() -> Any:
        return next(iter([]))

    assert answer(way, runs_dry).error == "Tool `it` failed: RuntimeError: the tool raised StopIteration"
    assert "StopIteration" in (answer(way, runs_dry_later).error or "")


def test_case_48_a_tool_may_reject(way):
    def picky(x: int) -> None:
        raise ToolRejectError("Not today.")

    result = answer(way, picky, x=1)
    assert result.error == result.text == "Tool call rejected. Not today."


def test_a_result_of_the_tools_own(way):
    def own() -> ContentToolResult:
        return ContentToolResult({"a": 1}, extra={"title": "A"})

    result = answer(way, own)
    assert (result.text, result.extra, result.id) == ('{"a":1}', {"title": "A"}, "0")


def test_case_43_a_value_that_cannot_be_sent(way):
    assert "that cannot be sent" in (answer(way, lambda: object()).error or "")


def test_context_variables_reach_tools(way):
    variable = contextvars.ContextVar("variable", default="unset")
    box = Toolbox([tool(lambda: variable.get(), name="plain"), tool(_reader(variable), name="later")])
    token = variable.set("set")
    try:
        found = answers(way, box, call("plain"), call("later"))
    finally:
        variable.reset(token)
    assert [result.text for result in found] == ["set", "set"]


def _reader(variable: contextvars.ContextVar[str]) -> Callable[[], Any]:
    async def read() -> str:
        return variable.get()

    return read


# Several calls


def test_case_46_results_stand_in_the_order_of_the_requests(way):
    box = Toolbox([add, later])
    mixed = [call("add", x=1), call("later", x=2), call("nix"), call("add"), call("later", x=5)]
    found = answers(way, box, *mixed)
    assert [result.id for result in found] == ["0", "1", "2", "3", "4"]
    assert [result.error is None for result in found] == [True, True, False, False, True]


def test_case_47_a_tool_may_register_another_for_the_next_call():
    box = Toolbox()
    box.register(tool(lambda: box.register(add).name, name="grow"))
    for way in ONE_BY_ONE:
        box.replace([box.tools["grow"]])
        assert [result.text for result in answers(way, box, call("grow"), call("add", x=1))] == ["add", "3"]


@pytest.mark.parametrize("way", AT_ONCE)
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_case_53_concurrent_calls_overlap(way, kind):
    meeting = threading.Barrier(3, timeout=PATIENCE)

    def meet() -> str:
        meeting.wait()
        return "met"

    async def meet_later() -> str:
        return await asyncio.to_thread(meet)

    box = Toolbox([tool(meet if kind == "plain" else meet_later, name="meet")])
    assert [result.text for result in answers(way, box, *[call("meet")] * 3)] == ["met"] * 3


def test_case_53_async_and_plain_tools_overlap_on_one_loop():
    started = threading.Event()

    async def opens() -> str:
        await asyncio.sleep(0)
        started.set()
        return "opened"

    def waits() -> str:
        assert started.wait(PATIENCE)
        return "waited"

    box = Toolbox([waits, opens])
    found = answers(run_tasks, box, call("waits"), call("opens"))
    assert [result.text for result in found] == ["waited", "opened"]


def test_a_plain_tool_does_not_block_the_loop():
    ticked = threading.Event()

    def waits() -> bool:
        return ticked.wait(PATIENCE)

    async def main() -> str | None:
        results: Results = [None]
        asyncio.get_running_loop().call_soon(ticked.set)
        await Toolbox([waits]).run_async([call("waits")], results)
        return results[0].text if results[0] else None

    assert asyncio.run(main()) == "true"


def test_many_plain_tools_overlap_beyond_any_pool():
    meeting = threading.Barrier(60, timeout=PATIENCE)
    box = Toolbox([tool(lambda: meeting.wait() >= 0, name="meet")])
    for way in AT_ONCE:
        assert {result.text for result in answers(way, box, *[call("meet")] * 60)} == {"true"}


@pytest.mark.parametrize("way", ONE_BY_ONE)
def test_case_53_sequential_calls_do_not_overlap(way):
    inside: list[str] = []
    seen: list[list[str]] = []

    async def step(name: str) -> None:
        inside.append(name)
        await asyncio.sleep(0)
        seen.append(list(inside))
        inside.remove(name)

    answers(way, Toolbox([step]), call("step", name="a"), call("step", name="b"))
    assert seen == [["a"], ["b"]]


def test_plain_tools_stay_in_the_callers_thread_unless_told_otherwise():
    box = Toolbox([tool(lambda: threading.get_ident(), name="where")])
    here = str(threading.get_ident())
    assert [result.text for result in answers(run_plain, box, *[call("where")] * 2)] == [here] * 2
    assert here not in [result.text for result in answers(run_threads, box, *[call("where")] * 2)]


def test_results_are_filled_in_as_calls_finish():
    results: Results = [None, None]
    filled = threading.Event()

    def quick() -> str:
        return "quick"

    def slow() -> bool:
        return filled.wait(PATIENCE)

    box = Toolbox([quick, slow])
    box.on_result(lambda result: filled.set() if results[1] is result else None)
    for way in AT_ONCE:
        filled.clear()
        results[:] = [None, None]
        way(box, [call("slow"), call("quick", "2")], results)
        assert [result and result.text for result in results] == ["true", "quick"]


# Callbacks


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
    answers(way, box, call("add", x=1))
    requested, returned = "ContentToolRequest", "ContentToolResult"
    assert told == [("new", requested), ("old", requested), ("new", returned), ("old", returned)]


def test_case_51_a_callback_is_removed_once_and_only_itself(way):
    told: list[str] = []

    def tell(request: ContentToolRequest) -> None:
        told.append(request.id)

    box = Toolbox([add])
    remove = box.on_request(tell)
    box.on_request(tell)
    answers(way, box, call("add", x=1))
    remove()
    remove()
    answers(way, box, call("add", x=1))
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
    answers(way, box, call("add", x=1))
    answers(way, box, call("add", x=1))
    assert told == ["once", "old"]


def test_a_callback_has_to_be_a_function():
    with pytest.raises(ConfigError, match="not str"):
        Toolbox().on_request("print")  # type: ignore[arg-type]


def test_callbacks_are_called_in_the_callers_thread(way):
    threads: set[int] = set()
    box = Toolbox([add])
    box.on_request(lambda request: threads.add(threading.get_ident()))
    box.on_result(lambda result: threads.add(threading.get_ident()))
    answers(way, box, call("add", x=1), call("add", x=2))
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
    found = answers(way, box, call("it", x=1), call("it", x=2))
    refused = "Tool call rejected. The user has chosen to disallow the tool call."
    assert [result.text for result in found] == told == [refused] * 2
    assert called == []


def test_case_51_callbacks_hear_of_unknown_tools_and_bad_arguments_too(way):
    told: list[str] = []
    box = Toolbox([add])
    box.on_request(lambda request: told.append(request.name))
    box.on_result(lambda result: told.append(result.error or ""))
    answers(way, box, call("nix"), call("add"))
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
    if way not in AT_ONCE or isinstance(fault, CallbackFault):
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


@pytest.mark.parametrize("way", AT_ONCE)
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


# Stopping


def test_case_58_stopped_before_the_first_call(way):
    box = Toolbox([add])
    told: list[Any] = []
    box.on_request(told.append)
    results: Results = [None, None]
    way(box, calls(call("add", x=1), call("add", x=2)), results, stop=lambda: True)
    assert results == [None, None]
    assert told == []


@pytest.mark.parametrize("way", ONE_BY_ONE)
def test_case_58_stopped_between_calls_the_rest_is_not_begun(way):
    results: Results = [None] * 3
    way(Toolbox([add]), calls(*[call("add", x=1)] * 3), results, stop=lambda: results[0] is not None)
    assert [result is None for result in results] == [False, True, True]


def test_case_58_stop_is_not_asked_again_once_it_said_so(way):
    said = iter([False, True])
    results: Results = [None] * 3
    box = Toolbox([add])
    way(box, calls(*[call("add", x=1)] * 3), results, stop=lambda: next(said))
    assert results == [None] * 3


def test_case_58_stopped_by_a_request_callback_its_own_tool_is_not_run(way):
    stopped: list[Any] = []
    box = Toolbox([add])
    box.on_request(stopped.append)
    results: Results = [None, None]
    way(box, calls(call("add", x=1), call("add", x=2)), results, stop=lambda: bool(stopped))
    assert results == [None, None]
    assert len(stopped) == 1


def test_stop_that_says_no_lets_all_run(way):
    assert len(answers(way, Toolbox([add]), call("add", x=1), call("add", x=2), stop=lambda: False)) == 2


# Interruption


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("way", ONE_BY_ONE)
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_rows_h10_t5_an_interrupt_in_a_tool_propagates_and_keeps_what_is_done(way, fault, kind):
    def stops() -> None:
        raise fault

    async def stops_later() -> None:
        raise fault

    box = Toolbox([add, tool(stops if kind == "plain" else stops_later, name="stops")])
    results: Results = [None] * 3
    with pytest.raises(fault):
        way(box, calls(call("add", x=1), call("stops"), call("add", x=1)), results)
    assert [result is None for result in results] == [False, True, True]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
def test_row_h10_an_exit_in_a_thread_propagates_at_once(fault):
    release = threading.Event()

    def hangs() -> None:
        release.wait(PATIENCE)

    def stops() -> None:
        raise fault

    results: Results = [None] * 2
    with pytest.raises(fault):
        Toolbox([hangs, stops]).run(calls(call("hangs"), call("stops")), results, concurrent=True)
    assert not release.is_set()
    release.set()
    assert results == [None, None]


@pytest.mark.skipif(os.name == "nt", reason="a wait for a lock cannot be interrupted there")
def test_row_t5_ctrl_c_while_threads_work_propagates_at_once_and_nothing_is_written_later():
    release, ended, pressed = threading.Event(), threading.Event(), threading.Lock()

    def hangs() -> None:
        if pressed.acquire(blocking=False):  # once only: a second Ctrl-C would end the test run
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        release.wait(PATIENCE)
        ended.set()

    told: list[Any] = []
    box = Toolbox([add, hangs])
    box.on_result(told.append)
    results: Results = [None, None]
    with pytest.raises(KeyboardInterrupt):
        box.run(calls(call("hangs"), call("hangs")), results, concurrent=True)
    before, heard = list(results), list(told)
    release.set()
    assert ended.wait(PATIENCE)
    assert (results, told) == (before, heard)


@pytest.mark.parametrize("concurrent", [True, False])
def test_cancelling_cancels_async_tools_and_waits_for_them(concurrent):
    ended: list[str] = []

    async def main() -> Results:
        begun = asyncio.Event()

        async def hangs() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append("hangs")

        results: Results = [None, None]
        box = Toolbox([add, hangs])
        requests = calls(call("add", x=1), call("hangs"))
        running = asyncio.create_task(box.run_async(requests, results, concurrent=concurrent))
        await begun.wait()
        while results[0] is None:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == ["hangs"]
        assert len(asyncio.all_tasks()) == 1
        return results

    results = asyncio.run(main())
    assert results[0] is not None
    assert results[1] is None


@pytest.mark.parametrize("concurrent", [True, False])
def test_cancelling_leaves_a_plain_tool_unheard(concurrent):
    release, begun, ended = threading.Event(), threading.Event(), threading.Event()

    def hangs() -> None:
        begun.set()
        release.wait(PATIENCE)
        ended.set()
        raise ValueError("nobody hears this")

    async def main(results: Results) -> None:
        running = asyncio.create_task(Toolbox([hangs]).run_async([call("hangs")] * 2, results, concurrent=concurrent))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    results: Results = [None, None]
    asyncio.run(main(results))
    assert not ended.is_set()
    release.set()
    assert ended.wait(PATIENCE)
    assert results == [None, None]


def test_cancelling_closes_an_async_generator():
    closed: list[bool] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def endless() -> Any:
            try:
                while True:
                    begun.set()
                    yield 1
                    await asyncio.sleep(0)
            finally:
                closed.append(True)

        running = asyncio.create_task(Toolbox([endless]).run_async([call("endless")], [None]))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert closed == [True]

    asyncio.run(main())


def test_a_tool_that_is_cancelled_itself_propagates():
    async def gives_up() -> None:
        raise asyncio.CancelledError

    results: Results = [None, None]
    with pytest.raises(asyncio.CancelledError):
        run_tasks(Toolbox([add, gives_up]), calls(call("add", x=1), call("gives_up")), results)
    assert results[0] is not None


def test_row_a1_a_second_loop_is_no_different():
    box = Toolbox([later])
    for _ in range(2):
        assert answers(run_tasks, box, call("later", x=1), call("later", x=2))[1].text == "2"
