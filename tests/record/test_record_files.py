"""Records in files: whole or not at all, within limits, and with errors that name the path and the place."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatkit._errors import ConfigError, HistoryError
from chatkit._record import files
from chatkit._record.chat import load_chat
from chatkit._record.files import read_record, write_record

CHAT = {"version": 1, "type": "chat", "provider": {"service": "x"}}


def left_over(folder):
    return sorted(path.name for path in folder.iterdir())


def run(code, *arguments, **options):
    # A process that is killed leaves half a file of coverage data.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=env, **options)


def test_a_record_comes_back_from_its_file(tmp_path):
    record = {"version": 1, "text": "é\u2028\0😀", "list": [1, {"a": [2]}], "empty": [], "none": None}
    write_record(tmp_path / "a.json", record)
    assert read_record(tmp_path / "a.json") == record
    assert read_record(str(tmp_path / "a.json")) == record
    assert left_over(tmp_path) == ["a.json"]


def test_the_items_of_lists_stand_on_lines_of_their_own(tmp_path):
    write_record(tmp_path / "a.json", {"version": 1, "turns": [{"n": [1, 2]}, {"n": 3}]})
    assert (tmp_path / "a.json").read_text() == '{\n"version":1,\n"turns":[\n{"n":[1,2]},\n{"n":3}\n]\n}\n'


def test_a_new_file_is_private_and_an_old_one_keeps_its_permissions(tmp_path):
    path = tmp_path / "a.json"
    write_record(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_record(path, {"n": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.json").write_text("{}")
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    write_record(link, {"n": 1})
    assert link.is_symlink()
    assert read_record(tmp_path / "real.json") == {"n": 1}


def test_a_byte_order_mark_is_no_matter(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"n": 1}')
    assert read_record(tmp_path / "a.json") == {"n": 1}


@pytest.mark.parametrize("path", ["a\0b.json", "", b"a.json", 5, None])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ConfigError, match="A path is a text without NUL"):
        read_record(path)
    with pytest.raises(ConfigError, match="A path is a text without NUL"):
        write_record(path, {})


@pytest.mark.parametrize("value", [object(), float("nan"), {(1, 2): 3}])
def test_what_json_cannot_say_is_not_written(tmp_path, value):
    with pytest.raises(HistoryError, match=r"a\.json was not written: JSON cannot say the record"):
        write_record(tmp_path / "a.json", {"value": value})
    assert left_over(tmp_path) == []


def test_halves_of_surrogate_pairs_are_written_as_the_replacement_character(tmp_path):
    write_record(tmp_path / "a.json", {"a": "\ud800"})
    assert read_record(tmp_path / "a.json") == {"a": "\ufffd"}


def test_i4_a_truncated_file_names_the_place(tmp_path):
    path = tmp_path / "a.json"
    write_record(path, CHAT)
    text = path.read_text()
    for size in range(len(text.rstrip())):
        path.write_text(text[:size])
        with pytest.raises(
            HistoryError, match=rf"a\.json is not JSON, or not all of it: .* at character \d+ of {size} \(line"
        ):
            load_chat(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", r"character 0 of 0 \(line 1\)"),
        (b"\n\nhello", r"at character 2 of 7 \(line 3\)"),
        (b'{"a": \xff}', "is not UTF-8: see byte 6 of 8"),
        (b"[1, 2]", r"holds no record: \$ must be an object, not list"),
        (b"null", r"must be an object, not NoneType"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number with too many digits"),
        (json.dumps(CHAT | {"version": 99}).encode(), r"a\.json: \$ is of version 99"),
        (json.dumps(CHAT | {"type": "diary"}).encode(), r"a\.json: \$\.type must be 'chat', not 'diary'"),
        (
            json.dumps(CHAT | {"turns": [{"role": "user", "contents": [{"type": "x"}]}]}).encode(),
            r"a\.json: \$\.turns\[0\]\.contents\[0\]\.type must be one of",
        ),
        (json.dumps(CHAT | {"colour": 1}).encode(), r"a\.json: \$ has the field 'colour'"),
    ],
)
def test_i4_a_file_that_is_no_record_names_path_and_place(tmp_path, data, words):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(HistoryError, match=words) as caught:
        load_chat(path)
    assert str(path) in str(caught.value)
    assert caught.value.__context__ is None


def test_i5_a_file_nested_100_000_deep_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(HistoryError, match="nested too deeply"):
        read_record(path)


def test_i5_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(200 * 10**6)  # sparse: it takes no room
    with pytest.raises(HistoryError, match="191 MiB are more than the 100 MiB"):
        read_record(path)


def test_i5_a_million_turns_are_refused(tmp_path):
    path = tmp_path / "a.json"
    turns = ",".join(["{}"] * 1_000_000)
    path.write_text(json.dumps(CHAT)[:-1] + f',"turns":[{turns}]}}')
    with pytest.raises(HistoryError, match=r"\$\.turns holds 1000000 turns; at most 100000"):
        load_chat(path)


def test_i5_what_could_not_be_read_again_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 2**20)
    with pytest.raises(HistoryError, match=r"a\.json was not written: 2 MiB are more than the 1 MiB"):
        write_record(tmp_path / "a.json", {"a": "x" * 2**21})
    assert left_over(tmp_path) == []


def test_a_folder_and_a_device_are_no_files(tmp_path):
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(HistoryError, match="is no file"):
            read_record(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HistoryError, match="is no file"):
        read_record(tmp_path / "pipe")


def test_a_missing_file_is_an_os_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        read_record(tmp_path / "absent.json")


def test_i7_a_missing_folder_is_an_os_error_that_names_the_path(tmp_path):
    path = tmp_path / "absent" / "a.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_record(path, {})
    assert caught.value.filename == str(path)
    assert caught.value.__context__ is None


def test_i7_a_folder_in_the_place_of_the_file_stays(tmp_path):
    path = tmp_path / "a.json"
    path.mkdir()
    with pytest.raises(OSError, match="directory") as caught:
        write_record(path, {})
    assert caught.value.filename == str(path)
    assert left_over(tmp_path) == ["a.json"]


# As root one may write anywhere, so the code that shall fail runs as somebody else where it can.
AS_NOBODY = """
import os, sys
from pathlib import Path
from chatkit._record.files import write_record
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    write_record(sys.argv[1], {"new": 1})
except OSError as error:
    print(type(error).__name__, error.filename)
"""


def test_i7_a_read_only_folder_leaves_the_old_file(tmp_path):
    tmp_path.parent.chmod(0o755)
    tmp_path.parent.parent.chmod(0o755)
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "a.json"
    write_record(path, {"old": 1})
    folder.chmod(0o555)
    try:
        done = run(AS_NOBODY, path, stdout=subprocess.PIPE, text=True)
        told = done.communicate(timeout=60)[0]
    finally:
        folder.chmod(0o755)
    assert told == f"PermissionError {path}\n"
    assert read_record(path) == {"old": 1}
    assert left_over(folder) == ["a.json"]


FILLED = """
import resource, signal, sys
from chatkit._record.files import write_record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_record(sys.argv[1], {"new": "x" * 200_000})
except OSError as error:
    print(error.errno, error.filename)
"""


def test_i7_a_disk_that_is_full_halfway_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_record(path, {"old": 1})
    told = run(FILLED, path, stdout=subprocess.PIPE, text=True).communicate(timeout=60)[0]
    assert told == f"27 {path}\n"
    assert read_record(path) == {"old": 1}
    assert left_over(tmp_path) == ["a.json"]


WRITING = """
import sys
from chatkit._record.files import write_record
number = 0
while True:
    number += 1
    write_record(sys.argv[1], {"number": number, "text": sys.argv[2] * 500_000, "end": number})
    print(number, flush=True)
"""


def test_i7_killed_halfway_the_file_is_the_old_or_the_new_one_whole(tmp_path):
    path = tmp_path / "a.json"
    chance = random.Random(7)
    for _ in range(6):
        process = run(WRITING, path, "x", stdout=subprocess.PIPE)
        assert process.stdout.readline()
        time.sleep(chance.random() / 30)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        record = read_record(path)
        assert record["number"] == record["end"]
        assert record["text"] == "x" * 500_000


def test_i8_of_two_processes_that_write_one_file_the_last_wins_whole(tmp_path):
    path = tmp_path / "a.json"
    one, other = (run(WRITING, path, letter, stdout=subprocess.PIPE) for letter in "ab")
    seen = set()
    try:
        assert one.stdout.readline()
        assert other.stdout.readline()
        for _ in range(40):
            record = read_record(path)
            assert record["number"] == record["end"]
            assert set(record["text"]) in ({"a"}, {"b"})
            assert len(record["text"]) == 500_000
            seen.add(record["text"][0])
            time.sleep(0.01)
    finally:
        for process in (one, other):
            process.kill()
            process.communicate()
    assert read_record(path)["text"][0] in "ab"
    assert seen <= {"a", "b"}


def test_interrupted_by_the_keyboard_no_temporary_file_stays(tmp_path, monkeypatch):
    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_record(tmp_path / "a.json", {})
    assert left_over(tmp_path) == []
