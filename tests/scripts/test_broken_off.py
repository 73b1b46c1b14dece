"""A run that is broken off from outside: what there is of the transcript is not lost."""

import asyncio
import os
import signal
import subprocess
import time

import pytest

from chatkit import Cancelled, Prompt, Transcript, run_script
from chatkit.testing import Answer, Delivery, FakeService, TapeMismatchError, record, replay

TALK = """\
+++
tools = ['calculator:add']
+++
# user
Hi
# assistant
Hello.
# user
And now?
# expect
contains = 'x'
"""


def stop(number, count, prompt):
    raise KeyboardInterrupt


def test_ctrl_c_carries_the_transcript_so_far(chat, service):
    service.say("Hello")
    prompts = ["Hi", Prompt("And now?", expect={"contains": "x"})]
    with pytest.raises(KeyboardInterrupt) as caught:
        chat.run(prompts, progress=lambda number, *_: number == 2 and stop(number, *_))
    transcript = caught.value.transcript
    assert (transcript.answers, transcript.ok) == (["Hello"], False)
    assert isinstance(transcript.error, Cancelled)
    assert "broken off by Ctrl-C" in str(transcript.error)


def test_so_does_a_task_that_is_cancelled(chat, service):
    service.script("Hello", Answer(["one ", "two"], delivery=Delivery(framing="chunked", stall_after=450)))

    async def act():
        going = asyncio.create_task(chat.run_async(["Hi", "And now?"], stream=True))
        while len(service.requests) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        going.cancel()
        await going

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(act())
    transcript = caught.value.transcript
    assert transcript.answers == ["Hello", None]
    assert transcript.exchanges[1].text == "one "
    assert "broken off by CancelledError" in str(transcript.error)


def test_what_is_not_on_the_tape_does_not_take_the_rest_away(chat, service, tmp_path):
    service.say("Hello")
    with record(tmp_path / "tape.jsonl"):
        chat.clone().run(["Hi"])
    with pytest.raises(TapeMismatchError) as caught, replay(tmp_path / "tape.jsonl"):
        chat.clone().run(["Hi", "And now?"])
    assert caught.value.transcript.answers == ["Hello", None]
    assert "broken off by TapeMismatchError: In replaying" in str(caught.value.transcript.error)


def test_as_a_script_it_says_so_and_can_be_run_on_from_its_beginning(chat, service, write, tmp_path):
    write("def add(a: int) -> int:\n    'Add one.'\n    return a + 1\n", "calculator.py")
    with pytest.raises(KeyboardInterrupt) as caught:
        run_script(write(TALK), chat, progress=stop)
    transcript = caught.value.transcript
    assert transcript.settings["tools"] == ["calculator:add"]
    text = transcript.to_markdown()
    assert "Hello.\n\n# expect\n\n# The run ended here: The run was broken off by Ctrl-C." in text
    again = run_script(transcript.save(tmp_path / "again.md"), chat)
    assert again.answers == ["Hello."]
    assert Transcript.load(transcript.save(tmp_path / "a.json")).error.summary == transcript.error.summary


def test_before_the_first_prompt_it_is_a_note(chat):
    with pytest.raises(KeyboardInterrupt) as caught:
        chat.run(["Hi"], progress=stop)
    assert caught.value.transcript.to_markdown().endswith("# The run ended here: The run was broken off by Ctrl-C.\n")


@pytest.mark.parametrize("name", ["out.md", "out.json", "out.html", "out.ipynb"])
def test_the_command_writes_what_there_is(run, write, tmp_path, service, name):
    service.say("Hello")
    write("# user\nHi\n")
    address = ["--base-url", service.base_url, "--quiet"]
    assert run("talk.md", *address, "--record", "tape.jsonl").returncode == 0
    write("# user\nHi\n# user\nAnd now?\n")
    done = run("talk.md", *address, "--replay", "tape.jsonl", "--out", name)
    assert done.returncode == 1
    text = (tmp_path / name).read_text()
    for words in ("Hello", "And now?", "not on the tape"):
        assert words in text
    assert f"{name}: what there is of the transcript\n" in done.stderr


def test_ctrl_c_of_the_command_writes_what_there_is_and_is_130(environ, write, tmp_path, command):
    write("# user\nHi\n# user\nAnd now?\n# expect\ncontains = 'x'\n")
    with FakeService(strict=True) as service:
        service.say("Hello")
        service.say("one ", "two", delivery=Delivery(framing="chunked", stall_after=450))
        process = subprocess.Popen(
            [*command, "run", "talk.md", "--base-url", service.base_url, "--out", "out.json", "--echo", "output"],
            env=environ | {"PYTHONUNBUFFERED": "1"},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        heard = b""
        while b"one" not in heard and (piece := os.read(process.stdout.fileno(), 1000)):
            heard += piece
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert b"Traceback" not in told
    transcript = Transcript.load(tmp_path / "out.json")
    assert transcript.answers == ["Hello", None]
    assert transcript.exchanges[1].text == "one "
    assert transcript.exchanges[1].turns[-1].interrupted
    assert "Ctrl-C" in str(transcript.error)
