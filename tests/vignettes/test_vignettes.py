"""Every vignette shows what its code shows; and the runner that sees to it does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("runner.py")
VIGNETTES = sorted((ROOT / "vignettes").glob("*.md"))


def run(*arguments):
    done = subprocess.run([sys.executable, RUNNER, *arguments], capture_output=True, timeout=180)
    assert done.stderr.decode() == ""
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("path", VIGNETTES, ids=lambda path: path.name)
def test_a_vignette_shows_what_its_code_shows(path):
    code, differences = run(path)
    assert code == 0, f"refresh with `python tests/vignettes/runner.py --refresh`, if this is right:\n{differences}"


def test_there_are_vignettes():
    assert VIGNETTES


@pytest.fixture
def check(tmp_path):
    """Run a text; gives what the runner says about it."""

    def check(text):
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        return run(path)[1]

    return check


@pytest.fixture
def refreshed(tmp_path):
    """Refresh a text; gives the new one. A second time changes nothing."""

    def refreshed(text):
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        assert run("--refresh", path) == (0, "")
        new = path.read_text(encoding="utf-8")
        assert run("--refresh", path) == (0, "")
        assert path.read_text(encoding="utf-8") == new
        assert run(path) == (0, "")
        return new

    return refreshed


def python(code, words=""):
    return f"Text.\n\n```python{words}\n{code}\n```\n\nMore.\n"


def test_output_goes_below_the_statement_that_made_it(refreshed):
    code = "a = 1\nprint(a)\n\nprint(\n    'b',\n)  # b\na + 1"
    assert refreshed(python(code)) == python(
        "a = 1\nprint(a)\n#> 1\n\nprint(\n    'b',\n)  # b\n#> b\na + 1\n#> 2",
    )


def test_only_the_last_expression_is_shown_and_none_is_not(refreshed):
    assert refreshed(python("1\n'2'")) == python("1\n'2'\n#> '2'")
    assert refreshed(python("1\nNone")) == python("1\nNone")


def test_output_without_an_end_of_line_and_empty_lines(refreshed):
    assert refreshed(python("print('a\\n\\nb', end='')\n'c'")) == python(
        "print('a\\n\\nb', end='')\n#> a\n#>\n#> b\n'c'\n#> 'c'"
    )


def test_stderr_and_warnings_are_shown_too(refreshed):
    code = "import sys, warnings\nprint('x', file=sys.stderr)\nwarnings.warn('Oh.')"
    assert refreshed(python(code)).count("#> x\nwarnings.warn('Oh.')\n#> UserWarning: Oh.\n") == 1


def test_stale_output_is_replaced(refreshed):
    assert refreshed(python("print(1)\n#> 2\n#> 3\nb = 1\n#> 4")) == python("print(1)\n#> 1\nb = 1")


def test_a_mismatch_is_shown_line_by_line(check):
    assert check(python("print('a')\n#> b")) == (
        "--- page.md, as written\n+++ page.md, as run\n@@ -2,7 +2,7 @@\n \n ```python\n print('a')\n-#> b\n+#> a\n"
        " ```\n \n More.\n"
    )


def test_blocks_share_a_namespace_and_a_hidden_setup(refreshed):
    text = "<!-- setup\nimport os\nprint('unseen')\nhidden = 3\n-->\n" + python("b = hidden") + python("print(b)\nb")
    assert refreshed(text) == text.replace("print(b)\nb\n", "print(b)\n#> 3\nb\n#> 3\n")


def test_other_fences_are_left_alone(refreshed):
    text = "```sh\nrm -rf x\n```\n\n````markdown\n```python\n1 / 0\n```\n````\n\n```\nplain\n```\n"
    assert refreshed(text) == text


def test_an_expected_exception_is_shown(refreshed):
    assert refreshed(python("print(1)\n1 / 0", " raises")) == python(
        "print(1)\n#> 1\n1 / 0\n#> ZeroDivisionError: division by zero", " raises"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (python("x = 1\n1 / 0"), ["page.md, line 4", 'File "page.md", line 5', "ZeroDivisionError"]),
        (python("1 +"), ["page.md, line 4", "invalid syntax"]),
        (python("1", " raises"), ["page.md, line 4: this block should raise"]),
        ("```python\n1\n", ["line 1: this block has no end"]),
    ],
)
def test_what_goes_wrong_is_told_with_its_place(check, text, words):
    told = check(text)
    assert all(word in told for word in words)


def test_ports_are_replaced(refreshed):
    assert "#> http://127.0.0.1:PORT/v1\n" in refreshed(python("print('http://127.0.0.1:12345/v1')"))


def test_there_are_no_keys_and_no_files_around(refreshed, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    shown = refreshed(python("import os\nprint(sorted(os.listdir()), 'HF_TOKEN' in os.environ)"))
    assert "#> [] False\n" in shown


def test_dataclasses_and_hints_find_their_module(refreshed):
    code = "from typing import get_type_hints\nclass A: ...\ndef f(x: 'A'): ...\nget_type_hints(f)['x'] is A"
    assert refreshed(python(code)).count("#> True") == 1
