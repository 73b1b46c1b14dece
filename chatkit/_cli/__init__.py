"""The chatkit command: finds the subcommand, runs it, and turns what comes of it into an exit code.

`EXIT_CODES` tells what each of them means. A subcommand is a module of its own name with `configure(parser)` and
`run(arguments)`, imported only when it is chosen.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from chatkit._cli.help import HelpFormatter, Parser
from chatkit._cli.output import complain, warn
from chatkit._errors import ChatkitError, ConfigError, MediaError

COMMANDS = {
    "chat": "ask a model something, or talk to it in a console",
    "completion": "print a script that completes this command in bash, zsh or fish",
    "config": "show and change the settings of this command",
    "demo": "hold a short conversation that shows what a chat does; needs no key and no internet",
    "log": "list, read, search, export and delete the conversations that are kept",
    "mcp": "offer Python functions as tools to programs that speak the Model Context Protocol",
    "models": "list the models of Hugging Face, or of another server: abilities, context, prices; needs no key",
    "run": "hold a scripted conversation, and tell whether the answers are as expected",
}
"""The subcommands, and what each is for."""

EXIT_CODES = {
    0: "all went well",
    1: "no answer: the server could not be reached, gave an error, or what was wanted is not there",
    2: "the command was not understood, or cannot be done as given; nothing was sent",
    130: "Ctrl-C; what had arrived of an answer is kept with a conversation that is kept",
    141: "nobody reads the output any more",
}
"""What the command ends with, and what that means."""

_FAILED, _MISUSED, _INTERRUPTED, _UNREAD = 1, 2, 130, 141
_COMPLETION = "completion"


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
        arguments, surplus = parser.parse_known_args(argv)
        if surplus:
            # The help of the command itself tells what it takes.
            hint = "" if surplus[0].startswith("-") else "; words that belong together stand in quotes"
            arguments.own.error(f"unrecognized arguments: {' '.join(surplus)}{hint}")
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

    options: Any = {"formatter_class": HelpFormatter, "allow_abbrev": False}
    parser = Parser("chatkit", description=str(about).partition("\n")[0], **options)
    parser.add_argument("--version", action="version", version=f"chatkit {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, **options)
        # Completion tells of all commands, so it alone opens all of them.
        if chosen in (name, _COMPLETION):
            module = import_module(f"chatkit._cli.{name}")
            module.configure(command)
            command.set_defaults(run=module.run, parser=parser, own=command)
    parser.epilog = _below()
    parser.set_defaults(own=parser)
    return parser


def _below() -> str:
    codes = "\n".join(f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES.items())
    return f"""Each command has a --help of its own: chatkit COMMAND --help

exit codes:
{codes}

examples:
  chatkit chat "Why is the sky blue?"
  chatkit demo --offline"""


def _exit_code(error: BaseException) -> int:
    match error:
        case KeyboardInterrupt():
            return _INTERRUPTED
        case BrokenPipeError():
            _let_stdout_go()
            return _UNREAD
        case ConfigError() | MediaError():
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
