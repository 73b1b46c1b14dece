"""`chatkit config`: what is settled, where it comes from, and settling it."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
from typing import Any

from chatkit._cli.help import describe
from chatkit._cli.output import complain, remark, say, say_json, width_of_stdout
from chatkit._cli.shaping import value_of
from chatkit._errors import ConfigError
from chatkit._providers.params import params
from chatkit._render.tables import text_table
from chatkit._settings.keys import KEYS, PARAMS, known
from chatkit._settings.places import settings_path
from chatkit._settings.reading import settings
from chatkit._settings.writing import check, put, take_away, write

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Show the settings of this command, and where each comes from; or settle something. A flag goes before an "
        "environment variable, that before the file, and the file before what is built in. Keys are no settings: they "
        "stay in the environment. CHATKIT_CONFIG names another file than the usual one.\n\n" + _told_keys(),
        "chatkit config",
        "chatkit config set model meta-llama/Llama-3.1-8B-Instruct",
        "chatkit config set params.temperature 0.2",
        "chatkit config unset model",
        "chatkit config path",
    )
    _add_json(parser)
    commands = parser.add_subparsers(title="commands", dest="what", metavar="COMMAND", prog="chatkit config")
    for name, purpose, takes, example in _COMMANDS:
        command = commands.add_parser(name, help=purpose, allow_abbrev=False)
        describe(command, f"{purpose[:1].upper()}{purpose[1:]}.", f"chatkit config {example}")
        for argument, what in takes:
            action = command.add_argument(argument, metavar=argument.upper(), help=what)
            if argument == "key":
                action.known = tuple(KEYS)  # type: ignore[attr-defined]  # for completion
        if name in ("list", "get"):
            _add_json(command, default=argparse.SUPPRESS)


def _add_json(parser: argparse.ArgumentParser, **options: Any) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON", **options)


def _told_keys() -> str:
    lines = [f"  {key.name:<12} {key.purpose}{f' ({key.variable})' if key.variable else ''}" for key in KEYS.values()]
    return "\n".join(["settings, and the environment variables that go before them:", *lines, _PARAMS])


_PARAMS = "  params.NAME  a parameter of the model, such as params.temperature"
_KEY = ("key", "the name of a setting")
_COMMANDS: tuple[tuple[str, str, tuple[tuple[str, str], ...], str], ...] = (
    ("list", "show the settings that hold", (), "list"),
    ("get", "print the value of a setting", (_KEY,), "get model"),
    ("set", "put a setting into the file", (_KEY, ("value", "what it shall be")), "set save true"),
    ("unset", "take a setting out of the file", (_KEY,), "unset save"),
    ("path", "print where the file is", (), "path"),
    ("edit", "open the file in your editor (VISUAL or EDITOR)", (), "edit"),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for.

    Raises:
        ConfigError: when there is no such setting, or the file cannot be read or written.
    """
    return _DO[arguments.what or "list"](arguments)


def _list(arguments: argparse.Namespace) -> int:
    held = settings()
    if arguments.json:
        say_json({name: {"value": held[name], "from": held.source(name)} for name in held})
        return 0
    rows = [[name, _shown(held[name]), held.source(name) or ""] for name in held]
    say(text_table(["setting", "value", "from"], rows, width=width_of_stdout()))
    there = "" if held.path.exists() else " (not there yet)"
    remark(f"file: {held.path}{there}")
    return 0


def _get(arguments: argparse.Namespace) -> int:
    value = settings().get(known(arguments.key))
    if arguments.json:
        say_json(value)
    elif value is not None:
        say(_shown(value))
    # As git: a setting without a value is told by the exit code alone.
    return 0 if value is not None else 1


def _set(arguments: argparse.Namespace) -> int:
    path, name = settings_path(), known(arguments.key)
    value: Any = arguments.value
    if name.startswith(f"{PARAMS}."):
        value = value_of(value)
        params(**{name.removeprefix(f"{PARAMS}."): value})
    elif KEYS[name].kind is bool:
        value = _WORDS.get(value.lower(), value)
    elif name == "base_url":
        from chatkit._providers.addresses import check_base_url

        value = check_base_url(value)
    put(path, name, value)
    variable = KEYS[name].variable if name in KEYS else ""
    if variable and os.environ.get(variable):
        remark(f"{variable} is set in the environment, and goes before it.")
    return 0


def _unset(arguments: argparse.Namespace) -> int:
    if not take_away(settings_path(), arguments.key):
        complain(f"{arguments.key} is not in the file")
        return 1
    return 0


def _path(arguments: argparse.Namespace) -> int:
    say(str(settings_path()))
    return 0


def _edit(arguments: argparse.Namespace) -> int:
    path = settings_path()
    if not path.exists():
        write(path, _TEMPLATE)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    fault = ""
    try:
        code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or str(error)
    if fault:
        raise ConfigError(f"The editor {editor!r} cannot be started: {fault}.", hint="Set EDITOR.")
    if code:
        complain(f"the editor {editor!r} ended with exit code {code}")
        return 1
    check(path)
    return 0


_EXAMPLE = {bool: "true", str: '""'}
_TEMPLATE = "\n".join(
    [
        "# Settings of the chatkit command. Keys do not belong here: they stay in the environment.",
        *(f"# {key.name} = {_EXAMPLE[key.kind]}  # {key.purpose}" for key in KEYS.values()),
        "",
        "# [params]",
        "# temperature = 0.2",
        "",
    ]
)
_DO = {"list": _list, "get": _get, "set": _set, "unset": _unset, "path": _path, "edit": _edit}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
