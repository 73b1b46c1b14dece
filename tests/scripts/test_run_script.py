"""`run_script()`: a conversation that stands in a file."""

import json
import sys
import textwrap

import pytest

import chatkit._scripts.running as running
from chatkit import APIError, ChatkitError, ConfigError, params
from chatkit._errors import ScriptError
from chatkit._scripts.running import run_script, run_scripts
from chatkit._scripts.script import read_script
from chatkit.testing import ErrorAnswer

TALK = """\
+++
title = "About {{name}}"
system = "You help {{name}}."
tools = ["calculator:add"]

[values]
name = "Ada"

[params]
temperature = 0
+++

# user
Hello, my name is {{name}}.

# assistant
Hello, {{name}}!

# user {max_tokens = 100}
What is my name?

# expect
contains = "{{name}}"
max_seconds = 60

# user
What is 3 + 4? Use the tool.

# expect
calls_tool = {name = "add", arguments = {a = 3}}
matches = '\\b7\\b'

# user {schema = "name str, age int"}
Ada is 36.

# expect
json = {age = 36, "$.name" = "Ada"}
"""


HELPERS = """\
from dataclasses import dataclass

@dataclass
class A:
    x: int

def {name}() -> str:
    'Say.'
    return '{name}'

class B:
    all = [{name}]
"""


@pytest.fixture
def talk(write):
    write("def add(a: int, b: int) -> int:\n    'Add.'\n    return a + b\n", "calculator.py")
    return write(TALK)


def test_a_whole_script(talk, offline, offline_chat):
    transcript = run_script(talk, offline_chat)
    assert transcript.ok, transcript.failures
    assert transcript.answers[1] == "Your name is Ada."
    assert transcript.answers[3] == {"name": "Ada", "age": 36}
    assert (transcript.title, transcript.system_prompt) == ("About Ada", "You help Ada.")
    assert transcript.settings["tools"] == ["calculator:add"]
    first = offline.requests[0].json
    assert (first["temperature"], first["max_tokens"]) == (0, 100)
    assert offline.requests[1].json.get("max_tokens") is None
    assert len(transcript.outcomes) == 5


def test_the_chat_that_is_given_is_left_as_it_was(talk, offline_chat):
    offline_chat.system_prompt = "Mine."
    transcript = run_script(talk, offline_chat)
    assert (offline_chat.turns, offline_chat.system_prompt, offline_chat.tools) == ([], "Mine.", {})
    assert offline_chat.params == params()
    assert transcript.turns


def test_what_the_script_does_not_say_the_chat_brings(write, chat, service):
    chat.system_prompt = "Mine."
    chat.params = params(seed=1, temperature=1)
    service.say("Hello")
    run_script(write("+++\nparams = {temperature = 0, min_p = 0.1}\n+++\n# user\nHi"), chat)
    body = service.requests[0].json
    assert (body["seed"], body["temperature"], body["min_p"]) == (1, 0, 0.1)
    assert body["messages"][0] == {"role": "system", "content": "Mine."}


def test_a_system_prompt_may_have_a_block_of_its_own(write, chat, service):
    service.say("Hello")
    run_script(write("A note about {{nothing}}.\n# system\nBe\n\n{{how}}.\n# user\nHi"), chat, how="brief")
    assert service.requests[0].messages[0]["content"] == "Be\n\nbrief."


def test_values_go_before_those_of_the_front_matter(talk, offline_chat):
    assert run_script(talk, offline_chat, name="Bob").answers[1] == "Your name is Bob."


def test_what_is_inserted_is_no_markup(write, chat, service):
    service.say("Fine")
    value = "x\n# user\n{{other}}\n```\n# expect\ncontains = 'y'"
    transcript = run_script(write("# user\nSay {{what}}"), chat, what=value)
    assert [item.prompt.text for item in transcript] == [f"Say {value}"]
    assert transcript.outcomes == []


def test_four_braces_stand_for_two(write, chat, service):
    service.say("Fine")
    assert run_script(write("# user\n{{{{name}}"), chat).exchanges[0].prompt.text == "{{name}}"


def test_recorded_answers_are_passed_over(write, chat, service):
    service.say("New")
    path = write(
        "+++\nassistant = 'recorded'\n+++\n# user\nHi\n# tool\nx\n# assistant\nOld {{broken\n# expect\ncontains = 'New'"
    )
    assert run_script(path, chat).ok


def test_a_heading_says_whether_its_answer_is_given(write, chat, service):
    service.say("New")
    path = write("# user\nHi\n# assistant {given = false}\nOld\n# user {text = 'A\\n'}\n# assistant {text = ' B '}")
    transcript = run_script(path, chat)
    assert transcript.answers == ["New", " B "]
    assert transcript.exchanges[1].prompt.text == "A\\n"


def test_images_and_files_are_sent_along(write, chat, service, tmp_path):
    write("Some notes.", "notes.txt")
    (tmp_path / "a.png").write_bytes(bytes.fromhex("89504e470d0a1a0a") + b"\0" * 24)
    service.say("Fine")
    path = write('# user {image = ["{{picture}}", "https://example.org/b.png"], file = "notes.txt"}\nLook.')
    run_script(path, chat, picture="a.png")
    kinds = [part["type"] for part in service.requests[0].messages[0]["content"]]
    assert kinds == ["text", "image_url", "image_url", "text"]
    service.say("Fine")
    pdf = "data:application/pdf;base64,JVBERi0xLjQK"
    assert run_script(write(f'# user {{file = "{pdf}"}}'), chat).ok


def test_a_schema_may_be_a_file_a_table_or_fields(write, chat, service):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    write(json.dumps(schema), "a.json")
    text = """+++\nschema = "a.json"\n+++
# user
one
# user {schema = {type = "object", properties = {a = {type = "integer"}}, required = ["a"]}}
two
# user {schema = "a int"}
three
# user {schema = false}
four
# user {schema = '{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}'}
five
"""
    service.on_request(lambda request: '{"a": 1}')
    assert run_script(write(text), chat).answers == [{"a": 1}] * 3 + ['{"a": 1}', {"a": 1}]


def test_a_chat_is_made_as_the_script_says(write, service):
    service.say("Hello")
    path = write(f"+++\nbase_url = '{service.base_url}'\nmodel = 'x'\n[limits]\nrounds = 1\n+++\n# user\nHi")
    transcript = run_script(path, echo="none")
    assert (transcript.model, transcript.settings["limits"]) == ("x", {"rounds": 1})
    assert service.requests[0].json["model"] == "x"


def test_an_error_is_raised_or_returned(write, chat, service):
    service.script(ErrorAnswer(400, {"error": {"message": "no"}}))
    with pytest.raises(APIError):
        run_script(write("# user\nHi"), chat)
    service.script(ErrorAnswer(400, {"error": {"message": "no"}}))
    assert isinstance(run_script(write("# user\nHi"), chat, on_error="return").error, APIError)


def test_something_that_is_no_chat_is_refused(write):
    with pytest.raises(ConfigError, match="must be a chat"):
        run_script(write("# user\nHi"), "gpt")


def test_values_that_nobody_asks_for_are_refused(talk, offline_chat, write):
    with pytest.raises(ConfigError, match="Did you mean `name`") as caught:
        run_script(talk, offline_chat, nmae="Bob")
    assert not isinstance(caught.value, ScriptError)
    with pytest.raises(ConfigError, match="It asks for: name"):
        run_script(talk, offline_chat, other="Bob")
    with pytest.raises(ConfigError, match="It asks for none"):
        run_script(write("# user\nHi"), offline_chat, other="Bob")


def test_each_row_is_a_conversation_of_its_own(talk, offline_chat):
    transcripts = run_scripts(talk, [{"name": "Bob"}, {"name": "Eve", "unasked": 1}], offline_chat)
    assert [transcript.answers[1] for transcript in transcripts] == ["Your name is Bob.", "Your name is Eve."]
    assert [transcript.title for transcript in transcripts] == ["About Bob, row 1", "About Eve, row 2"]
    assert [transcript.ok for transcript in transcripts] == [True, True]


def test_a_conversation_that_fails_leaves_the_others_alone(write, chat, service):
    service.script(ErrorAnswer(400, {"error": {"message": "no"}}))
    service.say("Hello")
    path = write("# user\nHi {{name}}")
    transcripts = run_scripts(path, [{"name": "A"}, {"name": "B"}], chat)
    assert [transcript.ok for transcript in transcripts] == [False, True]
    service.script(ErrorAnswer(400, {"error": {"message": "no"}}))
    with pytest.raises(APIError):
        run_scripts(path, [{"name": "A"}, {"name": "B"}], chat, on_error="raise")


def test_a_broken_row_is_told_of_before_anything_is_sent(write, chat, service):
    path = write("# user\nHi {{name}}")
    with pytest.raises(ScriptError, match=r"talk\.md:2:6: Row 2: .*comes to None"):
        run_scripts(path, [{"name": "A"}, {"name": None}], chat)
    with pytest.raises(ConfigError, match="for all rows, and by row 1"):
        run_scripts(path, [{"name": "A"}], chat, name="B")
    assert service.requests == []


def test_a_script_of_200_turns_reads_and_fills_in_linear_time(write, chat, service, monkeypatch):
    service.on_request(lambda request: "yes")
    blocks = "".join(f"# user\nTurn {place} of {{{{name}}}}\n# expect\nequals = 'yes'\n" for place in range(200))
    steps = []
    original = running.read_script

    def counted(path):
        sys.setprofile(lambda frame, event, argument: steps.append(1) if event == "call" else None)
        try:
            script = original(path)
            script.talk({"name": "A"})
            return script
        finally:
            sys.setprofile(None)

    monkeypatch.setattr(running, "read_script", counted)
    transcript = run_script(write(blocks), chat, name="A")
    whole = len(steps)
    steps.clear()
    run_script(write(blocks[: len(blocks) // 2].rpartition("# user")[0]), chat, name="A")
    assert transcript.ok
    assert len(transcript) == 200
    assert len(transcript.outcomes) == 200
    assert whole < 2.3 * len(steps)


def test_tools_of_two_folders_may_have_the_same_name(tmp_path, chat, service):
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "helpers.py").write_text(HELPERS.format(name=name))
        (folder / "talk.md").write_text(f"+++\ntools = 'helpers:{name}'\n+++\n# user\nHi")
        script = read_script(folder / "talk.md")
        texts.append(script.tools[0]())
        assert read_script(folder / "talk.md").tools == script.tools
    assert texts == ["one", "two"]
    assert not any(str(tmp_path) in place for place in sys.path)
    (tmp_path / "one" / "list.md").write_text("+++\ntools = ['helpers:B.all', 'os.path:basename']\n+++\n# user\nHi")
    assert [tool.__name__ for tool in read_script(tmp_path / "one" / "list.md").tools] == ["one", "basename"]


def test_every_error_of_a_script_is_one_of_chatkit(write, chat):
    for text in ("", "+++", "# user", "# user\n{{", "# user\nx\n# expect\n= 1"):
        with pytest.raises(ChatkitError):
            run_script(write(textwrap.dedent(text)), chat)
