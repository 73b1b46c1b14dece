"""`chatkit models`, run as a person or a script would run it."""

import json

import pytest

from chatkit._cli import main
from chatkit.testing import ErrorAnswer, FakeService

SEES = {"input_modalities": ["text", "image"], "output_modalities": ["text"]}


def offer(provider, tools, structured, price, length):
    flags = {"supports_tools": tools, "supports_structured_output": structured}
    return {"provider": provider, "status": "live", "context_length": length, "pricing": price, **flags}


MODELS = [
    {"id": "org/small", "providers": [offer("groq", True, False, {"input": 0.05, "output": 0.08}, 131072)]},
    {"id": "org/seeing", "architecture": SEES, "providers": [offer("x", True, True, {"input": 1, "output": 3}, 8192)]},
    "org/unsaid",
]
TABLE = """\
                       in    out  image  object             tool
model       context  USD/M  USD/M  input  generation  tools  streaming
----------  -------  -----  -----  -----  ----------  -----  ---------
org/small   131,072   0.05   0.08  ?      no          yes    yes
org/seeing    8,192   1.00   3.00  yes    yes         yes    yes
org/unsaid        ?      ?      ?  ?      ?           ?      ?
"""


@pytest.fixture
def service():
    with FakeService(models=MODELS) as running:
        yield running


@pytest.fixture
def models(run, service):
    return lambda *arguments, **variables: run("models", "--base-url", service.base_url, *arguments, **variables)


def names(done):
    assert done.returncode == 0
    return [line.split()[0] for line in done.stdout.splitlines()[3:]]


def test_the_table_is_on_stdout_and_all_else_on_stderr(models):
    done = models()
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == TABLE.splitlines()[1:]
    assert done.stderr.splitlines() == [
        "Prices are those of the cheapest provider, in US dollars per million tokens.",
        "No list tells of tool streaming: it is as for tools, whose calls chatkit streams from every server.",
        "?: the list does not say. What it says is advice: chatkit sends what you ask for.",
    ]


def test_the_capability_table(models):
    done = models("--capabilities")
    assert done.stdout.splitlines()[1:] == [
        "model       input  generation  tools  streaming",
        "----------  -----  ----------  -----  ---------",
        "org/small   ?      no          yes    yes",
        "org/seeing  yes    yes         yes    yes",
        "org/unsaid  ?      ?           ?      ?",
    ]
    assert "tool streaming: it is as for tools" in done.stderr


def test_filters_and_order(models):
    assert names(models("--tools")) == ["org/small", "org/seeing"]
    assert names(models("--structured", "--image")) == ["org/seeing"]
    assert names(models("--provider", "groq", "--max-price", "0.1")) == ["org/small"]
    assert names(models("--search", "SMALL")) == ["org/small"]
    assert names(models("--sort", "context")) == ["org/small", "org/seeing", "org/unsaid"]
    assert names(models("--sort", "id", "--refresh")) == ["org/seeing", "org/small", "org/unsaid"]


def test_a_limit_counts_the_others(models):
    done = models("--limit", "1")
    assert names(done) == ["org/small"]
    assert done.stderr.startswith("... and 2 more.\n")


def test_json_for_scripts(models):
    done = models("--json", "--tools", "--limit", "1")
    assert done.stderr == ""
    (row,) = json.loads(done.stdout)
    assert (row["id"], row["provider"], row["output_price"], row["tools"]) == ("org/small", "groq", 0.08, True)
    assert json.loads(models("--json", "--search", "nothing").stdout) == []


def test_where_nothing_fits(models):
    done = models("--search", "nothing")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No model in the list fits.\n")


def test_no_token_is_needed_and_none_is_sent_elsewhere(models, service):
    assert names(models(HF_TOKEN="hf_secret")) == ["org/small", "org/seeing", "org/unsaid"]
    assert "authorization" not in service.requests[0].headers


def test_a_key_comes_from_the_variable_that_is_named(models, service):
    assert models("--key-from", "MY_KEY", MY_KEY="secret").returncode == 0
    assert service.requests[0].headers["authorization"] == "Bearer secret"
    done = models("--key-from", "MY_KEY")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the environment variable MY_KEY is unset" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--key-from", "X"], "chatkit: --key-from needs --base-url."),
        (["--base-url", "nonsense"], "chatkit: base_url 'nonsense' has no scheme"),
        (["--limit", "0"], "must be a whole number of 1 or more, not '0'"),
        (["--limit", "-3"], "must be a whole number of 1 or more"),
        (["--max-price", "cheap"], "must be a number of US dollars of 0 or more, not 'cheap'"),
        (["--max-price", "nan"], "must be a number of US dollars of 0 or more"),
        (["--sort", "size"], "invalid choice: 'size'"),
    ],
)
def test_what_cannot_be_done_is_a_misuse(run, arguments, complaint):
    done = run("models", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_a_server_without_a_list_is_a_failure(run):
    with FakeService(paths=None) as service:
        service.script(ErrorAnswer(404, {"error": "none"}))
        done = run("models", "--base-url", service.base_url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"chatkit: There is no list of models at {service.base_url}/models: ")


def test_a_terminal_gets_lines_that_fit(on_terminal, service):
    long = "organisation/a-model-of-a-name-that-is-long-8B-Instruct"
    service.models = [*MODELS, long]
    shown = on_terminal("models", "--base-url", service.base_url)
    lines = shown.read_until().splitlines()
    assert shown.close() == 0
    table = lines[: lines.index(long) + 2]
    assert all(len(line) <= 80 for line in table)
    assert table[-1].split() == ["?"] * 7


def test_a_hostile_list_is_shown_and_not_obeyed(models, process, service):
    service.models = ["org/\x1b[2J\x07model\r\nnext", "\ud800"]
    done = models()
    assert names(done) == ["org/␛[2J␇model␊next", "\ufffd"]
    assert process("models", "--base-url", service.base_url, PYTHONIOENCODING="ascii").returncode == 0
    assert json.loads(models("--json").stdout)[0]["id"] == "org/\x1b[2J\x07model\r\nnext"


def test_without_a_base_url_it_is_hugging_face(service, monkeypatch, capsys):
    asked = []

    def listed(**options):
        asked.append(options)
        return ()

    monkeypatch.setattr("chatkit._cli.models.models_huggingface", listed)
    assert main(["models", "--image", "--tools"]) == 0
    assert asked[0]["modality"] == "image"
    assert asked[0]["tools"] is True
    assert asked[0]["structured"] is None
    assert capsys.readouterr().err == "No model in the list fits.\n"
