"""The chatkit command: finds the subcommand, runs it, and turns what comes of it into an exit code.

Exit codes: 0 all went well; 1 the server could not be reached or gave an error; 2 the command was not understood or
cannot be done as given; 130 Ctrl-C; 141 nobody reads the output any more. A subcommand is a module of its own name
with `configure(parser)` and `run(arguments)`, imported only when it is chosen.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from chatkit._cli.output import complain, warn
from chatkit._errors import ChatkitError, ConfigError

COMMANDS = {
    "demo": "hold a short conversation that shows what a chat does; needs no key and no internet",
    "mcp": "offer Python functions as tools to programs that speak the Model Context Protocol",
    "models": "list the models of Hugging Face, or of another server: abilities, context, prices; needs no key",
}
"""The subcommands, and what each is for."""

_FAILED, _MISUSED, _INTERRUPTED, _UNREAD = 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chatkit command.

    Args:
        argv: The arguments; None takes those of the process.

    Returns:
        The exit code.
    """
    with warnings.catch_warnings():
        warnings.showwarning = warn
        try:
            code = _run(sys.argv[1:] if argv is None else argv)
            # Now, or Python would complain at its exit of a reader that has left.
            if sys.stdout is not None:
                sys.stdout.flush()
            return code
        except BaseException as error:
            return _exit_code(error)


def _run(argv: Sequence[str]) -> int:
    try:
        parser = _parser(next((word for word in argv if word in COMMANDS), None))
        arguments = parser.parse_args(argv)
    except SystemExit as end:  # argparse has printed the help, the version or what it did not understand
        return end.code if isinstance(end.code, int) else 0
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return _MISUSED
    run: int = arguments.run(arguments)
    return run


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    from chatkit import __doc__ as about
    from chatkit import __version__

    parser = argparse.ArgumentParser("chatkit", description=str(about).partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"chatkit {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, allow_abbrev=False)
        if name == chosen:
            module = import_module(f"chatkit._cli.{name}")
            module.configure(command)
            command.set_defaults(run=module.run)
    parser.epilog = "Each command has a --help of its own: chatkit COMMAND --help"
    return parser


def _exit_code(error: BaseException) -> int:
    match error:
        case KeyboardInterrupt():
            return _INTERRUPTED
        case BrokenPipeError():
            _let_stdout_go()
            return _UNREAD
        case ConfigError():
            complain(str(error))
            return _MISUSED
        case ChatkitError():
            complain(str(error))
            return _FAILED
        case OSError():
            complain(f"The output could not be written: {error.strerror or error}.")
            _let_stdout_go()
            return _FAILED
        case _:
            raise error


def _let_stdout_go() -> None:
    # What is left in the buffer would be written at exit, and Python would complain that it cannot.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
