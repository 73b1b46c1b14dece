"""Scripts that complete a command: for bash, zsh and fish."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence

from chatkit._cli.tree import Command, Option

_BASH = """\
# Completes chatkit in bash. Made by `chatkit completion bash`.
_chatkit() {
    local IFS=$'\\n' current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local at=chatkit word words= options= files=
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
            COMMANDS) at="$at $word" ;;
        esac
    done
    case "$at $before" in
VALUES
        *)
            case "$at" in
ARGUMENTS
            esac
            [[ $current == -* ]] && { words=$options; files=; }
            ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [[ $files ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY+=($(compgen -f -- "$current"))
    fi
}
complete -F _chatkit chatkit"""
_ZSH = """\
#compdef chatkit
# Completes chatkit in zsh. Made by `chatkit completion zsh`.
_chatkit() {
    local at=chatkit word files=
    local -a found options
    for word in ${words[2,CURRENT-1]}; do
        case "$at $word" in
            (COMMANDS) at="$at $word" ;;
        esac
    done
    case "$at ${words[CURRENT-1]}" in
VALUES
    esac
    case "$at" in
ARGUMENTS
    esac
    if [[ $PREFIX == -* ]]; then
        _describe option options
        return
    fi
    (( $#found )) && _describe value found
    [[ -n $files ]] && _files
}
if [[ $zsh_eval_context == *loadautofunc* || $funcstack[1] == _chatkit ]]; then
    _chatkit "$@"
else
    compdef _chatkit chatkit
fi"""
_FISH = """\
# Completes chatkit in fish. Made by `chatkit completion fish`.
function __chatkit_at
    set -l at chatkit
    for word in (commandline -opc)[2..-1]
        if contains -- "$at $word" COMMANDS
            set at "$at $word"
        end
    end
    test "$at" = "$argv"
end
complete -c chatkit -f
"""


def bash(commands: Sequence[Command]) -> str:
    """The script for bash."""
    values = _cases(
        commands,
        {
            "words": lambda option: f"words={_lines(option.words)}",
            "files": lambda option: "files=yes",
            "text": lambda option: "return",
        },
        "        {pattern}) {action} ;;",
    )
    arguments = []
    for command in commands:
        words = _lines([*(name for name, _ in command.commands), *command.words])
        options = _lines([flag for option in command.options for flag in option.flags])
        files = " files=yes" if command.files else ""
        arguments.append(f"                {_quoted(command.path)}) words={words} options={options}{files} ;;")
    return _filled(_BASH, " | ", commands, values, arguments)


def zsh(commands: Sequence[Command]) -> str:
    """The script for zsh."""
    values = _cases(
        commands,
        {
            "words": lambda option: f"compadd -- {_listed(option.words)}; return",
            "files": lambda option: "_files; return",
            "text": lambda option: "return",
        },
        "        ({pattern}) {action} ;;",
    )
    arguments = []
    for command in commands:
        found = _listed([*(_told(name, purpose) for name, purpose in command.commands), *command.words])
        options = _listed(_told(flag, option.purpose) for option in command.options for flag in option.flags)
        files = "; files=yes" if command.files else ""
        arguments.append(f"        ({_quoted(command.path)}) found=({found}); options=({options}){files} ;;")
    return _filled(_ZSH, " | ", commands, values, arguments)


def fish(commands: Sequence[Command]) -> str:
    """The script for fish."""
    lines = []
    for command in commands:
        start = f"complete -c chatkit -n {_quoted(f'__chatkit_at {command.path}')}"
        lines += [f"{start} -a {_quoted(name)} -d {_quoted(_plain(what))}" for name, what in command.commands]
        lines += [f"{start} -a {_quoted(' '.join(command.words))}"] if command.words else []
        lines += [f"{start} -F"] if command.files else []
        lines += [f"{start} {_fish_option(option)}" for option in command.options]
    return _FISH.replace("COMMANDS", _listed(_below(commands))) + "\n".join(lines)


SCRIPTS: Mapping[str, Callable[[Sequence[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def _fish_option(option: Option) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    takes = {"nothing": "", "words": f" -x -a {_quoted(' '.join(option.words))}", "files": " -r -F", "text": " -x"}
    return f"{flags}{takes[option.takes]} -d {_quoted(_plain(option.purpose))}"


def _cases(commands: Sequence[Command], actions: Mapping[str, Callable[[Option], str]], form: str) -> list[str]:
    """What to do behind each option that takes a value."""
    return [
        form.format(
            pattern=" | ".join(_quoted(f"{command.path} {flag}") for flag in option.flags),
            action=actions[option.takes](option),
        )
        for command in commands
        for option in command.options
        if option.takes != "nothing"
    ]


def _filled(
    script: str, joint: str, commands: Sequence[Command], values: Iterable[str], arguments: Iterable[str]
) -> str:
    patterns = joint.join(map(_quoted, _below(commands)))
    parts = {"COMMANDS": patterns, "VALUES": "\n".join(values), "ARGUMENTS": "\n".join(arguments)}
    for name, text in parts.items():
        script = script.replace(name, text, 1)
    return script


def _below(commands: Sequence[Command]) -> list[str]:
    return [command.path for command in commands if " " in command.path]


def _quoted(text: str) -> str:
    return f"'{text}'" if text.isascii() and not set(text) & {"'", "\n"} else shlex.quote(text)


def _lines(words: Sequence[str]) -> str:
    """Words for `compgen -W`, one a line."""
    return "$'" + "\\n".join(words).replace("'", "\\'") + "'" if words else "''"


def _listed(words: Iterable[str]) -> str:
    return " ".join(map(_quoted, words))


def _told(name: str, purpose: str) -> str:
    return f"{name}:{_plain(purpose)}".replace("`", "")


def _plain(purpose: str) -> str:
    # As argparse writes it: the default is filled in where help is printed, and not here.
    return purpose.split(" (default: %")[0].replace("%%", "%")
