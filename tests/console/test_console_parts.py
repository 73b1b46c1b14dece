"""The parts of the console, one by one: paths, quotes, completion, toolbar, clipboard, editor, history."""

import base64
import io
import os
import stat
import threading

import pytest

from chatkit import Price, chat_openai_compatible
from chatkit._console.attaching import attachment, image_of
from chatkit._console.completing import candidates
from chatkit._console.copying import copied
from chatkit._console.editing import edited
from chatkit._console.history import history_path, open_history
from chatkit._console.models import learn_models
from chatkit._console.paths import first_word, typed
from chatkit._console.quoting import is_open, quoted
from chatkit._console.state import Console
from chatkit._console.toolbar import toolbar
from chatkit._display.terminal import Terminal
from chatkit._errors import ConfigError, MediaError


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def console(service):
    chat = chat_openai_compatible(service.base_url, model="m", credentials=lambda: "k", prices={"m": Price(1.0, 2.0)})
    return Console(chat, Terminal(Screen(), environ={"TERM": "xterm"}), Terminal(io.StringIO()))


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("a.txt", "a.txt", ""),
        ("  a.txt  what is it? ", "a.txt", "what is it?"),
        (r"a\ b.txt c", "a b.txt", "c"),
        ('"a b.txt" c', "a b.txt", "c"),
        ("'a b'", "a b", ""),
        ("'open quote", "'open", "quote"),
        ("ends\\", "ends\\", ""),
        ("", "", ""),
    ],
)
def test_the_first_word_of_a_line_may_have_spaces(text, word, rest):
    assert first_word(text) == (word, rest)


@pytest.mark.parametrize("path", ["a b", "it's", 'say "x"', "a\\b", "tab\there"])
def test_a_path_as_it_is_typed_is_read_back(path):
    assert first_word(typed(path) + " rest") == (path, "rest")


def test_where_folders_are_separated_by_backslashes_they_stay(monkeypatch):
    monkeypatch.setattr("chatkit._console.paths._ESCAPES", False)
    assert first_word("C:\\a\\b c") == ("C:\\a\\b", "c")
    assert typed("C:\\a b") == '"C:\\a b"'
    assert typed("C:\\ab") == "C:\\ab"


@pytest.mark.parametrize(
    ("line", "text", "goes_on"),
    [
        ("plain", None, False),
        ('"""', "", True),
        ('"""one', "one", True),
        ('"""one"""', "one", False),
        ('"""\none\n"""', "one", False),
        ('""""""', "", False),
    ],
)
def test_three_quotes_hold_a_text(line, text, goes_on):
    assert quoted(line) == text
    assert is_open(line) is goes_on


def texts(console, line):
    return [item.text for item in candidates(console, line)]


def test_nothing_but_commands_is_completed(console):
    for line in ("", "hello", "//", "/a\nb", "/nonsense x", "/tools "):
        assert texts(console, line) == []
    assert texts(console, "/mo") == ["/model "]
    assert texts(console, "/QU") == ["/quit"]
    assert "help" in texts(console, "/help ")
    assert texts(console, "/compact 20 d") == ["drop"]
    assert texts(console, "/copy ") == ["code"]


def test_paths_are_completed_but_for_hidden_and_hostile_ones(console, tmp_path, monkeypatch):
    for name in ("a one.txt", ".hidden", "bad\x1b[2Jname"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    assert texts(console, f"/file {tmp_path}/") == [f"{tmp_path}/a\\ one.txt", f"{tmp_path}/folder{os.sep}"]
    assert texts(console, f"/file {tmp_path}/.h") == [f"{tmp_path}/.hidden"]
    assert texts(console, f"/file {tmp_path}/a\\ o") == [f"{tmp_path}/a\\ one.txt"]
    assert texts(console, f"/file {tmp_path}/folder and ") == []
    assert texts(console, f"/file {tmp_path}/folder ") == []
    assert texts(console, "/file /there/is/nothing/") == []
    monkeypatch.chdir(tmp_path)
    assert texts(console, "/file f") == [f"folder{os.sep}"]

    def refused(entry):
        raise OSError

    class Entry:
        name, is_dir = "odd", refused

    monkeypatch.setattr("os.scandir", lambda folder: [Entry()])
    assert texts(console, "/file o") == ["odd"]


def test_models_are_completed_once_their_list_has_arrived(console, service):
    service.models = [{"id": "m", "context_length": 1000}, {"id": "org/Other"}, {"id": "bad\x1bname"}]
    assert texts(console, "/model ") == []
    for thread in threading.enumerate():
        if thread.name == "chatkit-models":
            thread.join()
    assert texts(console, "/model ") == ["m", "org/Other"]
    assert texts(console, "/model oth") == ["org/Other"]
    assert [item.about for item in candidates(console, "/model m")] == ["1,000 tokens"]
    assert learn_models(console) is None


def test_a_list_that_cannot_be_had_is_no_news(console, monkeypatch):
    monkeypatch.setattr(type(console.chat), "models", lambda self: 1 / 0)
    thread = learn_models(console)
    thread.join()
    assert texts(console, "/model ") == []
    monkeypatch.setattr("chatkit._console.models.asked_lately", lambda base_url: False)
    assert learn_models(console) is None


def test_the_toolbar_tells_what_is_known_and_fits_its_place(console, service):
    assert toolbar(console, 80) == "m"
    service.say("Fine.")
    console.chat.chat("hello", echo="none")
    assert toolbar(console, 80).startswith("m · context ")
    console.chat.models()
    line = toolbar(console, 80)
    assert "%" in line and "$" in line and "$?" not in line
    console.multiline = True
    console.attached = ["x"]
    assert toolbar(console, 90).endswith(" · multi-line: Alt-Enter sends")
    assert "1 attached" in toolbar(console, 80)
    assert toolbar(console, 14) == "m · 1 attached"
    assert toolbar(console, 5) == "m"
    console.chat.model = "a\x1b[2J-very-long-name-of-a-model-that-goes-on-and-on-and-on"
    assert "\x1b" not in toolbar(console, 80)
    assert len(toolbar(console, 20)) <= 20


def test_what_is_not_known_is_not_made_up(console, service):
    from chatkit.testing import Answer

    service.script(Answer("Fine.", usage=None))
    console.chat.chat("hello", echo="none")
    assert toolbar(console, 80) == "m · ? in ? out · $?"


def test_the_clipboard_is_the_desktops_or_the_terminals(tmp_path, console):
    got = tmp_path / "got"
    program = tmp_path / "xclip"
    program.write_text(f'#!/bin/sh\ncat > "{got}"\n')
    program.chmod(0o755)
    desktop = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "w", "PATH": f"{tmp_path}:/bin:/usr/bin"}
    assert copied("Grüße", console.out, desktop) == "by xclip"
    assert got.read_text(encoding="utf-8") == "Grüße"
    for broken in ("#!/bin/sh\nexit 1\n", "no program"):
        program.write_text(broken)
        assert "OSC 52" in copied("x", console.out, desktop)
    assert "OSC 52" in copied("hi\x1b", console.out, {**desktop, "SSH_CONNECTION": "x"})
    shown = console.out._target().getvalue()
    assert shown.endswith(f"\x1b]52;c;{base64.b64encode(b'hi' + bytes([27])).decode()}\x07")
    assert copied("x" * 80_000, console.out, {}) == ""
    assert copied("x", Terminal(io.StringIO()), {}) == ""


@pytest.mark.parametrize(("platform", "name"), [("darwin", "pbcopy"), ("win32", "clip")])
def test_each_platform_has_its_clipboard(platform, name, tmp_path, console, monkeypatch):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("shutil.which", lambda command, path=None: command if command == name else None)
    monkeypatch.setattr("chatkit._console.copying._fed", lambda command, text: command == [name])
    assert copied("x", console.out, {}) == f"by {name}"


def test_the_editor_is_the_users(tmp_path):
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\nprintf "new\\n\\n" > "$2"\n')
    editor.chmod(0o755)
    assert edited("old", {"EDITOR": f"'{editor}' -x"}) == "new"
    assert edited("old", {"VISUAL": "true", "EDITOR": "false"}) == "old"
    usual = tmp_path / "nano"
    usual.write_text('#!/bin/sh\necho usual > "$1"\n')
    usual.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        assert edited("old", {"EDITOR": "'", "PATH": str(tmp_path)}) == "usual"
    for environ in ({"PATH": str(tmp_path / "none")}, {"EDITOR": "false"}, {"EDITOR": "/there/is/none"}):
        with pytest.raises(ConfigError):
            edited("old", environ)


def test_the_history_is_a_private_file_where_there_is_a_place_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_path(False) is None
    assert history_path(True).name == "console_history"
    assert history_path(str(tmp_path / "h")) == tmp_path / "h"
    path = tmp_path / "deep" / "h"
    history, complaint = open_history(path)
    assert complaint == ""
    history.store_string("half a pair \udc80")
    path.chmod(0o644)
    again, _ = open_history(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(again.history.load_history_strings()) == ["half a pair ?"]
    path.unlink()
    path.mkdir()
    again.store_string("the disk is gone")
    assert "cannot be kept" in open_history(path)[1]
    assert "cannot be kept" in open_history(tmp_path / "a\0b")[1]
    os.mkfifo(tmp_path / "pipe")
    assert "cannot be kept" in open_history(tmp_path / "pipe")[1]
    assert open_history(None)[1] == ""


def test_what_a_path_holds_decides_what_is_attached(tmp_path):
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    (tmp_path / "dot").write_bytes(png)
    (tmp_path / "wave").write_bytes(b"RIFF\0\0\0\0WAVEfmt " + bytes(40))
    (tmp_path / "text").write_text("words")
    assert attachment(str(tmp_path / "dot")).type == "image_inline"
    assert attachment(str(tmp_path / "wave")).type == "audio"
    assert attachment(str(tmp_path / "text")).type == "document"
    assert attachment("https://example.org/a.pdf").type == "document_remote"
    assert image_of(str(tmp_path / "dot")).type == "image_inline"
    for word in (str(tmp_path), "nowhere", "a\0b"):
        with pytest.raises(MediaError):
            attachment(word)
