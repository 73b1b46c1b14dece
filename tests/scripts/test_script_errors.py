"""What is wrong with a script is told with its line and column, before anything is sent."""

import pytest

from chatkit._errors import ConfigError, ScriptError
from chatkit._scripts.running import run_script
from chatkit._scripts.tools import tools_at


@pytest.fixture
def refused(write, chat, service):
    """Run a script that must be refused; gives the error as `line:column message`."""

    def act(text: str, **values) -> str:
        path = write(text)
        with pytest.raises(ScriptError) as caught:
            run_script(path, chat, **values)
        error = caught.value
        assert service.requests == []
        assert error.__cause__ is None
        assert error.__context__ is None
        assert str(error).startswith(f"{path}:{error.line}:{error.column}: ")
        return str(error).removeprefix(f"{path}:")

    return act


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("titel = 'A'", "2:1: The front matter has no `titel`. Did you mean `title`?"),
        ("a = 1\nzzz = 2", "2:1: The front matter has no `a`. There are: title, model"),
        ("title = 3", "2:1: This must be a text, not 3."),
        ("\nmodel = []", "3:1: This must be a text, not []."),
        ("base_url = 'ftp://x'", "2:1: "),
        ("[params]\ntemperatur = 1", "2:2: There is no parameter `temperatur`: did you mean `temperature`?"),
        ("params = 3", "2:1: This must be a table, not 3."),
        ("limits = {cost = -1}", "2:1: "),
        ("limits = {money = 1}", "2:1: There is no limit `money`. There are: rounds"),
        ("tools = [3]", "2:1: This must be a text, or a list of texts, not [3]."),
        ("tools = 'nothing'", "2:1: 'nothing' names no function. Write module:function"),
        ("tools = 'no_such_module:x'", "2:1: 'no_such_module:x' cannot be found: ModuleNotFoundError"),
        ("tools = 'json:nothing'", "2:1: 'json:nothing' cannot be found: AttributeError"),
        ("values = 3", "2:1: This must be a table, not 3."),
        ("[values]\n'a b' = 3", "2:2: 'a b' can be no name of a value"),
        ("assistant = 'x'", '2:1: This must be "given" or "recorded", not \'x\'.'),
        ("schema = 'none.json'", "2:1: The schema none.json cannot be read: No such file or directory."),
        ("schema = ''", "2:1: A schema is a `.json` file"),
        ("seed = " + "9" * 5000, "2:1: Exceeds the limit"),
        ("system = 'a {{b}}'", "2:1: There is no value for `b`"),
        ("title = 'a {{b'", "2:1: A placeholder begins here that has no }}"),
        ("api_key = 'x'", "2:1: A script holds no secrets, so `api_key` is refused. Keys come from"),
        ("API-Key = 'x'", "2:1: A script holds no secrets"),
        ("system = 'x'\n+++\n# system\ny\n# user\nHi\n+++", "4:1: The system prompt is told twice."),
    ],
)
def test_in_the_front_matter(refused, front, told):
    assert refused(f"+++\n{front}\n+++\n# user\nHi").startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: Nothing is said in this script. Put what is said under a line `# user`."),
        ("hello", "1:1: Nothing is said in this script."),
        ("# user\n", "1:1: There is nothing to say"),
        ("# expect\ncontains = 'a'", "1:1: `# expect` has no `# user` before it."),
        ("# assistant\nx\n# user\nHi", "1:1: `# assistant` has no `# user` before it."),
        ("# user\nHi\n# system\nx", "3:1: The system prompt comes before what the user says."),
        ("# system\nx\n# system\ny\n# user\nHi", "3:1: The system prompt is told twice."),
        ("# user\nHi\n# assistant\n", "3:1: The answer that is given here is empty."),
        ("# user\nHi\n# assistant\nA\n# assistant\nB", "5:1: This answer is given, so it stands right under"),
        ("# user\nHi\n# expect\n# assistant\nB", "4:1: This answer is given, so it stands right under"),
        ("# user\nHi\n# assistant\nA\n# expect\ncontains = 'A'", "5:1: The answer above is given, so nothing can be"),
        ("# user {temprature = 1}\nHi", "1:9: `# user` has no `temprature`. Did you mean `temperature`?"),
        ("# user {temperature = 3}\nHi", "1:1: "),
        ("# user {params = 3}\nHi", "1:1: `params` must be a table"),
        ("# user {key = 'x'}\nHi", "1:9: A script holds no secrets"),
        ("# user {text = 3}", "1:9: `text` must be a text."),
        ("# user {text = 'a'}\nb", "1:1: The text is told twice"),
        ("# user\nHi\n# assistant {given = 1}\nA", "3:14: `given` must be true or false."),
        ("# user\nHi\n# expect {a = 1}\n", "3:11: `# expect` takes no options."),
        ("# user {schema = 3}\nHi", "1:1: A schema is a `.json` file"),
        ("# user {schema = 'zz zz'}\nHi", "1:1: "),
        ("# user {image = 3}\nHi", "1:1: `image` must be a path or a URL"),
        ("# user {image = 'none.png'}\nHi", "1:1: "),
        ("# user {file = ['none.txt']}\nHi", "1:1: "),
        ("# user {contents = 3}", "1:1: `contents` must be JSON in a text"),
        ("# user {contents = '{'}", "1:1: `contents` cannot be read"),
        ("# user {contents = '[{}]'}", "1:1: `contents` cannot be read"),
        ("# user {contents = '[]'}\nHi", "1:1: `contents` are all that a turn says"),
        ("# user {tool_choice = 'a', schema = 'a int'}\nHi", "1:1: A typed answer takes no `tool_choice`"),
        ("# user {text = '{{a}}'}", "1:9: There is no value for `a`"),
        ("# user {image = ['{{a}}']}", "1:9: There is no value for `a`"),
        ("# user\nHi\n\nI am {{name}}", "4:8: There is no value for `name`"),
        ("# user\nHi\nI {{name", "3:5: A placeholder begins here that has no }}"),
        ("# user\nHi {{a()}}", "2:6: 'a()' is no look-up"),
        ("# user\nHi\n# expect\n\ncontians = 'a'", "5:1: There is no expectation 'contians'. Did you mean 'contains'?"),
        ("# user\nHi\n# expect\na = ", "4:4: Invalid value."),
        ("# user\nHi\n# expect\nmatches = '('", "4:1: `matches` holds '(', which is no regular expression"),
        ("# user\nHi\n# expect\ncontains = ['a', '{{b}}']", "4:1: There is no value for `b`"),
        ("# user\nHi\n# expect\njson = {a = {b = '{{c}}'}}", "4:14: There is no value for `c`"),
    ],
)
def test_in_the_blocks(refused, text, told):
    assert refused(text).startswith(told)


def test_a_value_that_is_a_list_is_no_text(refused):
    told = (
        "2:1: A placeholder comes to a list, and a script says one text at a time. Give a text, or run the script once"
    )
    assert refused("# user\nHi {{names}}", names=["A", "B"]).startswith(told)
    assert refused("# user\n{{a}} {{b}}", a=[1], b=[1, 2]).startswith(told)


def test_a_schema_that_cannot_be_read_is_told(refused, tmp_path):
    (tmp_path / "bad.json").write_bytes(b"\xff")
    assert "not UTF-8" in refused("# user {schema = 'bad.json'}\nHi")
    assert "null" in refused('# user {schema = "a\\u0000.json"}\nHi')


def test_a_module_that_fails_is_told_of_and_tried_again(write, chat, service, refused):
    write("raise RuntimeError('broken')\n", "bad_tools.py")
    assert "RuntimeError: broken" in refused("+++\ntools = ['bad_tools:x']\n+++\n# user\nHi")
    write("def x() -> str:\n    'X.'\n    return 'x'\n", "bad_tools.py")
    service.say("fine")
    assert run_script(write("+++\ntools = ['bad_tools:x']\n+++\n# user\nHi"), chat).ok


def test_without_a_folder_tools_are_found_from_the_current_one(tmp_path, monkeypatch):
    (tmp_path / "here_tools.py").write_text("def x() -> str:\n    'X.'\n    return 'x'\n")
    monkeypatch.chdir(tmp_path)
    assert tools_at("here_tools:x")[0]() == "x"
    with pytest.raises(ConfigError):
        tools_at("here_tools:y")


def test_a_path_that_is_none_is_refused(chat):
    with pytest.raises(ConfigError):
        run_script(3, chat)
    with pytest.raises(ScriptError, match="No such file"):
        run_script("no-such-script.md", chat)
    with pytest.raises(ScriptError, match="cannot be read"):
        run_script(".", chat)


def test_a_module_of_tools_that_ends_the_program_does_not(tmp_path):
    (tmp_path / "ends_itself.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(ConfigError, match="cannot be found: SystemExit: 3"):
        tools_at("ends_itself:tool", tmp_path)
