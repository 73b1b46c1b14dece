"""What the model is told of the answer's form and of how to make it: `--schema` and `--param`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatkit._providers.params import Params, params


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that shape an answer."""
    group = parser.add_argument_group("what the answer shall be")
    group.add_argument(
        "--schema",
        metavar="FILE|TEXT",
        help='data instead of words: a file with a JSON schema, or fields such as "name str, age int: in years"',
    )
    group.add_argument(
        "-p",
        "--param",
        action="append",
        type=_pair,
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the model, such as temperature=0.2",
    )


def kind_of(schema: str | None) -> Any:
    """The type that `--schema` asks for, or None.

    Raises:
        ConfigError: when it is no schema.
    """
    if schema is None:
        return None
    from chatkit._types.concise import type_from_text
    from chatkit._types.values import type_from_schema

    text = schema.strip()
    if _is_path(text):
        return type_from_schema(path=text)
    if text.startswith("{") and text[1:].lstrip()[:1] in ('"', "}"):
        return type_from_schema(text)
    return type_from_text(schema)


def _is_path(text: str) -> bool:
    try:
        return text.endswith(".json") or ("\n" not in text and Path(text).is_file())
    except (OSError, ValueError):  # too long for a path, or with a zero in it
        return False


def parameters(settled: Mapping[str, Any], given: list[tuple[str, Any]]) -> Params:
    """The parameters that were settled, under those that were given.

    Raises:
        ConfigError: when one cannot be.
    """
    return params(**{**settled, **dict(given)})


def parameters_over(held: Params, given: list[tuple[str, Any]]) -> Params:
    """The parameters that a chat has, under those that were given.

    Raises:
        ConfigError: when one cannot be.
    """
    return params(**{**dict(held.items()), **held.extra, **dict(given)})


def _pair(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    name = name.strip()
    if not sign or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, such as temperature=0.2, not {text!r}")
    return name, value_of(value)


def value_of(text: str) -> Any:
    """What was typed, as a value: a number, true, false, or anything that is JSON; else the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
