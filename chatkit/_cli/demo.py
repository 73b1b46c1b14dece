"""`chatkit demo`: a scripted conversation that shows streaming, a typed answer, a tool call, and memory."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from chatkit._chat.chat import Chat
from chatkit._cli.destination import add_options, destination
from chatkit._cli.help import describe
from chatkit._cli.numbers import number
from chatkit._cli.output import printed, say, style
from chatkit._display.choosing import EchoMode
from chatkit._providers.params import params

if TYPE_CHECKING:
    from chatkit._cli.demo_script import Step

_DELAY = 0.012
_SYSTEM_PROMPT = "You are a friendly guide. Answer in a few words."
# An answer that goes on and on should not be paid for in a demo; reasoning counts as well.
_MAX_TOKENS = 1500


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the demo takes."""
    describe(
        parser,
        "Hold a short scripted conversation of several turns. Without a key it talks to a stand-in on this machine, "
        "which needs no internet and is no language model. With a Hugging Face token in the environment (HF_TOKEN) "
        "or in its usual file it talks to Hugging Face, which may cost a little; --offline prevents that. "
        "The first line tells where it goes.",
        "chatkit demo --offline",
        "chatkit demo --local --echo all",
        "chatkit demo --base-url http://localhost:8080/v1",
    )
    add_options(parser)
    parser.add_argument(
        "--echo", choices=("output", "all"), default="output", help='what chat() prints; "all" marks both sides'
    )
    parser.add_argument(
        "--delay",
        type=_seconds,
        default=_DELAY,
        metavar="SECONDS",
        help="the stand-in's pause between two pieces of an answer (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Hold the conversation.

    Raises:
        ChatkitError: when the service cannot be used.
    """
    # It opens pydantic, which --help can do without.
    from chatkit._cli.demo_script import SCRIPT

    limits = params(max_tokens=_MAX_TOKENS)
    with destination(arguments, system_prompt=_SYSTEM_PROMPT, params=limits, delay=arguments.delay) as place:
        for sentence in place.notice:
            say(sentence)
        for step in SCRIPT:
            _take(step, place.chat, arguments.echo)
        _note("All of it is kept, with its turns and tokens: print(chat)")
        say(printed(place.chat))
    return 0


def _take(step: Step, chat: Chat, echo: EchoMode) -> None:
    if step.tool is not None:
        chat.register_tool(step.tool)
    _note(step.note)
    say(f"{style().dim('>>>')} {style().blue(step.prompt)}")
    # In a pipe chat() puts the lines about tools on stderr; here they belong to what is shown.
    with contextlib.redirect_stderr(sys.stdout):
        if step.type is None:
            chat.chat(step.prompt, echo=echo)
        else:
            say(repr(chat.chat_structured(step.prompt, type=step.type, echo=echo)))


def _note(text: str) -> None:
    say()
    say(style().dim(f"-- {text}"))


def _seconds(text: str) -> float:
    return number(text, 0, 10, "a number of seconds from 0 to 10")
