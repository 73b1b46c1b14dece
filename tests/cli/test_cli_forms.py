"""`chatkit chat`: the answer as JSON, as data of a schema, and its code alone."""

import json
import subprocess

import pytest

from chatkit.testing import Answer, Delivery, FakeService, ToolCall

TWO_BLOCKS = "First:\n\n```sh\nls | wc -l\n```\n\nor\n\n1. this:\n   ```python\n   print(1)\n   ```\n"


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def chat(run, service):
    return lambda *arguments, **options: run("chat", "--base-url", service.base_url, *arguments, **options)


def test_json_tells_all_that_is_known_of_the_answer(chat, service):
    service.script(
        Answer("Bluë.", usage="finish", usage_body={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11})
    )
    done = chat("Why?", "--json", "-m", "org/x")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(told)[:5] == ["model", "text", "usage", "cost", "finish_reason"]
    assert (told["text"], told["finish_reason"], told["cost"], told["id"]) == ("Bluë.", "stop", None, None)
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (9, 2)
    assert "Bluë." in done.stdout


def test_json_tells_the_cost_where_a_price_is_known_and_of_the_whole_call(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    offer = {"provider": "groq", "status": "live", "pricing": {"input": 1.0, "output": 2.0}}
    (tmp_path / "t.py").write_text('def f(x: int) -> int:\n    """F."""\n    return x\n')
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000, "total_tokens": 2_000_000}
    with FakeService(models=[{"id": "org/x", "providers": [offer]}]) as service:
        service.script(
            Answer(tool_calls=[ToolCall("f", {"x": 1})], usage="finish", usage_body=usage),
            Answer("One.", usage="finish", usage_body=usage),
        )
        done = run("chat", "--base-url", service.base_url, "-m", "org/x", "--json", "--tool", "t:f", "f?")
    told = json.loads(done.stdout)
    assert told["cost"] == 6.0
    assert told["usage"]["input_tokens"] == 2_000_000
    assert told["tool_calls"] == [{"name": "f", "arguments": {"x": 1}, "error": None}]


def test_a_schema_in_short_gives_the_value_as_json(chat, service):
    service.say('{"name": "Ada", ', '"age": 36, "tags": ["x"]}')
    done = chat("Ada is 36.", "--schema", "name str, age int, tags list[str]: what they are")
    assert (json.loads(done.stdout), done.stderr) == ({"name": "Ada", "age": 36, "tags": ["x"]}, "")
    schema = service.requests[0].json["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["tags"] == {
        "type": "array",
        "items": {"type": "string"},
        "description": "what they are",
    }


def test_a_schema_of_a_list_gives_a_list(chat, service):
    service.say('{"answer": [{"name": "Ada"}, {"name": "Bob"}]}')
    assert json.loads(chat("Who?", "--schema", "list[{name str}]").stdout) == [{"name": "Ada"}, {"name": "Bob"}]


def test_a_schema_may_be_json_or_stand_in_a_file(run, service, tmp_path):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    (tmp_path / "s.json").write_text(json.dumps(schema))
    (tmp_path / "noending").write_text(json.dumps(schema))
    for given in (json.dumps(schema), str(tmp_path / "s.json"), str(tmp_path / "noending")):
        service.say('{"n": 3}')
        assert json.loads(run("chat", "--base-url", service.base_url, "How many?", "--schema", given).stdout) == {
            "n": 3
        }


def test_schema_and_json_together_tell_the_value_beside_the_rest(chat, service):
    service.say('{"n": 3}')
    told = json.loads(chat("How many?", "--schema", "n int", "--json").stdout)
    assert (told["value"], told["text"]) == ({"n": 3}, '{"n": 3}')


def test_an_answer_that_does_not_fit_is_an_error_and_prints_nothing(chat, service):
    service.say('{"n": "three"}')
    service.say('{"n": "many"}')
    done = chat("How many?", "--schema", "n int")
    assert (done.returncode, done.stdout) == (1, "")
    assert "$.n" in done.stderr


def test_extract_prints_the_first_code_block_or_the_last(chat, service):
    service.say(TWO_BLOCKS)
    assert chat("Count files.", "-x").stdout == "ls | wc -l\n"
    service.say(TWO_BLOCKS)
    assert chat("Count files.", "--extract-last").stdout == "print(1)\n"


def test_without_a_code_block_nothing_is_on_stdout_and_the_answer_is_not_lost(chat, service):
    service.say("I cannot.")
    done = chat("Count files.", "-x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "I cannot.\nchatkit: the answer has no code block; it stands above\n"


def test_a_prompt_is_needed_for_forms_of_an_answer(on_terminal):
    screen = on_terminal("chat", "--offline", "--json")
    assert "--json needs a PROMPT." in screen.read_until()
    assert screen.close() == 2


def test_a_reader_that_leaves_ends_the_answer(script, environ):
    with FakeService() as service:
        service.script(Answer([f"line {n}\n" for n in range(400)], delivery=Delivery(pause=0.02)))
        command = [script, "chat", "--base-url", service.base_url, "Count."]
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.wait(60) == 141


def test_what_could_steer_a_terminal_is_an_escape_in_json(chat, service):
    hostile = "a\x1b[2J\x9b2J\u202eb\u2069é"
    service.say(json.dumps({"a": hostile}))
    done = chat("What?", "--schema", "a str", "--json")
    assert json.loads(done.stdout)["value"] == {"a": hostile}
    assert "é" in done.stdout and not set("\x1b\x9b\u202e\u2069") & set(done.stdout)
