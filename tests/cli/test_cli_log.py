"""`chatkit log`: the conversations that are kept."""

import json

import pytest

from chatkit import chat_openai_compatible
from chatkit.store import ConversationStore


@pytest.fixture
def where(tmp_path):
    """A store with two conversations, the later one titled."""
    path = tmp_path / "kept.db"
    with ConversationStore(path) as store:
        for id, question, answer in (("a" * 31 + "1", "Where to go?", "To Rome."), ("trip", "And when?", "In May.")):
            chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="org/m", system_prompt="Be kind.")
            store.attach(chat, id)
            chat.add_turn(question, answer)
            store.detach(chat)
        store.rename("trip", "Holidays in a far-away country, with a title that is much too long for a line")
    return path


@pytest.fixture
def log(run, where):
    return lambda *arguments, **options: run("log", *arguments, CHATKIT_STORE=str(where), **options)


def test_the_list_in_a_pipe_has_whole_ids_and_the_latest_first(run, log, where):
    done = run("log", CHATKIT_STORE=str(where))
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["id", "updated", "turns", "title", "model"]
    assert [line.split()[0] for line in lines[2:]] == ["trip", "a" * 31 + "1"]
    assert (done.returncode, done.stderr) == (0, "")
    assert log("list").stdout == done.stdout
    assert len(log("-n", "1").stdout.splitlines()) == len(log("list", "--limit", "1").stdout.splitlines()) == 3


def test_the_list_fits_a_terminal_and_has_short_ids(on_terminal, where):
    shown = on_terminal("log", "--store", str(where), COLUMNS="60").read_until()
    lines = shown.splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert lines[3].split()[0] == "a" * 8
    assert "Holidays in" in lines[2] and "..." in lines[2]


@pytest.mark.parametrize("arguments", [["--json"], ["list", "--json"], ["--json", "list"]])
def test_the_list_as_json(log, arguments):
    told = json.loads(log(*arguments).stdout)
    assert [info["id"] for info in told] == ["trip", "a" * 31 + "1"]
    assert told[0]["turns"] == 2 and told[0]["updated"].startswith("20")


@pytest.mark.parametrize("id", ["trip", "last", "tr"])
def test_show_prints_a_conversation(log, id):
    done = log("show", id)
    assert done.stdout.startswith("Holidays in a far-away country")
    assert all(text in done.stdout for text in ("And when?", "In May.", "org/m", "Be kind."))
    assert done.stderr == ""


def test_show_as_json_can_be_replayed(log):
    from chatkit import contents_replay

    told = json.loads(log("show", "aaaa", "--json").stdout)
    assert (told["id"], told["model"]) == ("a" * 31 + "1", "org/m")
    turns = [contents_replay(turn) for turn in told["turns"]]
    assert [(turn.role, turn.text) for turn in turns] == [
        ("system", "Be kind."),
        ("user", "Where to go?"),
        ("assistant", "To Rome."),
    ]


def test_search_finds_words_and_says_so_by_its_exit_code(log):
    done = log("search", "rom*")
    assert done.returncode == 0
    assert "assistant, turn 1: To Rome." in done.stdout
    none = log("search", "nothing", "such")
    assert (none.returncode, none.stdout, none.stderr) == (1, "", "These words were not said.\n")
    hit = json.loads(log("search", "rome", "--json").stdout)[0]
    assert (hit["conversation"]["id"], hit["role"], hit["snippet"]) == ("a" * 31 + "1", "assistant", "To Rome.")


def test_search_fits_a_terminal(on_terminal, where):
    screen = on_terminal("log", "search", "title", "--store", str(where), COLUMNS="40", NO_COLOR="1")
    assert all(len(line) <= 40 for line in screen.read_until().splitlines())


def test_search_marks_the_words_on_a_terminal(on_terminal, where):
    shown = on_terminal("log", "search", "rome", "--store", str(where), COLUMNS="80").read_until()
    assert "To \x1b[32mRome\x1b[39m." in shown


def test_export_writes_a_file_and_replaces_none_unasked(log, tmp_path):
    path = tmp_path / "talk.md"
    done = log("export", "trip", str(path))
    assert (done.returncode, done.stderr) == (0, f"Written to {path}.\n")
    assert "In May." in path.read_text() and "Be kind." not in path.read_text()
    assert log("export", "trip", str(path)).returncode == 2
    assert log("export", "trip", str(path), "--force", "--system").returncode == 0
    assert "Be kind." in path.read_text()
    assert log("export", "trip", str(tmp_path / "talk.xyz")).returncode == 2
    assert "cannot be written" in log("export", "trip", str(tmp_path / "no" / "talk.md")).stderr


def test_rename(log):
    assert log("rename", "aaaa", "Rome").returncode == 0
    assert json.loads(log("--json").stdout)[-1]["title"] == "Rome"


def test_delete_asks_on_a_terminal_and_needs_a_yes_elsewhere(log, on_terminal, where):
    done = log("delete", "trip")
    assert (done.returncode, done.stderr.count("--yes")) == (2, 1)
    for answer, left in (("n\r", 2), ("y\r", 1)):
        screen = on_terminal("log", "delete", "trip", "--store", str(where))
        screen.read_until("for good? [y/N] ")
        screen.type(answer)
        screen.read_until()
        assert screen.close() == 0
        assert len(json.loads(log("--json").stdout)) == left
    assert log("delete", "aaaa", "-y").returncode == 0
    assert log().stderr == "No conversation is kept yet; `chatkit chat --save` keeps one.\n"


@pytest.mark.parametrize(("key", "code", "shown"), [("\x04", 0, "[y/N] \nIt is kept.\n"), ("\x03", 130, "[y/N] ^C\n")])
def test_leaving_the_question_deletes_nothing(log, on_terminal, where, key, code, shown):
    screen = on_terminal("log", "delete", "trip", "--store", str(where))
    screen.read_until("for good? [y/N] ")
    screen.type(key)
    assert screen.read_until().endswith(shown)
    assert screen.close() == code
    assert len(json.loads(log("--json").stdout)) == 2


def test_a_hostile_title_is_shown_and_not_obeyed(log):
    assert log("rename", "trip", "x\x1b[2J\x9b\ny").returncode == 0
    for words in ((), ("show", "trip"), ("search", "may"), ("--json",)):
        assert not {"\x1b", "\x9b"} & set(log(*words).stdout)


def test_what_is_not_there(log, run):
    done = log("show", "nope")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no conversation 'nope'." in done.stderr
    assert log("show", "last", "--store", "/nowhere/x.db").returncode == 2
    empty = run("log", "--json")
    assert (empty.returncode, empty.stdout) == (0, "[]\n")
    assert "No conversation is kept yet" in empty.stderr
    assert run("log", "search", "x").returncode == 1
