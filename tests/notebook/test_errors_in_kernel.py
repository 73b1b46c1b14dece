"""Errors of chatkit in a real kernel: a clean line instead of frames, and all of them for whoever asks."""

import os
import subprocess
import sys

import pytest

from chatkit.testing import ErrorAnswer

KEY = "sk-verysecret0123456789abcdefghij"
HOSTILE = f"Wrong key {KEY} \x1b[2J\x1b]0;owned\x07"


@pytest.fixture(params=["chat.chat('Hi')", "await chat.chat_async('Hi')", "for piece in chat.stream('Hi'): pass"])
def failed(request, kernel, service, chat_in):
    """A cell whose request was refused, in each way to talk."""
    chat_in(api_key=KEY)
    service.script(ErrorAnswer(401, HOSTILE))
    return kernel.run(request.param, fails=True)


def test_an_error_is_a_line_in_red_and_a_hint(kernel):
    cell = kernel.run("from chatkit import chat\nchat('nobody/m')", fails=True)
    assert cell.error["ename"] == "ConfigError"
    head, hint = cell.error["traceback"]
    assert head.startswith("\x1b[31mConfigError:\x1b[39m ")
    assert "nobody/m" in head
    assert hint
    assert hint not in head
    assert "\n" not in head


def test_an_error_of_the_server_is_as_clean_in_every_way_to_talk(failed):
    assert failed.error["ename"] == "AuthenticationError"
    assert failed.traceback.startswith("AuthenticationError: ")
    assert len(failed.traceback.split("\n")) <= 2
    assert "File" not in failed.traceback


def test_no_key_and_no_control_character_is_shown(failed):
    shown = str(failed.error)
    assert KEY not in shown
    assert "[2J" in failed.traceback
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


def test_the_whole_is_there_for_whoever_asks(kernel, failed):
    whole = kernel.run("%tb").traceback
    assert "Traceback (most recent call last)" in whole
    assert "AuthenticationError" in whole
    assert KEY not in whole
    assert "\x1b[2J" not in whole


def test_a_caught_error_has_its_frames(kernel):
    code = """
import traceback
try:
    chat_openai_compatible('ftp://x', model='m')
except Exception as error:
    print(len(traceback.extract_tb(error.__traceback__)))
"""
    assert int(kernel.run(code).stream) > 1


def test_an_error_raised_by_hand_without_words(kernel):
    cell = kernel.run("from chatkit import ChatkitError\nraise ChatkitError()", fails=True)
    assert cell.traceback == "ChatkitError: "


def test_other_errors_are_left_alone(kernel):
    cell = kernel.run("try:\n    raise ChatkitError('inner')\nexcept ChatkitError:\n    1 / 0", fails=True)
    assert cell.error["ename"] == "ZeroDivisionError"
    assert "Traceback" in cell.traceback


def in_plain_ipython(folder, *arguments, **options):
    """What IPython without a kernel writes."""
    environment = {**os.environ, "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", *arguments]
    options = {"cwd": folder, "env": environment, "text": True, "timeout": 100, "check": False, **options}
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options).stdout


def test_plain_ipython_shows_the_same(tmp_path):
    script = (
        "from chatkit import ChatkitError\ndef f():\n    raise ChatkitError('It failed.', hint='Try again.')\nf()\n"
    )
    (tmp_path / "session.ipy").write_text(script)
    shown = in_plain_ipython(tmp_path, "session.ipy")
    assert "ChatkitError:\x1b[39m It failed.\nTry again.\n" in shown
    assert "session.ipy" not in shown


def test_plain_ipython_says_that_an_answer_stands_above_and_shows_it_later(tmp_path, service):
    service.say("**Hi** there.")
    make = f"from chatkit import *; chat = chat_openai_compatible({service.base_url!r}, model='m')"
    lines = "\n".join([make, "chat.chat('Hi')", "_", "exit()", ""])
    shown = in_plain_ipython(tmp_path, "--simple-prompt", input=lines)
    assert "In [2]: **Hi** there.\nOut[2]: <Reply of 13 characters, shown above>\n" in shown
    assert "Out[3]: '**Hi** there.'\n" in shown
