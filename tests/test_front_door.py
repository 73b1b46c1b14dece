"""The front door: what it names, and that opening it costs nothing and touches nothing."""

import subprocess
import sys

import pytest

import chatkit


def test_every_name_is_there_and_the_list_is_sorted():
    assert chatkit.__all__ == sorted(chatkit.__all__)
    assert len(set(chatkit.__all__)) == len(chatkit.__all__)
    for name in chatkit.__all__:
        assert getattr(chatkit, name) is not None


def test_every_name_lives_in_the_room_that_type_checkers_are_told():
    """The imports for type checkers and the table for run time are two tellings; this keeps them the same."""
    import ast
    from importlib import import_module
    from pathlib import Path

    tree = ast.parse(Path(chatkit.__file__).read_text(encoding="utf-8"))
    told = {
        alias.name: node.module
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(told) | {"__version__"} == set(chatkit.__all__)
    for name, room in told.items():
        assert getattr(import_module(room), name) is getattr(chatkit, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'chat_gpt'"):
        _ = chatkit.chat_gpt  # type: ignore[attr-defined]


def test_dir_lists_the_public_names():
    assert dir(chatkit) == chatkit.__all__


SILENT = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append((event, args)))
import chatkit
mine = [
    (event, args) for event, args in opened
    if event.startswith("socket.") or (event == "open" and not str(args[0]).endswith((".py", ".pyc")))
]
assert not mine, mine
heavy = {"requests", "urllib3", "sseclient", "pydantic", "pydantic_core", "prompt_toolkit"}
heavy |= {"IPython", "asyncio", "rich"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from chatkit import chat_openai_compatible, params
chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", params=params(temperature=0))
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert not [event for event, _ in opened if event.startswith("socket.")]
"""


def test_importing_opens_no_socket_reads_no_file_and_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


CLASH = """
import sys, warnings
sys.path.append(sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import chatkit
for warning in caught:
    print(warning.category.__name__, warning.message)
"""


@pytest.mark.parametrize("name", ["openai_chatkit-1.6.5.dist-info", "chatkit-0.0.1.dist-info"])
def test_a_distribution_of_the_same_name_is_warned_about_at_import(tmp_path, name):
    place = tmp_path / "site-packages"
    (place / name).mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", CLASH, str(place)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("NameClashWarning The distribution"), done.stderr
    assert name.partition("-")[0].replace("_", "-") in done.stdout


def test_no_warning_without_a_rival_and_none_for_a_missing_place(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CLASH, str(tmp_path / "gone" / "site-packages")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
