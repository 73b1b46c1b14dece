"""`chatkit completion`: a script that teaches a shell to complete this command."""

from __future__ import annotations

import argparse

from chatkit._cli.help import describe
from chatkit._cli.output import say
from chatkit._cli.shells import SCRIPTS
from chatkit._cli.tree import tree


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Print a script that completes commands, options and their values when you press the tabulator key. Have "
        "your shell read it when it starts.",
        "source <(chatkit completion bash)    # in ~/.bashrc",
        "source <(chatkit completion zsh)     # in ~/.zshrc, behind compinit",
        "chatkit completion fish > ~/.config/fish/completions/chatkit.fish",
    )
    parser.add_argument("shell", choices=sorted(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    say(SCRIPTS[arguments.shell](tree(arguments.parser)))
    return 0
