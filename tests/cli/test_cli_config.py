"""`chatkit config`: what is settled, where it comes from, and settling it."""

import json
import os
import stat

import pytest

from chatkit.testing import FakeService


@pytest.fixture
def file(tmp_path):
    return tmp_path / ".config" / "chatkit" / "config.toml"


def test_set_get_and_unset_leave_comments_alone(run, file):
    assert run("config", "set", "model", "org/a").returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("# mine\n" + file.read_text().replace('"org/a"', '"org/a"  # the good one'))
    run("config", "set", "params.temperature", "0.2")
    run("config", "set", "save", "yes")
    run("config", "set", "model", "org/b")
    assert file.read_text() == ('# mine\nmodel = "org/b"  # the good one\nsave = true\n\n[params]\ntemperature = 0.2\n')
    assert run("config", "get", "model").stdout == "org/b\n"
    assert run("config", "get", "params.temperature", "--json").stdout == "0.2\n"
    assert run("config", "unset", "model").returncode == 0
    assert run("config", "get", "model").returncode == 1
    done = run("config", "unset", "model")
    assert (done.returncode, done.stderr) == (1, "chatkit: model is not in the file\n")


def test_all_settings_are_shown_with_where_they_come_from(run, file):
    run("config", "set", "model", "org/a")
    run("config", "set", "echo", "all")
    told = json.loads(run("config", "--json", CHATKIT_MODEL="org/b").stdout)
    assert told["model"] == {"value": "org/b", "from": "CHATKIT_MODEL"}
    assert told["echo"] == {"value": "all", "from": "file"}
    assert told["markdown"] == {"value": True, "from": "default"}
    assert told["store"]["value"].endswith("chatkit/conversations.db")
    done = run("config")
    assert "setting" in done.stdout and f"file: {file}" in done.stderr
    assert run("config", "path").stdout == f"{file}\n"
    assert run("config", "path", CHATKIT_CONFIG="/x/y.toml").stdout == "/x/y.toml\n"


def test_a_variable_that_goes_before_it_is_told(run):
    done = run("config", "set", "model", "org/a", CHATKIT_MODEL="org/b")
    assert done.stderr == "CHATKIT_MODEL is set in the environment, and goes before it.\n"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("modle", "x", "'modle' is no setting. Did you mean 'model'?"),
        ("api_key", "x", "keys are not kept in a file"),
        ("HF_TOKEN", "x", "keys are not kept in a file"),
        ("system", "hf_abcdefghijklmnopqrstuv", "looks like a key"),
        ("params.user", "sk-abcdefghijklmnopqrstuv", "looks like a key"),
        ("store", "postgresql://me:secret@host/db", "has a password in it"),
        ("save", "maybe", "save must be true or false"),
        ("echo", "loud", "echo must be one of none, output, all"),
        ("model", "", "model must be a text"),
        ("base_url", "localhost:80", "base_url"),
        ("params.temperature", "9", "`temperature` must be a number from 0 to 2"),
        ("params.temprature", "1", "did you mean `temperature`?"),
        ("params.anything", "null", "params.anything must have a value, not null."),
        ("system", "a\udcff", "something in them is no text in UTF-8"),
    ],
)
def test_what_cannot_be_settled_is_told_and_not_written(run, file, key, value, told):
    done = run("config", "set", key, value)
    assert (done.returncode, told in done.stderr, done.stderr.count("\n")) == (2, True, 1)
    assert not file.exists()
    if len(value) > 20:
        assert value not in done.stderr


def test_a_broken_file_is_told_with_its_place_and_stays(run, file):
    file.parent.mkdir(parents=True)
    file.write_text("model = \n")
    for words in (("config",), ("config", "set", "model", "x"), ("chat", "--offline", "Hello")):
        done = run(*words)
        assert done.returncode == 2
        assert f"{file}, line 1, column 9: this is no TOML" in done.stderr
    assert file.read_text() == "model = \n"
    file.write_text('\nmodle = "x"\n')
    assert f"{file}, line 2: 'modle' is no setting." in run("config").stderr
    assert run("config", "unset", "modle").returncode == 0
    assert run("config").returncode == 0


def test_edit_opens_the_editor_and_checks_what_came_of_it(run, file, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/^# model = .*/model = 3/' \"$1\"\n")
    editor.chmod(0o700)
    done = run("config", "edit", EDITOR=str(editor))
    assert done.returncode == 2 and "model must be a text, not 3." in done.stderr
    assert "# markdown = true" in file.read_text()
    assert "cannot be started" in run("config", "edit", EDITOR="/nowhere/vi").stderr
    assert run("config", "edit", VISUAL="false").returncode == 1
    assert run("config", "edit", VISUAL="true", EDITOR=os.devnull).returncode == 2
    file.unlink()
    assert run("config", "edit", VISUAL="true").returncode == 0


def test_flags_go_before_variables_before_the_file(run, file):
    with FakeService(strict=True) as service:
        file.parent.mkdir(parents=True)
        file.write_text(
            f'model = "org/file"\nbase_url = "{service.base_url}"\nsystem = "Be kind."\necho = "none"\n'
            "[params]\ntemperature = 0.5\nseed = 1\n"
        )
        for _ in range(3):
            service.say("Yes.")
        run("chat", "Hello")
        run("chat", "Hello", CHATKIT_MODEL="org/variable")
        run("chat", "Hello", "-m", "org/flag", "-s", "Be terse.", "-p", "seed=2", CHATKIT_MODEL="org/variable")
        first, second, third = (request.json for request in service.requests)
    assert (first["model"], second["model"], third["model"]) == ("org/file", "org/variable", "org/flag")
    assert (first["temperature"], first["seed"], third["seed"]) == (0.5, 1, 2)
    assert (first["messages"][0]["content"], third["messages"][0]["content"]) == ("Be kind.", "Be terse.")


def test_a_settled_key_goes_to_the_settled_address_only(run, file):
    with FakeService() as settled, FakeService() as other:
        file.parent.mkdir(parents=True)
        file.write_text(f'base_url = "{settled.base_url}"\nkey_from = "MY_KEY"\nmodel = "m"\n')
        for service in (settled, other, other):
            service.say("Yes.")
        run("chat", "Hello", MY_KEY="secret")
        run("chat", "Hello", "--base-url", other.base_url, MY_KEY="secret")
        run("chat", "Hello", CHATKIT_BASE_URL=other.base_url, MY_KEY="secret")
        assert settled.requests[0].headers["authorization"] == "Bearer secret"
        assert all("authorization" not in request.headers for request in other.requests)
        assert len(other.requests) == 2
        assert run("models", MY_KEY="secret").returncode == 0
        assert settled.requests[-1].path.endswith("/models")
