"""`chatkit demo`: a scripted conversation that shows streaming, a typed answer, a tool call, and memory."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from chatkit._chat.chat import Chat
from chatkit._cli.destination import add_options, destination
from chatkit._cli.output import printed, say, style
from chatkit._display.choosing import EchoMode
from chatkit._providers.params import params

_DELAY = 0.012
_SYSTEM_PROMPT = "You are a friendly guide. Answer in a few words."
# An answer that goes on and on should not be paid for in a demo; reasoning counts as well.
_MAX_TOKENS = 1500


def count_letters(letter: str, word: str) -> int:
    """Count how often a letter occurs in a word.

    Args:
        letter: A single letter.
        word: The word to look through.
    """
    return word.lower().count(letter.lower())


@dataclass(frozen=True)
class Colour:
    """A colour.

    Args:
        name: What people call it.
        red: From 0 to 255, and so are the others.
        green: How much green.
        blue: How much blue.
    """

    name: str
    red: Annotated[int, Field(ge=0, le=255)]
    green: Annotated[int, Field(ge=0, le=255)]
    blue: Annotated[int, Field(ge=0, le=255)]


class Step(NamedTuple):
    """One thing that the person of the script says.

    Args:
        note: What there is to see.
        prompt: What is said.
        tool: A function that the model may call from here on.
        type: What the answer shall be, instead of text.
    """

    note: str
    prompt: str
    tool: Callable[..., Any] | None = None
    type: type[Any] | None = None


SCRIPT = (
    Step("The answer streams in while it is written: chat.chat(...)", "Hello, my name is Ada. Who are you?"),
    Step("Markdown stays as the model writes it", "Please give me a list of three colours."),
    Step(
        "The answer can be a value of a type, checked: chat.chat_structured(..., type=Colour)",
        'Note this colour: "azure", which is red 0, green 127, blue 255.',
        type=Colour,
    ),
    Step(
        "The model may call a Python function: chat.register_tool(count_letters)",
        'How often is the letter "r" in "strawberry"? Count the letters with your tool.',
        count_letters,
    ),
    Step("The chat remembers what was said before", "What is my name?"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the demo takes."""
    parser.description = (
        "Hold a short scripted conversation of several turns. Without a key it talks to a stand-in on this machine, "
        "which needs no internet and is no language model. With a Hugging Face token in the environment (HF_TOKEN) "
        "or in its usual file it talks to Hugging Face, which may cost a little; --offline prevents that. "
        "The first line tells where it goes."
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
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 10:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0 to 10, not {text!r}")
    return value
