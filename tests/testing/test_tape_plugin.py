"""The pytest plugin, in pytest runs of their own, as somebody who installed chatkit has them."""

import json
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

RECORDED = """
    import pytest, requests
    from chatkit import chat_openai_compatible

    def get(path):
        return requests.get({url!r} + path, timeout=5).status_code

    def test_talk(chatkit_tape):
        assert chat_openai_compatible({url!r}, model="m", echo="none").chat("Hi") == "Hello"
        assert chatkit_tape.is_recording is {recording}

    def test_other(chatkit_tape):
        assert requests.post({url!r} + "/{path}", timeout=5).status_code == 404

    def test_silent(chatkit_tape):
        assert {silent} or requests.post({url!r} + "/x", timeout=5).status_code == 404

    class TestIt:
        @pytest.mark.parametrize("path", ["a/b", "ä ö"])
        def test_get(self, path, chatkit_tape):
            assert get("/models") == 200
"""
FAILING = """
    import requests

    def test_fails(chatkit_tape):
        requests.get({url!r}, timeout=5)
        assert chatkit_tape.count == 99
"""
FORBIDDEN = """
    import pytest, requests
    from chatkit.testing import RequestForbiddenError

    @pytest.fixture
    def early():
        with pytest.raises(RequestForbiddenError):
            requests.get("http://api.test", timeout=5)

    {mark}
    def test_forbidden(early, chatkit_service):
        chatkit_service.say("x")
        body = {{"model": "m", "messages": [{{"role": "user", "content": "x"}}]}}
        reply = requests.post(chatkit_service.base_url + "/chat/completions", json=body, timeout=5)
        assert reply.status_code == 200

    @pytest.mark.chatkit_allow_requests
    def test_allowed():
        with pytest.raises(requests.ConnectionError):
            requests.get("http://no-such-host.invalid", timeout=5)

    def test_recorded(chatkit_tape):
        with pytest.raises(requests.ConnectionError):
            requests.get("http://no-such-host.invalid", timeout=5)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a file; gives how it went."""
    monkeypatch.delenv("CI", raising=False)

    def act(text, *options, name="test_mine", expect=0):
        pytester.makepyfile(**{name: text})
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *options, timeout=100)
        assert result.ret == expect, result.stdout.str()
        return result.stdout.str()

    return act


@pytest.fixture
def url():
    from chatkit.testing import FakeService

    with FakeService(strict=True) as service:
        service.on_request(lambda request: "Hello")
        yield service.base_url


def test_a_tape_for_each_test_recorded_once_and_replayed_ever_after(run, url, pytester):
    run(RECORDED.format(url=url, recording=True, path="x", silent=False))
    tapes = pytester.path / "tapes" / "test_mine"
    names = sorted(path.name for path in tapes.iterdir())
    assert names[2:] == ["test_other.jsonl", "test_silent.jsonl", "test_talk.jsonl"]
    assert all(name.startswith("TestIt.test_get[") for name in names[:2])
    assert json.loads((tapes / "test_talk.jsonl").read_text().splitlines()[1])["number"] == 1
    # The server is gone; one test asks for something else now, one for nothing.
    gone = "http://127.0.0.1:9/v1"
    said = run(RECORDED.format(url=gone, recording=False, path="y", silent=True), "--chatkit-tapes=none", expect=1)
    assert "1 failed, 4 passed, 1 error" in said
    assert "the URL is http://127.0.0.1:9/v1/y, not" in said
    assert "was not played to its end" in said


def test_recorded_anew_and_nothing_left_of_a_test_that_failed(run, url, pytester):
    tapes = pytester.path / "tapes" / "test_mine"
    tapes.mkdir(parents=True)
    (tapes / "test_talk.jsonl").write_text("an old tape")
    said = run(
        RECORDED.format(url=url, recording=True, path="x", silent=False) + FAILING.format(url=url),
        "--chatkit-tapes=all",
        expect=1,
    )
    assert "1 failed, 5 passed" in said
    assert "count == 99" in said
    assert "ERROR at teardown" not in said
    assert not [path for path in tapes.iterdir() if "fails" in path.name]
    assert "an old tape" not in (tapes / "test_talk.jsonl").read_text()


def test_where_ci_is_set_nothing_is_recorded(run, url, monkeypatch, pytester):
    monkeypatch.setenv("CI", "true")
    assert "record it first" in run(FAILING.format(url=url), expect=1)
    assert not (pytester.path / "tapes").exists()


def test_requests_forbidden_by_the_setting(run, pytester):
    pytester.makeini("[pytest]\nchatkit_forbid_requests = true\n")
    run(FORBIDDEN.format(mark=""))
    # What a tape is recorded of is meant.
    assert "NameResolutionError" in (pytester.path / "tapes" / "test_mine" / "test_recorded.jsonl").read_text()


def test_requests_forbidden_by_the_environment(run, monkeypatch):
    monkeypatch.setenv("CHATKIT_FORBID_REQUESTS", "1")
    run(FORBIDDEN.format(mark=""))


def test_requests_forbidden_by_a_mark(run):
    run(FORBIDDEN.format(mark="@pytest.mark.chatkit_forbid_requests"), "--strict-markers")


def test_a_run_that_does_not_use_it_opens_nothing(run):
    run("""
        import sys

        def test_nothing_is_open():
            rooms = {name for name in sys.modules if name.startswith("chatkit.testing.")}
            assert rooms == {"chatkit.testing._pytest_plugin"}
            assert not {"requests", "urllib3", "pydantic"} & set(sys.modules)
    """)


def test_importing_the_door_opens_no_room():
    code = "import sys, chatkit.testing as t; print(*(m for m in sys.modules if m.startswith(t.__name__ + '.')))"
    code += "; print(dir(t))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    rooms, names = done.stdout.splitlines()
    assert rooms == ""
    assert "FakeService" in names
    import chatkit.testing

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = chatkit.testing.Nothing
