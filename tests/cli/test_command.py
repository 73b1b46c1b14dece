"""The command around the subcommands: help, version, exit codes."""

import io
import re
import subprocess
import sys
import warnings

import pytest

import chatkit
from chatkit._cli import COMMANDS, main


def test_version(process):
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"chatkit {chatkit.__version__}\n")


def test_help_names_every_command_and_its_purpose(run):
    done = run("--help")
    assert done.returncode == 0
    for name, purpose in COMMANDS.items():
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
        assert purpose.split()[0] in done.stdout


def test_without_a_command_the_help_is_shown_as_a_misuse(run):
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: chatkit ")


def test_an_unknown_command_is_a_misuse(process):
    done = process("dmeo")
    assert done.returncode == 2
    assert "'dmeo'" in done.stderr


def test_it_also_runs_as_a_module(environ):
    command = [sys.executable, "-m", "chatkit", "--version"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, f"chatkit {chatkit.__version__}\n")


def test_help_imports_no_http_library(environ):
    code = (
        "import sys; from chatkit._cli import main; code = main(['--help']); "
        "sys.exit(code or any(name in sys.modules for name in ('requests', 'asyncio', 'prompt_toolkit')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_subcommand_is_imported_only_when_it_is_chosen(environ):
    code = (
        "import sys; from chatkit._cli import main; main(['--help']); "
        "sys.exit(any(f'chatkit._cli.{name}' in sys.modules for name in ('demo', 'destination')))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, timeout=30).returncode == 0


def outcome(monkeypatch, capsys, error):
    """The exit code and stderr of a command that ends in an error."""

    def fail(argv):
        raise error

    monkeypatch.setattr("chatkit._cli._run", fail)
    code = main(["demo"])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "complaint"),
    [
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (chatkit.ConfigError("That will not do."), 2, "chatkit: That will not do.\n"),
        (chatkit.RateLimitError("Too\nmany \x1b[2J."), 1, "chatkit: Too many ␛[2J.\n"),
        (chatkit.APIConnectionError("Refused."), 1, "chatkit: Refused.\n"),
    ],
)
def test_errors_become_exit_codes_and_one_clean_line(monkeypatch, capsys, error, code, complaint):
    monkeypatch.setattr("chatkit._cli._let_stdout_go", lambda: None)
    assert outcome(monkeypatch, capsys, error) == (code, complaint)


def test_a_fault_of_chatkit_itself_is_not_hidden(monkeypatch, capsys):
    with pytest.raises(ZeroDivisionError):
        outcome(monkeypatch, capsys, ZeroDivisionError())


def test_warnings_are_one_line_and_the_hook_is_put_back(monkeypatch, capsys):
    def warn_of_something(argv):
        warnings.warn("Something\nodd.", chatkit.PlainHttpWarning, stacklevel=1)
        return 0

    before = warnings.showwarning
    monkeypatch.setattr("chatkit._cli._run", warn_of_something)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main([]) == 0
    assert capsys.readouterr().err == "chatkit: warning: Something odd.\n"
    assert warnings.showwarning is before


def test_a_closed_stderr_keeps_the_exit_code(monkeypatch, capsys):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)

    def fail(argv):
        raise chatkit.APIConnectionError("Refused.")

    monkeypatch.setattr("chatkit._cli._run", fail)
    assert main([]) == 1


def test_without_any_stdout_it_works_all_the_same(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    assert main(["demo", "--offline", "--delay", "0"]) == 0
