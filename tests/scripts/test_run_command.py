"""`chatkit run`, as a person would run it."""

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from chatkit._chat.transcript import Transcript
from chatkit.testing import Answer, Delivery, ErrorAnswer, FakeService, ToolCall

TALK = """\
+++
[values]
name = "Ada"
+++
# user
Hello, my name is {{name}}.

# user
What is my name?

# expect
contains = "{{name}}"
"""


def said(done) -> list[str]:
    """What stands on stderr, without the line about the stand-in."""
    return [line for line in done.stderr.splitlines() if "stand-in answers" not in line]


def test_when_all_holds_the_exit_code_is_0(run, write):
    write(TALK)
    done = run("talk.md", "--offline")
    assert (done.returncode, done.stdout) == (0, "I see: your name is Ada.\nYour name is Ada.\n")
    assert said(done)[:2] == ["talk.md: 1/2 Hello, my name is Ada.", "talk.md: 2/2 What is my name?"]
    assert said(done)[2].startswith("talk.md: 2 prompts, ")
    assert said(done)[2].endswith("1 of 1 expectations hold")


def test_when_one_fails_the_exit_code_is_1_and_it_is_told_with_the_text(run, write):
    write(TALK.replace('contains = "{{name}}"', 'contains = "{{name}}"\nequals = "Eve"'))
    done = run("talk.md", "--offline", "--quiet", "--echo", "none", "name=Bob")
    assert (done.returncode, done.stdout) == (1, "")
    assert said(done)[0] == "talk.md:13: equals: it should be 'Eve', and it is 'Your name is Bob.'"
    assert "1 of 2 expectations hold" in said(done)[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TALK.replace("+++\n# user", "# user", 1), "talk.md:1:1: The front matter that begins here has no +++"),
        (TALK.replace("contains", "contians"), "talk.md:12:1: There is no expectation 'contians'. Did you mean"),
        (TALK.replace("name is {{name}}", "name is {{nome}}"), "talk.md:6:21: There is no value for `nome`"),
        (TALK.replace('name = "Ada"', "name = "), "talk.md:3:7: Invalid value."),
    ],
)
def test_when_the_script_is_broken_the_exit_code_is_2(run, write, text, told):
    write(text)
    done = run("talk.md", "--offline")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"chatkit: {told}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.md"], "none.md: The file cannot be read"),
        (["talk.md", "nmae=x"], "Did you mean `name`?"),
        (["talk.md", "name"], "must be NAME=VALUE"),
        (["talk.md", "name=a", "name=b"], "given twice"),
        (["talk.md", "--out", "a.txt"], "cannot be written as '.txt'"),
        (["talk.md", "--out", "none/a.md"], "no folder 'none'"),
        (["talk.md", "--out", "/proc/a.md"], "The folder '/proc' cannot be written to: "),
        (["talk.md", "--out", "folder.md"], "'folder.md' is there already, and is no file"),
        (["talk.md", "--rows", "rows.txt"], "cannot be read from 'rows.txt'"),
        (["talk.md", "--record", "a", "--replay", "b"], "not allowed with"),
        (["talk.md", "--replay", "none.jsonl"], "none.jsonl"),
        (["talk.md", "--rows", "rows.csv", "--out", "a.md"], "needs a file of its own"),
        (["talk.md", "--rows", "rows.csv", "--out", "{town}.md"], "{town}, which is no column. There are: row, name."),
        (["talk.md", "--rows", "rows.csv", "--out", "a{same}.md"], ""),
        (["talk.md"], "There is no model to talk to"),
    ],
)
def test_what_cannot_be_done_as_given_is_2_too(run, write, tmp_path, arguments, told):
    (tmp_path / "folder.md").mkdir()
    write(TALK)
    write("name\nBob\nEve\n", "rows.csv")
    offline = ["--offline"] if len(arguments) > 1 and "--replay" not in arguments else []
    done = run(*arguments, *offline)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_key_that_is_missing_in_the_end_is_2(run, write):
    write("+++\nbase_url = 'https://api.openai.com/v1'\n+++\n# user\nHi")
    done = run("talk.md")
    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_may_stand_between_the_values(run, write, tmp_path):
    write("# user\n{{a}} and {{b}}")
    done = run("--quiet", "talk.md", "a=Hello", "--out", "out.md", "b=you", "--offline")
    assert done.returncode == 0, done.stderr
    assert "Hello and you" in (tmp_path / "out.md").read_text()
    assert done.stdout == ""


def test_a_server_that_fails_is_1_and_the_transcript_is_written(run, write, tmp_path):
    write("# user\nHi\n# user\nAgain")
    with FakeService(strict=True) as service:
        service.say("Hello")
        service.script(ErrorAnswer(400, {"error": {"message": "enough"}}))
        done = run("talk.md", "--base-url", service.base_url, "-m", "x", "--out", "out.json")
    assert done.returncode == 1
    assert "enough" in done.stderr
    transcript = Transcript.load(tmp_path / "out.json")
    assert (transcript.answers, transcript.model) == (["Hello", None], "x")


def test_the_address_of_the_script_is_used_unless_another_is_given(run, write):
    with FakeService(strict=True) as service, FakeService(strict=True) as other:
        service.on_request(lambda request: "one")
        other.on_request(lambda request: "two")
        write(f"+++\nbase_url = '{service.base_url}'\nmodel = 'x'\n+++\n# user\nHi")
        assert run("talk.md").stdout == "one\n"
        assert run("talk.md", "--base-url", other.base_url, "--model", "y").stdout == "two\n"
        assert [service.requests[0].json["model"], other.requests[0].json["model"]] == ["x", "y"]


def test_bare_echo_shows_both_sides_and_tools(run, write):
    write("def add(a: int, b: int) -> int:\n    'Add.'\n    return a + b\nprint('loaded')\n", "calculator.py")
    write("+++\ntools = ['calculator:add']\n+++\n# user\nWhat is 1 + 2?\n# expect\ncalls_tool = 'add'")
    with FakeService(strict=True) as service:
        service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
        service.say("It is 3.")
        done = run("talk.md", "--base-url", service.base_url, "--echo")
    assert done.returncode == 0, done.stderr
    assert "It is 3." in done.stdout
    assert "What is 1 + 2?" in done.stdout + done.stderr
    assert "loaded" not in done.stdout
    assert "loaded" in done.stderr


def test_rows_make_one_file_each(run, write, tmp_path):
    write(TALK)
    long = "\U00020000" * 100
    write(f"name\nBob\nE/v e\n{long}\n", "rows.csv")
    done = run("talk.md", "--offline", "--rows", "rows.csv", "--out", "{row}-{name}.json")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in tmp_path.glob("*.json"))
    assert names == ["1-Bob.json", "2-E-v-e.json", f"3-{long[:20]}.json"]
    assert Transcript.load(tmp_path / names[0]).answers[1] == "Your name is Bob."
    assert "talk.md: 3 of 3 conversations went as expected" in done.stderr
    assert "talk.md: row 2 of 3, 1/2 Hello, my name is E/v e." in done.stderr


def test_rows_make_one_jsonl_file(run, write, tmp_path):
    write(TALK.replace("{{name}}", "Bob", 2).replace("name is Bob", "name is {{name}}").replace('"Bob"', '"Bob"'))
    write('{"name": "Bob"}\n{"name": "Eve"}\n', "rows.jsonl")
    done = run("talk.md", "--offline", "--rows", "rows.jsonl", "--out", "all.jsonl", "--quiet")
    records = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [record["ok"] for record in records] == [True, False]
    assert done.returncode == 1
    assert "row 2: contains: it should contain 'Bob'" in done.stderr
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o077 == 0


def test_two_rows_for_one_file_are_refused(run, write):
    write(TALK)
    write("name\nBob\nBob\n", "rows.csv")
    done = run("talk.md", "--offline", "--rows", "rows.csv", "--out", "{name}.md")
    assert done.returncode == 2
    assert "Two rows would be written to 'Bob.md'" in done.stderr


def test_every_form_is_written_and_the_script_is_run_again(run, write, tmp_path):
    write(TALK)
    for ending in ("md", "json", "html", "ipynb"):
        assert run("talk.md", "--offline", "--out", f"out.{ending}").returncode == 0
    assert (tmp_path / "out.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((tmp_path / "out.ipynb").read_text())["nbformat"] == 4
    done = run("out.md", "--offline", "--out", "again.md")
    assert done.returncode == 0, done.stderr
    first, again = [(tmp_path / name).read_text().split("\n") for name in ("out.md", "again.md")]
    assert [line for line in first if not line.startswith(("# off", "base_url"))] == [
        line for line in again if not line.startswith(("# off", "base_url"))
    ]


def test_ctrl_c_is_130(environ, write, tmp_path, command):
    write("# user\nHi")
    with FakeService(strict=True) as service:
        service.say("Hello ", "there", delivery=Delivery(framing="chunked", stall_after=1))
        process = subprocess.Popen(
            [*command, "run", "talk.md", "--base-url", service.base_url],
            env=environ,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        end = time.monotonic() + 60
        while not service.requests and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_what_a_model_wrote_cannot_steer_the_terminal(run, write):
    write("# user\nHi\n# expect\ncontains = 'x'")
    with FakeService(strict=True) as service:
        service.say("\x1b]0;title\x07\x1b[2J")
        done = run("talk.md", "--base-url", service.base_url, "--echo", "none")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr + done.stdout
    assert "\x07" not in done.stderr


def test_answers_that_cannot_be_written_are_told_of_when_all_is_done(environ, write, tmp_path, command):
    write("# user\nHi\n# user\nAgain")
    with FakeService(strict=True) as service, Path("/dev/full").open("w") as full:
        service.say("Hello")
        service.say("Hello again")
        words = [*command, "run", "talk.md", "--base-url", service.base_url, "--echo", "output", "--out", "a.json"]
        done = subprocess.run(words, env=environ, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, timeout=90)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == b"chatkit: The output could not be written: No space left on device."
    assert Transcript.load(tmp_path / "a.json").answers == ["Hello", "Hello again"]


def test_a_reader_who_has_left_is_141(environ, write, tmp_path, command):
    write("# user\nHi\n# user\nAgain")
    with FakeService(strict=True) as service:
        service.on_request(lambda request: "Hello")
        reader, writer = os.pipe()
        os.close(reader)
        words = [*command, "run", "talk.md", "--base-url", service.base_url]
        done = subprocess.run(words, env=environ, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, timeout=90)
        os.close(writer)
    assert done.returncode == 141
    assert b"2 prompts" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_provider_of_the_script_is_used_unless_another_is_given(run, write, tmp_path):
    write("+++\nprovider = 'offline'\nmodel = 'offline-think'\n+++\n# user\nMy name is Ada.")
    done = run("talk.md", "--out", "out.md")
    assert done.returncode == 0, done.stderr
    assert 'model = "offline-think"\nprovider = "offline"\n' in (tmp_path / "out.md").read_text()
    with FakeService(strict=True) as service:
        service.say("one")
        assert run("talk.md", "--base-url", service.base_url).stdout == "one\n"


def test_without_a_standard_output_it_runs(write, environ, tmp_path, command):
    write("# user\nMy name is Ada.\n# expect\ncontains = 'Ada'")
    words = " ".join(map(shlex.quote, [*command, "run", "talk.md", "--offline"]))
    done = subprocess.run(["sh", "-c", f"{words} >&-"], env=environ, cwd=tmp_path, capture_output=True, timeout=90)
    assert (done.returncode, b"1 of 1 expectations hold" in done.stderr) == (0, True), done.stderr


def test_help_reads_well(run):
    done = run("--help")
    assert done.returncode == 0
    for words in ("exit codes:", "chatkit run talk.md name=Ada", "--record TAPE", "NAME=VALUE"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
