"""What a review found in records and in the files that they are written to."""

import errno
import os

import pytest

from chatkit import chat_openai_compatible
from chatkit._errors import ConfigError, HistoryError
from chatkit._record.files import read_record, write_record
from chatkit._record.replay import contents_replay
from chatkit._render.export import export
from chatkit._turns.turns import UserTurn
from chatkit._writing import write_whole


@pytest.mark.parametrize(("field", "wrap"), [("request", lambda item: item), ("attachments", lambda item: [item])])
def test_i5_results_within_results_are_refused_before_they_are_gone_into(field, wrap):
    record = {"type": "tool_result"}
    for _ in range(600):
        record = {"type": "tool_result", field: wrap(record)}
    with pytest.raises(HistoryError, match=rf"\$\.{field}.* must be .*, not ContentToolResult") as caught:
        contents_replay({"version": 1, **record})
    assert len(str(caught.value)) < 200
    assert caught.value.__context__ is None


@pytest.mark.parametrize("request_record", [{"type": "zzz"}, {"type": ["tool_request"]}, {"type": 10**6000}, {}])
def test_a_request_of_no_known_kind_is_refused_by_its_tag(request_record):
    with pytest.raises(HistoryError, match=r"\$\.request\.type must be one of"):
        contents_replay({"version": 1, "type": "tool_result", "request": request_record})


def test_a_path_that_no_file_can_have_is_a_config_error():
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m")
    for act in (read_record, chat.save, lambda path: write_record(path, {})):
        with pytest.raises(ConfigError, match="A path is a text") as caught:
            act("chat\ud800.json")
        assert caught.value.__context__ is None
    with pytest.raises(ConfigError, match="surrogate") as caught:
        export(UserTurn("a"), "chat\ud800.md")
    assert caught.value.__context__ is None


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="Invalid argument") as caught:
        write_whole(pipe, b"x")
    assert caught.value.errno == errno.EINVAL
    assert caught.value.filename == str(pipe)
    assert pipe.is_fifo()
    assert [item.name for item in tmp_path.iterdir()] == ["pipe"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [10**6000, float("inf")], ids=["digits", "infinity"])
def test_a_version_without_end_is_none(version):
    with pytest.raises(HistoryError, match=r"\$\.version must be a version such as 1"):
        contents_replay({"version": version, "type": "text", "text": "a"})
