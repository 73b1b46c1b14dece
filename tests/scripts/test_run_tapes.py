"""`chatkit run --record` and `--replay`: the same conversation without a network."""

from pathlib import Path

from chatkit._chat.transcript import Transcript
from chatkit._cli.taped import address_on
from chatkit.testing import FakeService

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


def test_a_tape_is_replayed_exactly_without_network_key_or_choice(run, write, tmp_path):
    write(TALK + "# user {schema = 'name str'}\nAda is here.\n")
    recorded = run("talk.md", "--offline", "--record", "tape.jsonl")
    assert recorded.returncode == 0, recorded.stderr
    replayed = run("talk.md", "--replay", "tape.jsonl", "--out", "out.json", "--echo", "output")
    assert (replayed.returncode, replayed.stdout) == (0, recorded.stdout), replayed.stderr
    silent = run("talk.md", "--replay", "tape.jsonl", "--echo", "none", "--quiet")
    assert (silent.returncode, silent.stdout) == (0, ""), silent.stderr
    assert Transcript.load(tmp_path / "out.json").ok
    other = run("talk.md", "--replay", "tape.jsonl", "name=Eve")
    assert other.returncode == 1
    assert "not on the tape" in other.stderr
    assert "Traceback" not in other.stderr


def test_a_tape_keeps_no_key_and_is_replayed_without_one(run, write, tmp_path):
    write("# user\nHi")
    with FakeService(strict=True) as service:
        service.say("Hello")
        address = ["--base-url", service.base_url, "--key-from", "MY_KEY"]
        done = run("talk.md", *address, "--record", "tape.jsonl", MY_KEY="sk-very-secret-key")
    assert done.stdout == "Hello\n", done.stderr
    assert service.requests[0].headers["authorization"] == "Bearer sk-very-secret-key"
    assert "very-secret" not in (tmp_path / "tape.jsonl").read_text()
    done = run("talk.md", "--replay", "tape.jsonl")
    assert (done.returncode, done.stdout) == (0, "Hello\n"), done.stderr


def test_a_tape_without_questions_is_told_of(run, write):
    write("# user\nHi")
    write('{"format": "some tape", "version": 1}\n', "tape.jsonl")
    done = run("talk.md", "--replay", "tape.jsonl")
    assert done.returncode == 2
    assert "tape.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_readers_of_a_tape_do_not_trust_it(tmp_path):
    path = Path(tmp_path / "tape.jsonl")
    path.write_text('[1]\n{"request": 3}\n{"request": {"url": "http://x/v1/models"}}\n')
    assert address_on(str(path)) is None
    path.write_text('{"request": {"url": "http://x/v1/responses", "body": {"json": {"model": "m"}}}}\n')
    assert address_on(str(path)) == ("http://x/v1", "m")
    path.write_text('{"request": {"url": "http://x/v1/responses"}}\n')
    assert address_on(str(path)) == ("http://x/v1", "")
    assert address_on(str(tmp_path / "none")) is None
