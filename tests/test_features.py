"""The table of features tells the truth: every "yes" has tests that exist and run, and the page says the same."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent

_SPEC = importlib.util.spec_from_file_location("render_features", HERE / "render_features.py")
render_features = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(render_features)

FEATURES = render_features.features()
PEERS = list(render_features.PEERS)
FIELDS = {"name", *PEERS, "chatkit", "how", "tests"}
MARKS = set(render_features.WORDS)
OWN = {"yes", "partly", "no"}
FINE = {"name": "x", **dict.fromkeys(PEERS, "-"), "chatkit": "no", "how": "Not at all.", "tests": []}


def problems_of(feature):
    """What is wrong with a row, but for its tests."""
    if set(feature) != FIELDS:
        return [f"fields: {sorted(set(feature) ^ FIELDS)}"]
    found = [f"{peer}: {feature[peer]!r}" for peer in PEERS if feature[peer].split(" ", 1)[0] not in MARKS]
    if feature["chatkit"] not in OWN:
        found.append(f"chatkit: {feature['chatkit']!r}")
    if feature["chatkit"] == "yes" and not feature["tests"]:
        found.append("a yes without a test")
    if feature["chatkit"] == "no" and feature["tests"]:
        found.append("a no with tests")
    if not feature["how"].endswith("."):
        found.append("how: no sentence")
    if any(sign in feature[field] for field in FIELDS - {"tests"} for sign in "|\n"):
        found.append("what would break the table")
    return found


def runnable_in(path):
    """The tests of a file that may run, by name; those of classes as `Class::method`."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    return set() if set_aside(module) else set(_runnable(module.body, ""))


def _runnable(body, prefix):
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or set_aside(node):
            continue
        if isinstance(node, ast.ClassDef):
            yield from _runnable(node.body, f"{node.name}::")
        elif node.name.startswith("test_"):
            yield prefix + node.name


def set_aside(node):
    """Whether a module, a class or a function is never run, or may fail: by a mark or a call without any condition."""
    marks = list(getattr(node, "decorator_list", []))
    for statement in node.body:
        if isinstance(statement, ast.Assign) and any(ast.unparse(it) == "pytestmark" for it in statement.targets):
            value = statement.value
            marks += value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        if isinstance(statement, ast.Expr) and _called(statement.value) in ("pytest.skip", "pytest.xfail"):
            return True
    return any(_called(mark) in ("pytest.mark.skip", "pytest.mark.xfail") for mark in marks)


def _called(expression):
    return ast.unparse(expression.func if isinstance(expression, ast.Call) else expression)


def missing_tests(names, root=ROOT):
    """Which of these tests, `path::name` each, do not exist or never run."""
    return [name for name in names if not _runs(*name.split("::", 1), root)]


def _runs(path, name, root):
    return (root / path).is_file() and Path(path).name.startswith("test_") and name in runnable_in(root / path)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature["name"])
def test_a_row_is_in_order_and_its_tests_exist(feature):
    assert problems_of(feature) == []
    assert missing_tests(feature["tests"]) == []


def test_the_rows_are_those_that_were_looked_for_and_none_is_there_twice():
    names = [feature["name"] for feature in FEATURES]
    assert len(names) == len(set(names)) == 41
    for feature in FEATURES:
        assert len(feature["tests"]) == len(set(feature["tests"])), feature["name"]


def test_the_page_says_what_the_file_says():
    page = render_features.PAGE.read_text(encoding="utf-8")
    for name in [*render_features.PARTS]:
        assert page.count(f"<!-- features: {name} -->\n") == 1
    assert page.count("<!-- features: end -->\n") == len(render_features.PARTS)
    assert page == render_features.rendered(page, FEATURES), "write it with tests/render_features.py --refresh"


def test_every_row_stands_in_the_table_and_in_one_list():
    rows, done, missing = (part(FEATURES).splitlines() for part in render_features.PARTS.values())
    assert len(rows) == 2 + len(FEATURES) == 2 + len(done) + len(missing)
    assert {row.count(" | ") for row in rows} == {1 + len(PEERS)}


def test_marks_become_words_and_what_stood_in_the_page_is_replaced():
    row = FINE | {"ellmer": "P clone", "llm": "n/a", "ai_sdk": "? not checked", "chatkit": "yes"}
    page = "A\n<!-- features: table -->\nold\n<!-- features: end -->\nB\n"
    assert render_features.rendered(page, [row]) == (
        "A\n<!-- features: table -->\n\n"
        "| Feature | chatkit | ellmer | chatlas | llm | pydantic-ai | openai | huggingface_hub | AI SDK |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| x | **yes** | partly (clone) | no | n/a | no | no | no | ? (not checked) |\n"
        "\n<!-- features: end -->\nB\n"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"chatkit": "pending"}, ["chatkit: 'pending'"]),
        ({"chatkit": "yes"}, ["a yes without a test"]),
        ({"tests": ["a"]}, ["a no with tests"]),
        ({"chatkit": "partly"}, []),
        ({"llm": "Yes"}, ["llm: 'Yes'"]),
        ({"llm": "P plugin"}, []),
        ({"llm": ""}, ["llm: ''"]),
        ({"how": "Somehow"}, ["how: no sentence"]),
        ({"how": "This | that."}, ["what would break the table"]),
        ({"more": 1}, ["fields: ['more']"]),
    ],
)
def test_a_row_that_is_not_in_order_is_refused(change, words):
    assert problems_of(FINE | change) == words


BODY = """
import pytest

def test_one(): ...
async def test_two(): ...
@pytest.mark.skipif(True, reason="")
def test_sometimes(): ...
@pytest.mark.skip
def test_skipped(): ...
@pytest.mark.skip(reason="later")
def test_skipped_later(): ...
@pytest.mark.xfail(strict=True)
def test_failing(): ...
def test_ends(): pytest.skip("never")
def helper(): ...
class TestIt:
    def test_three(self): ...
@pytest.mark.skip
class TestNever:
    def test_four(self): ...
class TestNeither:
    pytestmark = [pytest.mark.skip]
    def test_five(self): ...
"""


def test_only_tests_that_may_run_count(tmp_path):
    (tmp_path / "test_it.py").write_text(BODY, encoding="utf-8")
    (tmp_path / "it.py").write_text(BODY, encoding="utf-8")
    assert runnable_in(tmp_path / "test_it.py") == {"test_one", "test_two", "test_sometimes", "TestIt::test_three"}
    names = ["test_it.py::test_one", "test_it.py::test_skipped", "it.py::test_one", "test_else.py::test_one"]
    assert missing_tests(names, tmp_path) == names[1:]


@pytest.mark.parametrize("line", ["pytestmark = pytest.mark.skip('x')", "pytest.skip('x', allow_module_level=True)"])
def test_a_file_that_is_set_aside_shows_nothing(tmp_path, line):
    path = tmp_path / "test_it.py"
    path.write_text(f"{BODY}\n{line}\n", encoding="utf-8")
    assert runnable_in(path) == set()
