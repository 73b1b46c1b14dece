"""`chatkit chat` in pipes: what is said, and that the answer alone is on stdout."""

import json

import pytest

from chatkit.testing import Answer, ErrorAnswer, FakeService, ToolCall

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def chat(run, service):
    """Run `chatkit chat` against the service."""
    return lambda *arguments, **options: run("chat", "--base-url", service.base_url, *arguments, **options)


def asked(service, at=-1):
    """What was said last in a request."""
    return service.requests[at].messages[-1]["content"]


def test_the_answer_alone_is_on_stdout(process, service):
    service.say("It is ", "**blue**.")
    done = process("chat", "--base-url", service.base_url, "Why?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "It is **blue**.\n", "")
    assert asked(service) == "Why?"
    assert service.requests[0].json["stream"] is True


def test_what_is_piped_in_follows_the_prompt(chat, service):
    service.say("Fine.")
    chat("Summarise:", said="line 1\nline 2\n")
    assert asked(service) == "Summarise:\n\nline 1\nline 2"


def test_without_a_prompt_what_is_piped_in_is_the_prompt(chat, service):
    service.say("Hello.")
    assert chat(said="Good day\n").stdout == "Hello.\n"
    assert asked(service) == "Good day"


@pytest.mark.parametrize("arguments", [[], [""], ["  "]])
def test_nothing_at_all_is_a_misuse_and_nothing_is_sent(chat, service, arguments):
    done = chat(*arguments, said="\n")
    assert done.returncode == 2
    assert "There is nothing to say" in done.stderr
    assert not service.requests


def test_what_is_piped_in_has_to_be_text(chat, service):
    done = chat("What is this?", said=b"\xff\xfe\x00")
    assert done.returncode == 2
    assert "no text in UTF-8, at byte 0. Send it along by --file - or --image -." in done.stderr
    assert not service.requests


def test_system_prompt_model_and_parameters(chat, service):
    service.say("Hi.")
    chat("Hello", "-s", "Be terse.", "-m", "org/x", "-p", "temperature=0.2", "-p", "stop_sequences=END", "-p", "seed=3")
    sent = service.requests[0].json
    assert sent["messages"][0] == {"role": "system", "content": "Be terse."}
    assert (sent["model"], sent["temperature"], sent["seed"], sent["stop"]) == ("org/x", 0.2, 3, ["END"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-p", "temperature=9"], "`temperature` must be a number from 0 to 2, not 9."),
        (["-p", "temprature=1"], "did you mean `temperature`?"),
        (["-p", "temperature"], "must be NAME=VALUE, such as temperature=0.2"),
        (["--schema", "name strr"], "line 1, column 6: 'strr' is no type"),
        (["--schema", "nothere.json"], "The JSON schema 'nothere.json' cannot be read"),
        (["--schema", '{"type": 3}'], "schema"),
        (["--file", "nothere.txt"], "There is no file 'nothere.txt'."),
        (["--image", "nothere.png"], "There is no file 'nothere.png'."),
        (["--tool", "nothere:f"], "'nothere:f' cannot be found"),
        (["--tool", "nothere"], "names no function"),
        (["--json", "-x"], "--json and --extract cannot go together."),
        (["--schema", "a", "-x"], "--schema and --extract cannot go together."),
        (["--key-from", "NOT_THERE"], "the environment variable NOT_THERE is unset"),
        (["--echo", "loud"], "invalid choice: 'loud'"),
        (["--offline"], "not allowed with argument --base-url"),
        (["--file", "-", "--image", "-"], "Standard input can be read once"),
        (["--no-save", "--continue"], "--no-save cannot go with"),
    ],
)
def test_wrong_input_is_told_in_one_line_before_anything_is_sent(run, service, arguments, told):
    done = run("chat", "--base-url", service.base_url, "Hello", *arguments)
    assert done.returncode == 2
    assert (told in done.stderr, done.stderr.count("\n"), done.stdout) == (True, 1, "")
    assert not service.requests


def test_without_a_place_and_a_token_the_ways_are_named(run):
    done = run("chat", "Hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(way in done.stderr for way in ("HF_TOKEN", "--local", "--base-url", "--offline"))


def test_no_place_is_asked_for_a_key_of_another(chat, service):
    service.say("a")
    service.say("b")
    chat("Hello", HF_TOKEN="hf_secret", OPENAI_API_KEY="sk-secret")
    assert "authorization" not in service.requests[0].headers
    chat("Hello", "--key-from", "MY_KEY", MY_KEY="mine")
    assert service.requests[1].headers["authorization"] == "Bearer mine"


def test_files_and_images_are_sent_along(chat, service, tmp_path):
    (tmp_path / "notes.md").write_text("# Notes")
    (tmp_path / "dot.png").write_bytes(PNG)
    service.say("Seen.")
    chat(
        "Look.",
        "-f",
        str(tmp_path / "notes.md"),
        "--image",
        str(tmp_path / "dot.png"),
        "--image",
        "https://x.org/a.png",
    )
    text, inline, remote, words = asked(service)
    assert "# Notes" in text["text"] and "notes.md" in text["text"]
    assert inline["image_url"]["url"].startswith("data:image/png;base64,")
    assert remote["image_url"]["url"] == "https://x.org/a.png"
    assert words["text"] == "Look."


def test_a_dash_is_standard_input(chat, service):
    service.say("Text.")
    chat("What is it?", "--file", "-", said="a,b\n1,2\n")
    assert "a,b\n1,2" in asked(service) and asked(service).endswith("What is it?")
    service.say("A dot.")
    chat("What?", "--image", "-", said=PNG)
    assert asked(service)[0]["image_url"]["url"].startswith("data:image/png")
    assert "- stands for what is piped in, and that is empty." in chat("What?", "--image", "-").stderr
    assert "Say what to do with what you send along" in chat("--file", "-", said="x").stderr


def test_an_answer_as_a_whole_is_asked_for_without_a_stream(chat, service):
    service.say("All at once.")
    assert chat("Hello", "--no-stream").stdout == "All at once.\n"
    assert "stream" not in service.requests[0].json or service.requests[0].json["stream"] is False


def test_an_error_of_the_server_is_one_line_and_exit_code_1(chat, service):
    service.script(ErrorAnswer(400, {"error": {"message": "No \x1b[2J such model."}}))
    done = chat("Hello")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "\x1b" not in done.stderr


def test_what_the_model_writes_cannot_steer_the_terminal(chat, service):
    service.say("a\x1b[2Jb")
    assert chat("Hello").stdout == "a␛[2Jb\n"


def test_thinking_tools_and_what_modules_print_are_on_stderr(chat, service, tmp_path, monkeypatch):
    (tmp_path / "mytools.py").write_text(
        'print("imported")\ndef add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'
    )
    monkeypatch.chdir(tmp_path)
    service.script(Answer("I shall add.", reasoning="Hm.", tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("It is 3.")
    done = chat("--tool", "mytools:add", "1 + 2?")
    assert done.stdout == "I shall add.\nIt is 3.\n"
    assert done.stderr.splitlines()[:4] == ["imported", "<thinking>", "Hm.", "</thinking>"]
    assert "add(a = 1, b = 2)" in done.stderr and "3" in done.stderr.splitlines()[-1]
    assert json.loads(service.requests[1].messages[-1]["content"]) == 3


def test_echo_none_says_nothing_else_and_all_says_what_is_sent(chat, service):
    service.script(Answer("Yes.", reasoning="Hm."))
    assert chat("Really?", "--echo", "none").stderr == ""
    service.script(Answer("Yes."))
    done = chat("Really?", "--echo", "all")
    assert (done.stdout, done.stderr) == ("Yes.\n", "> Really?\n")


def test_a_tool_that_needs_a_yes_does_not_run_where_nobody_can_be_asked(chat, service, tmp_path, monkeypatch):
    (tmp_path / "risky.py").write_text(
        "from chatkit import tool\n@tool(requires_approval=True)\ndef wipe() -> str:\n"
        '    """Wipe."""\n    open("wiped", "w").close()\n    return "done"\n'
    )
    monkeypatch.chdir(tmp_path)
    service.script(Answer(tool_calls=[ToolCall("wipe", {})]))
    done = chat("--tool", "risky:wipe", "Wipe it.")
    assert (done.returncode, done.stdout) == (1, "")
    assert "wants to call wipe, which needs a yes" in done.stderr
    assert not (tmp_path / "wiped").exists()


def test_the_tools_of_a_server_are_offered_beside_ones_own(chat, service, tmp_path, script, monkeypatch):
    (tmp_path / "mine.py").write_text(
        'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'
        'def sub(a: int, b: int) -> int:\n    """Subtract."""\n    return a - b\n'
    )
    monkeypatch.chdir(tmp_path)
    service.script(Answer(tool_calls=[ToolCall("add", {"a": 1, "b": 2})]))
    service.say("3.")
    words = ["--mcp", f"{script} mcp mine:add", "1 + 2?"]
    assert chat(*words, "--tool", "mine:sub").stdout == "3.\n"
    assert {tool["function"]["name"] for tool in service.requests[0].json["tools"]} == {"add", "sub"}
    done = chat(*words, "--tool", "mine:add")
    assert (done.returncode, len(service.requests)) == (2, 2)
    assert "offers tools whose names are taken: add." in done.stderr


def test_a_function_may_import_its_neighbours_when_it_is_called(chat, service, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "late.py").write_text('def f() -> str:\n    """F."""\n    import near\n    return near.WORD\n')
    (tmp_path / "near.py").write_text('WORD = "found"\n')
    service.script(Answer(tool_calls=[ToolCall("f", {})]))
    service.say("Well.")
    assert chat("f?", "--tool", "late:f").stdout == "Well.\n"
    assert service.requests[1].messages[-1]["content"] == "found"


def test_a_whole_answer_and_its_tool_calls_are_told_apart_too(chat, service):
    service.script(Answer(tool_calls=[ToolCall("getcwd", {})]))
    service.say("Here.")
    done = chat("Where?", "--tool", "os:getcwd", "--no-stream")
    assert done.stdout == "Here.\n"
    assert "getcwd()" in done.stderr
    assert not any(request.json.get("stream") for request in service.requests)
