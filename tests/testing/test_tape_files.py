"""Tapes as files: broken, hostile, old and new ones; gone on with, broken off, and never half there."""

import json
import multiprocessing
import os
import signal

import pytest
import requests

from chatkit.testing import FakeService, TapeError, TapeMismatchError, record, replay, tape

HEADER = '{"format": "chatkit tape", "version": 1}\n'
ASKED = {"method": "GET", "url": "http://x.test/", "headers": {}}
ANSWER = {"status": 200, "reason": "OK", "headers": [], "framing": "length", "at": 0, "body": [], "end": "complete"}


@pytest.fixture
def service():
    with FakeService(paths=None) as running:
        yield running


@pytest.fixture
def refusal(tmp_path):
    """What is said when a text is replayed as a tape."""

    def act(text):
        path = tmp_path / "tape.jsonl"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(TapeError) as caught, replay(path):
            pass
        assert caught.value.__cause__ is caught.value.__context__ is None
        return str(caught.value)

    return act


def get(service, path=""):
    return requests.get(service.base_url + path, timeout=5).text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "not json\n",
        "[]\n",
        '{"format": "har"}\n',
        '{"number": 1}\n',
        b"\xff\xfe\x00",
        b"\x00" * 99,
        "[" * 99999,
    ],
)
def test_what_is_no_tape(refusal, text):
    assert "is no tape of chatkit" in refusal(text)


def test_a_tape_of_a_later_version(refusal):
    assert "has version 2, this chatkit reads version 1" in refusal('{"format": "chatkit tape", "version": 2}\n')


@pytest.mark.parametrize("line", ["nonsense", "[1]", "7", "[" * 50_000, '"x"', '{"a": ', b"\xff\xfe"])
def test_a_line_that_is_none_is_named(refusal, line):
    line = line if isinstance(line, bytes) else line.encode()
    assert "is broken in line 2: it is no JSON object" in refusal(HEADER.encode() + line + b"\n")


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        ({}, "an exchange has no number"),
        ({"number": "1"}, "an exchange has no number"),
        ({"number": 1}, "no request with a method and a URL"),
        ({"number": 1, "request": {"method": 1, "url": ""}}, "no request with a method and a URL"),
        ({"number": 1, "request": {**ASKED, "body": "x"}}, "the body of a request"),
        ({"number": 1, "request": {**ASKED, "body": {"base64": "§"}}}, "the body of a request"),
        ({"number": 1, "request": {**ASKED, "body": {}}}, "the body of a request"),
        ({"number": 1, "request": ASKED}, "neither a response nor a fault"),
        ({"number": 1, "request": ASKED, "fault": "x"}, "its fault is not told"),
        ({"number": 1, "request": ASKED, "fault": [{"error": 1}]}, "its fault is not told"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "status": 100}}, "the status"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "status": "200"}}, "the status"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "reason": "OK\r\nx: y"}}, "the reason"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "headers": [["a", "b\nc: d"]]}}, "the headers"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "headers": [["a"]]}}, "the headers"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "headers": {"a": "b"}}}, "the headers"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "framing": "carrier pigeon"}}, "the framing"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "framing": ["close"]}}, "the framing"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "end": None}}, "the end"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "at": -1}}, "a time"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "at": float("nan")}}, "a time"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "missing": -5}}, "what is missing"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "body": "x"}}, "the body"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "body": ["x"]}}, "the body"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "body": [[0, 1]]}}, "the body"),
        ({"number": 1, "request": ASKED, "response": {**ANSWER, "body": [[0, {"base64": "§"}]]}}, "the body"),
    ],
)
def test_an_exchange_that_cannot_be_played_is_named(refusal, exchange, fault):
    said = refusal(f"{HEADER}{json.dumps(exchange)}\n")
    assert "is broken in line 2: " in said
    assert fault in said


def test_hostile_headers_stay_headers(tmp_path):
    path = tmp_path / "tape.jsonl"
    odd = [["", "x"], ["a b", "\u20ac"], ["Content-Length", "99"], [":", ""], ["Transfer-Encoding", "chunked"]]
    answer = {**ANSWER, "headers": odd, "body": [[0, "hi"]]}
    endless = {**ANSWER, "headers": [["a", "b"]] * 500}
    exchanges = [{"number": number, "request": ASKED, "response": one} for number, one in enumerate((answer, endless))]
    path.write_text(HEADER + "".join(json.dumps(exchange) + "\n" for exchange in exchanges))
    with replay(path):
        assert requests.get("http://x.test/", stream=True, timeout=5).status_code == 200
        with pytest.raises(TapeError, match="exchange 1: HTTPException"):
            requests.get("http://x.test/", timeout=5)


@pytest.mark.parametrize(
    "error",
    [
        "builtins.eval",
        "builtins.SystemExit",
        "os.system",
        "requests.Session",
        "",
        "ssl.SSLError",
        "urllib3.MaxRetryError",
    ],
)
def test_a_fault_is_an_error_of_the_way_whatever_it_is_called(tmp_path, error):
    path = tmp_path / "tape.jsonl"
    exchange = {"number": 1, "request": ASKED, "fault": [{"error": error, "message": "m"}]}
    path.write_text(HEADER + json.dumps(exchange) + "\n")
    with replay(path), pytest.raises(OSError if "urllib3" not in error else Exception):
        requests.get("http://x.test/", timeout=5)


def test_a_missing_tape_says_how_to_get_one(tmp_path):
    with (
        pytest.raises(TapeError, match=r"no such file; record it first, with record\(\)"),
        replay(tmp_path / "no.jsonl"),
    ):
        pass
    with pytest.raises(TapeError, match="cannot be read"), replay(tmp_path):
        pass


def test_where_no_tape_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TapeError, match="cannot be written"), record(tmp_path / "file" / "tape.jsonl"):
        pass
    with pytest.raises(TapeError, match="cannot be written"), record(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_going_on_with_a_tape(tmp_path, service):
    path = tmp_path / "new folder" / "tape.jsonl"
    service.on_request(lambda request: request.path)
    for name in ("/a", "/b"):
        with record(path, append=True) as made:
            get(service, name)
    assert made.count == 2
    with replay(path, strict=False) as played:
        assert "/b" in get(service, "/b")
        assert "/a" in get(service, "/a")
    assert played.count == 2
    with record(path) as made:
        pass
    assert made.count == 0


def test_a_last_line_that_was_not_written_whole(tmp_path, service):
    path = tmp_path / "tape.jsonl"
    service.on_request(lambda request: request.path)
    with record(path):
        get(service, "/a")
        get(service, "/b")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:50])
    with pytest.raises(TapeMismatchError, match="where its recording broke off"), replay(path):
        get(service, "/a")
        get(service, "/b")
    with record(path, append=True):
        get(service, "/c")
    assert [json.loads(line).get("number") for line in path.read_text().splitlines()] == [None, 1, 2, None]


def test_nothing_is_gone_on_with_that_is_no_tape(tmp_path):
    path = tmp_path / "tape.jsonl"
    for text in ("my notes\n", HEADER + "x\n"):
        path.write_text(text)
        with pytest.raises(TapeError), record(path, append=True):
            pass
        assert path.read_text() == text
    path.write_text(HEADER.strip())
    with record(path, append=True):
        pass
    assert path.read_text() == HEADER + '{"end": true}\n'


def test_a_full_disk_is_told_as_such(tmp_path, service, monkeypatch):
    service.script("x")

    def write(file, data):
        raise OSError(28, "No space left on device")

    with pytest.raises(TapeError, match="cannot be written: No space left"), record(tmp_path / "tape.jsonl"):
        monkeypatch.setattr("chatkit.testing._tape_file.os.write", write)
        get(service)


def _record_and_die(path, url):
    with record(path):
        requests.get(url, timeout=5)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_recording_that_is_killed_keeps_what_was_over(tmp_path, service):
    service.script("kept")
    path = tmp_path / "tape.jsonl"
    process = multiprocessing.get_context("spawn").Process(target=_record_and_die, args=(path, service.base_url))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with pytest.raises(TapeMismatchError, match="where its recording broke off"), replay(path):
        assert "kept" in get(service)
        requests.post(service.base_url, timeout=5)


def test_an_answer_that_is_still_being_read_is_kept_as_far_as_it_came(tmp_path, service):
    path = tmp_path / "tape.jsonl"
    service.script("0123456789" * 10)
    with record(path):
        response = requests.get(service.base_url, stream=True, timeout=5)
        first = response.raw.read(10)
    assert len(response.content) > 50
    assert json.loads(path.read_text().splitlines()[1])["response"]["end"] == "left"
    with replay(path):
        again = requests.get(service.base_url, stream=True, timeout=0.2)
        assert again.raw.read(10) == first
        again.close()


def test_once_records_and_then_replays(tmp_path, service):
    path = tmp_path / "tapes" / "tape.jsonl"
    service.script("one", "two")
    heard = []
    for mode in ("once", "once", "none", "all", "none"):
        with tape(path, mode=mode) as made:
            heard.append(get(service))
            assert str(path) in repr(made)
            assert made.path == path
    one, two = heard[0], heard[3]
    assert heard == [one, one, one, two, two]
    assert one != two
    assert [file.name for file in path.parent.iterdir()] == ["tape.jsonl"]


def test_a_block_that_fails_leaves_no_tape(tmp_path, service):
    path = tmp_path / "tape.jsonl"
    service.script("one")
    with pytest.raises(ZeroDivisionError), tape(path):
        get(service)
        print(1 / 0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TapeError, match="no such file"), tape(path, mode="none"):
        pass


@pytest.mark.parametrize("options", [{"mode": "new_episodes"}, {"mode": None}])
def test_modes_that_do_not_exist(tmp_path, options):
    with pytest.raises(ValueError, match="'once', 'none' or 'all'"):
        tape(tmp_path / "t", **options)


@pytest.mark.parametrize("speed", [-1, float("inf"), float("nan"), "fast"])
def test_speeds_that_do_not_exist(tmp_path, speed):
    with pytest.raises(ValueError, match="speed"):
        replay(tmp_path / "t", speed=speed)
