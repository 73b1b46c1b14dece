"""`chatkit run`: holds a scripted conversation that stands in a file, and tells whether the answers are as expected."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._cli import destination
from chatkit._cli.help import describe
from chatkit._cli.outlet import Outlet
from chatkit._cli.output import complain, remark
from chatkit._cli.taped import address_on, taped
from chatkit._cli.unheard import told_at_the_end
from chatkit._display.choosing import EchoMode
from chatkit._errors import ConfigError
from chatkit._providers.huggingface import BASE_URL
from chatkit._providers.params import Params
from chatkit._scripts.rows import rows_of
from chatkit._scripts.running import run_talk, talks_of
from chatkit._scripts.script import Script, Talk, read_script
from chatkit._scripts.stage import Stage, staged
from chatkit._settings.reading import settings

if TYPE_CHECKING:
    from chatkit._chat.prompts import Prompt
    from chatkit._chat.transcript import Transcript

_FAILED, _MISUSED = 1, 2
_SHOWN = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Hold a conversation that stands in a file: Markdown with what is said under lines `# user`, and what is "
        "expected of the answers, in TOML, under `# expect`. Answers go to standard output, progress and failures to "
        "standard error. A script can name modules to import: run only those that you trust like a program.\n\n"
        "exit codes:\n"
        "  0  every expectation holds\n"
        "  1  one does not, or a server failed\n"
        "  2  the script, the rows or the arguments are broken; nothing was sent\n"
        "130  Ctrl-C; with --out, what there is of the transcript is written",
        "chatkit run talk.md name=Ada",
        "chatkit run talk.md --rows people.csv --out talk-{name}.md",
        "chatkit run talk.md --record tape.jsonl",
        "chatkit run talk.md --replay tape.jsonl --out transcript.html",
    )
    _add_script(parser)
    _add_form(parser)
    tape = parser.add_argument_group("without a network").add_mutually_exclusive_group()
    tape.add_argument("--record", metavar="TAPE", help="write what goes over the wire on a tape, without keys")
    tape.add_argument("--replay", metavar="TAPE", help="hold the recorded conversation again; needs no network, no key")
    destination.add_options(parser)
    _let_options_stand_between(parser)


def _add_script(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", metavar="SCRIPT", help="the file, such as talk.md")
    parser.add_argument(
        "values", nargs="*", type=_pair, metavar="NAME=VALUE", help="a value for {{NAME}} in the script"
    )
    parser.add_argument(
        "--rows", metavar="FILE", help="one conversation for each row of values in a .csv or .jsonl file"
    )


def _add_form(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write the transcript: .md (a script again), .json, .html or .ipynb; with --rows a name with {row} or "
        "{column} in it, or one .jsonl",
    )
    parser.add_argument(
        "--echo",
        nargs="?",
        choices=("none", "output", "all"),
        const="all",
        help="what is printed: nothing, the answers, or both sides and all tool calls (bare --echo); answers are "
        "printed unless there is --out",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Hold the conversation, or one for each row.

    Raises:
        ConfigError: when the script, the rows or the arguments are broken.
        ChatkitError: when a tape does not have what is asked.
        OSError: when a transcript, or an answer to standard output, cannot be written.
    """
    # Modules of tools may print while they are imported.
    with contextlib.redirect_stdout(sys.stderr):
        script = read_script(arguments.script)
    talks = _talks(script, arguments)
    outlet = Outlet(arguments.out, talks, in_rows=arguments.rows is not None)
    with contextlib.ExitStack() as stack:
        stack.callback(outlet.close)
        if sys.stdout is not None:
            stack.enter_context(told_at_the_end())
        stack.enter_context(taped(arguments.record, arguments.replay))
        stage = _stage(stack, script, arguments)
        echo: EchoMode = arguments.echo or ("none" if arguments.out else "output")
        codes = []
        for place, talk in enumerate(talks):
            progress = None if arguments.quiet else _Progress(script, talk, len(talks))
            with _written(outlet, place):
                transcript = run_talk(script, talk, stage, echo, True, "return", progress)
            outlet.write(place, transcript)
            codes.append(_told(script, talk, transcript))
    if len(talks) > 1:
        remark(f"{script.path}: {codes.count(0)} of {len(codes)} conversations went as expected")
    return max(codes)


@contextlib.contextmanager
def _written(outlet: Outlet, place: int) -> Iterator[None]:
    """Write what there is of a conversation that is broken off, by Ctrl-C or by what is not on a tape."""
    try:
        yield
    except BaseException as error:
        if found := getattr(error, "transcript", None):
            for path in outlet.write(place, found):
                remark(f"{path}: what there is of the transcript")
        raise


def _talks(script: Script, arguments: argparse.Namespace) -> list[Talk]:
    values: dict[str, str] = dict(arguments.values)
    if len(values) < len(arguments.values):
        raise ConfigError("A value is given twice.")
    if arguments.rows is not None:
        return list(talks_of(script, rows_of(arguments.rows), values))
    script.refuse_unasked(values)
    return [script.talk(values)]


def _stage(stack: contextlib.ExitStack, script: Script, arguments: argparse.Namespace) -> Stage:
    """Where the arguments lead; else where the tape was recorded, or where the script says."""
    front = script.front
    chosen = arguments.base_url or arguments.local or arguments.offline or arguments.huggingface
    heard = address_on(arguments.replay) if arguments.replay and not chosen else None
    if heard is not None:
        url, model = heard
        arguments.huggingface = url.rstrip("/") == BASE_URL.rstrip("/")
        arguments.base_url = None if arguments.huggingface else url
        arguments.model = arguments.model or model or None
    elif not chosen:
        arguments.base_url = front.base_url
        if front.provider:
            setattr(arguments, front.provider, True)
    if not (arguments.local or arguments.offline) or (front.provider and not chosen):
        arguments.model = arguments.model or front.model or None
    place = stack.enter_context(
        destination.destination(
            arguments, system_prompt=None, params=Params(), delay=0.0, settled=settings(), must_be_real=True
        )
    )
    if place.offline:
        remark(place.notice[0])
    provider = "offline" if place.offline else "local" if arguments.local else ""
    return stack.enter_context(staged(script, place.chat, provider=provider))


class _Progress:
    """Tells which prompt is next."""

    def __init__(self, script: Script, talk: Talk, talks: int) -> None:
        self._begin = f"{script.path}: " + (f"row {talk.row} of {talks}, " if talk.row else "")

    def __call__(self, number: int, count: int, prompt: Prompt) -> None:
        words = " ".join(prompt.text.split())
        remark(f"{self._begin}{number}/{count} {words if len(words) <= _SHOWN else words[: _SHOWN - 1] + '…'}")


def _told(script: Script, talk: Talk, transcript: Transcript) -> int:
    """Say how a conversation went, and give its exit code."""
    row = f"row {talk.row}: " if talk.row else ""
    for outcome in transcript.failures:
        remark(f"{script.path}:{outcome.expectation.line}: {row}{outcome.expectation.name}: {outcome.problem}")
    if transcript.error is not None:
        complain(f"{row}{transcript.error}")
    remark(f"{script.path}: {row}{transcript.summary}")
    if isinstance(transcript.error, ConfigError):
        return _MISUSED
    return 0 if transcript.ok else _FAILED


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, such as name=Ada, not {text!r}")
    return name, value


def _let_options_stand_between(parser: argparse.ArgumentParser) -> None:
    """`run talk.md --out x.md name=Ada`: by default argparse takes no words after an option any more."""
    plain = parser.parse_known_args

    def mixed(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
        parser.parse_known_args = plain  # type: ignore[method-assign]
        try:
            return parser.parse_known_intermixed_args(args, namespace)
        finally:
            parser.parse_known_args = mixed  # type: ignore[assignment, method-assign]

    parser.parse_known_args = mixed  # type: ignore[assignment, method-assign]
