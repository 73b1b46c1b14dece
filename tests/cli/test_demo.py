"""`chatkit demo`, run as a person would run it."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from chatkit.testing import OfflineService

FIRST = "No language model is behind this: a stand-in answers by fixed rules."


def test_without_a_key_it_is_offline_and_says_so_first(run):
    begun = time.monotonic()
    done = run("demo")
    assert time.monotonic() - begun < 30  # about 2 s on a machine that is not busy
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == FIRST
    assert done.stderr == ""


def test_the_whole_conversation_stands_on_stdout_in_order(run):
    done = run("demo", "--delay", "0")
    parts = [
        ">>> Hello, my name is Ada. Who are you?\nI am the offline stand-in",
        ">>> Please give me a list of three colours.\n# An offline answer",
        "- **First**, a point in bold.",
        "blue 255.\n{",
        "}\nColour(name='azure', red=0, green=127, blue=255)\n",
        '>>> How often is the letter "r" in "strawberry"? Count the letters with your tool.\n',
        '◯ [tool call] count_letters(letter = "r", word = "strawberry")\n● #> 3\nThe tool `count_letters` gave: 3.\n',
        ">>> What is my name?\nYour name is Ada.\n",
        "print(chat)\n<Chat OpenAI-compatible/offline-chat turns=13 input=",
        "── system ───",
        "[tool result (call_4_0)]: 3\n── assistant [input=",
    ]
    places = [done.stdout.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert done.stdout.endswith("Your name is Ada.\n")


def test_a_pipe_gets_no_colours(run):
    assert "\x1b" not in run("demo", "--delay", "0").stdout


def test_echo_all_marks_both_sides(run):
    shown = run("demo", "--delay", "0", "--echo", "all").stdout
    assert "> What is my name?\n< Your name is Ada.\n" in shown
    assert "< [tool request (call_4_0)]: count_letters(" in shown


def test_it_streams_with_a_pause_between_the_pieces(script, environ):
    command = [script, "demo", "--delay", "0.05"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        seen, times = b"", []
        while b"Markdown stays" not in seen:
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece
            seen += piece
            times.append(time.monotonic())
        process.kill()
    assert len(times) > 20
    assert times[-1] - times[0] > 0.5


def test_a_terminal_gets_colours_and_wrapped_answers(on_terminal):
    demo = on_terminal("demo", "--delay", "0")
    shown = demo.read_until()
    assert demo.close() == 0
    assert "\x1b[2m>>>\x1b[22m \x1b[34mWhat is my name?\x1b[39m\n" in shown
    assert "\x1b[34m◯ [tool call]\x1b[39m count_letters(" in shown
    assert "── \x1b[32massistant\x1b[39m [input=" in shown
    answer = shown.split("Who are you?\x1b[39m\n")[1].partition("\n\n")[0]
    assert all(len(line) <= 80 for line in answer.splitlines())


def test_no_color_is_heeded_on_a_terminal(on_terminal):
    demo = on_terminal("demo", "--delay", "0", NO_COLOR="1")
    assert "\x1b" not in demo.read_until()
    assert demo.close() == 0


def test_ascii_alone_is_enough(process):
    done = process("demo", "--delay", "0", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "( ) [tool call] count_letters(" in done.stdout
    assert "\n-- assistant [input=" in done.stdout


@pytest.mark.parametrize("place", ["pipe", "terminal"])
def test_ctrl_c_ends_it_quietly(place, script, environ, on_terminal):
    if place == "terminal":
        demo = on_terminal("demo", "--delay", "0.2")
        demo.read_until("stand-in that")
        demo.process.send_signal(signal.SIGINT)
        shown = demo.read_until()
        assert demo.close() == 130
    else:
        command = [script, "demo", "--delay", "0.2"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, env=environ, **pipes) as process:
            seen = b""
            while b"stand-in that" not in seen:
                seen += os.read(process.stdout.fileno(), 65536)
            process.send_signal(signal.SIGINT)
            shown = (seen + process.stdout.read()).decode()
        assert process.returncode == 130
    assert "Traceback" not in shown
    assert shown.endswith("\n")


def test_a_reader_that_leaves_ends_it_quietly(script, environ):
    command = f"set -o pipefail; '{script}' demo --delay 0 | head -1"
    done = subprocess.run(["bash", "-c", command], env=environ, capture_output=True, text=True, timeout=30)
    assert done.stdout == FIRST + "\n"
    assert done.stderr == ""
    assert done.returncode in (0, 141)  # 0 when all was written before the reader left


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_one_line(script, environ):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([script, "demo"], env=environ, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr == "chatkit: The output could not be written: No space left on device.\n"


def test_a_refused_connection_is_one_line(run):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = run("demo", "--base-url", f"http://127.0.0.1:{port}/v1")
    assert done.returncode == 1
    assert re.fullmatch(rf"chatkit: 127\.0\.0\.1:{port} .+\n", done.stderr)
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("model", "words"),
    [("offline-500", "500"), ("offline-drop", "broke off after"), ("offline-nothing", "does not exist")],
)
def test_an_error_of_the_server_is_one_line(run, model, words):
    done = run("demo", "--offline", "--delay", "0", "--model", model)
    assert done.returncode == 1
    assert done.stderr.startswith("chatkit: ") and done.stderr.count("\n") == 1
    assert words in done.stderr
    assert done.stdout.startswith(FIRST)


def test_a_server_of_ones_own(run):
    with OfflineService() as service:
        done = run("demo", "--base-url", service.base_url, "--model", "mine", HF_TOKEN="hf_x", OPENAI_API_KEY="sk-x")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"This goes to the server at {service.base_url} (model: mine)."
    assert "Your name is Ada." in done.stdout
    assert {request.model for request in service.requests} == {"mine"}
    assert all("authorization" not in request.headers for request in service.requests)
    assert all(request.field("stream") is True for request in service.requests)


def test_a_key_for_a_server_of_ones_own_comes_from_a_variable(run):
    with OfflineService() as service:
        done = run("demo", "--base-url", service.base_url, "--key-from", "MY_KEY", MY_KEY="secret-key")
    assert done.returncode == 0
    assert {request.headers["authorization"] for request in service.requests} == {"Bearer secret-key"}
    assert "secret-key" not in done.stdout + done.stderr


def test_offline_wins_over_a_token(run):
    done = run("demo", "--offline", "--delay", "0", HF_TOKEN="hf_secret_token")
    assert done.returncode == 0
    assert done.stdout.startswith(FIRST)
    assert "hf_secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--offline", "--huggingface"], "not allowed with"),
        (["--offline", "--base-url", "http://localhost/v1"], "not allowed with"),
        (["--delay", "soon"], "must be a number of seconds"),
        (["--delay", "-1"], "must be a number of seconds"),
        (["--delay", "nan"], "must be a number of seconds"),
        (["--echo", "loud"], "invalid choice"),
        (["--base-url", "localhost:8080"], "did you mean 'http://localhost:8080'?"),
        (["--key-from", "X"], "--key-from needs --base-url"),
        (["--base-url", "http://localhost/v1", "--key-from", "NOT_SET"], "NOT_SET is unset"),
        (["--huggingface"], "There is no Hugging Face token"),
        (["surplus"], "unrecognized arguments"),
    ],
)
def test_a_misuse_is_told_in_one_line_and_nothing_runs(run, arguments, words):
    done = run("demo", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
