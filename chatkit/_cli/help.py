"""How the help of every command reads: paragraphs that are filled, and examples that stand as they are."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import Any, NoReturn

from chatkit._cli.output import complain

_TERM = re.compile(r"  \S+ {2,}(?=\S)")


class HelpFormatter(argparse.HelpFormatter):
    """Fills paragraphs, and leaves those alone whose lines are indented: examples and tables."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"max_help_position": 26, **options})

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = text.strip("\n").split("\n\n")
        return "\n\n".join(
            "\n".join(_listed(part, width) if "\n  " in part else _wrapped(part, width)) for part in parts
        )

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            # The commands alone, without a line that says that commands follow.
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _wrapped(text, width)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        # The value once, not behind each spelling.
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class Parser(argparse.ArgumentParser):
    """Says in one line what it does not understand, instead of after a usage of many lines."""

    def error(self, message: str) -> NoReturn:
        """Say it, and end."""
        complain(f"{message} (see `{self.prog} --help`)")
        raise SystemExit(2)


def _wrapped(text: str, width: int) -> list[str]:
    # An option such as --base-url is not cut in two.
    return textwrap.wrap(" ".join(text.split()), max(width, 20), break_on_hyphens=False, break_long_words=False)


def _listed(part: str, width: int) -> list[str]:
    """Lines as they stand; in a list of terms what does not fit goes on below what was said of the term."""
    lines = []
    for line in part.split("\n"):
        term = _TERM.match(line)
        below = " " * term.end() if term and len(line) > width else ""
        lines += textwrap.wrap(line, width, subsequent_indent=below, break_on_hyphens=False) if below else [line]
    return lines


def describe(parser: argparse.ArgumentParser, description: str, *examples: str) -> None:
    """Tell what a command does, and how it is called, one call a line."""
    parser.description = description
    parser.formatter_class = HelpFormatter
    parser.epilog = "examples:\n" + "\n".join(f"  {example}" for example in examples)
