"""`chatkit completion`: scripts for shells, tried in those that are there."""

import re
import shutil
import subprocess

import pytest

from chatkit._cli import COMMANDS


@pytest.fixture(scope="module")
def scripts(request):
    """The script for each shell."""
    import sys

    command = [sys.executable, "-m", "chatkit", "completion"]
    told = {}
    for shell in ("bash", "zsh", "fish"):
        told[shell] = subprocess.run([*command, shell], capture_output=True, text=True, check=True, timeout=60).stdout
    return told


@pytest.fixture
def completed(scripts, tmp_path):
    """What bash offers behind a line."""
    (tmp_path / "completion.bash").write_text(scripts["bash"])

    def completed(line):
        words = line.split(" ")
        code = (
            f"source completion.bash; COMP_WORDS=({' '.join(map(_quoted, words))}); COMP_CWORD={len(words) - 1}; "
            "_chatkit; printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return set(filter(None, done.stdout.splitlines()))

    return completed


def _quoted(word):
    return f"'{word}'"


def test_bash_completes_commands(completed):
    assert completed("chatkit ") == set(COMMANDS)
    assert completed("chatkit c") == {name for name in COMMANDS if name.startswith("c")}
    assert completed("chatkit log s") == {"show", "search"}
    assert completed("chatkit log show ") == set()


def test_bash_completes_options(completed):
    assert completed("chatkit chat --ex") == {"--extract", "--extract-last"}
    assert completed("chatkit chat Hello --mod") == {"--model"}
    assert {"-c", "--continue", "--save", "--no-save"} <= completed("chatkit chat -")
    assert completed("chatkit log export --f") == {"--force"}


def test_bash_completes_values(completed):
    assert completed("chatkit chat --echo ") == {"none", "output", "all"}
    assert completed("chatkit completion ") == {"bash", "zsh", "fish"}
    assert completed("chatkit models --sort p") == {"price"}
    assert completed("chatkit chat --model ") == set()
    assert "model" in completed("chatkit config get m")


def test_bash_completes_files_where_files_are_meant(completed, tmp_path):
    (tmp_path / "my notes.md").write_text("x")
    assert completed("chatkit chat --file my") == {"my notes.md"}
    assert completed("chatkit chat -f my") == {"my notes.md"}
    assert completed("chatkit log export last my") == {"my notes.md"}
    assert completed("chatkit chat my") == set()


def test_bash_itself_asks_the_function(scripts, tmp_path):
    (tmp_path / "completion.bash").write_text(scripts["bash"])
    done = subprocess.run(
        ["bash", "--norc", "-ic", "source completion.bash; complete -p chatkit"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "complete -F _chatkit chatkit\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_scripts_are_read_by_their_shells(scripts, shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(scripts[shell])
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers_options_and_values(scripts, tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    (tmp_path / "chatkit.fish").write_text(scripts["fish"])
    code = (
        "source chatkit.fish; complete -C 'chatkit chat --echo '; complete -C 'chatkit lo'; complete -C 'chatkit log s'"
    )
    done = subprocess.run(["fish", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert offered == {"none", "output", "all", "log", "show", "search"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_knows_every_command_and_holds_no_placeholder(scripts, shell):
    for name in COMMANDS:
        assert re.search(rf"chatkit {name}\b", scripts[shell])
    assert not re.search(r"\b(COMMANDS|VALUES|ARGUMENTS)\b", scripts[shell])
    assert "--no-stream" in scripts[shell] or "no-stream" in scripts[shell]
