"""The commands, their options and what these take, read off the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

_FILES = ("PATH", "FILE|TEXT", "PATH|URL", "SCRIPT", "FILE", "TAPE")


@dataclass(frozen=True, slots=True)
class Option:
    """An option.

    Args:
        flags: Its spellings, such as "-m" and "--model".
        purpose: What it is for.
        takes: "nothing", "words", "files", or "text" that nobody can guess.
        words: The values that it may have.
    """

    flags: tuple[str, ...]
    purpose: str
    takes: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Args:
        path: The words that lead to it, such as "chatkit log show".
        commands: The commands below it, each with its purpose.
        options: Its options.
        words: What its arguments may be, as far as that is known.
        files: Whether its arguments may be files.
    """

    path: str
    commands: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    words: tuple[str, ...]
    files: bool


def tree(parser: argparse.ArgumentParser, path: str = "chatkit") -> list[Command]:
    """All commands of a parser, the outer ones first."""
    return list(_commands(parser, path))


def _commands(parser: argparse.ArgumentParser, path: str) -> Iterator[Command]:
    below = next((item for item in parser._actions if isinstance(item, argparse._SubParsersAction)), None)
    options = tuple(_option(item) for item in parser._actions if item.option_strings)
    others = [_option(item) for item in parser._actions if not item.option_strings and item is not below]
    purposes = () if below is None else tuple((item.dest, item.help or "") for item in below._choices_actions)
    words = tuple(word for item in others for word in item.words)
    yield Command(path, purposes, options, words, any(item.takes == "files" for item in others))
    if below is not None:
        for name, inner in below.choices.items():
            yield from _commands(inner, f"{path} {name}")


def _option(item: argparse.Action) -> Option:
    flags, purpose = tuple(item.option_strings), item.help or ""
    if item.nargs == 0:
        return Option(flags, purpose, "nothing")
    known: tuple[str, ...] = getattr(item, "known", ())
    words = known if item.choices is None else tuple(map(str, item.choices))
    if words:
        return Option(flags, purpose, "words", words)
    return Option(flags, purpose, "files" if item.metavar in _FILES else "text")
