"""What is said in the demo, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import Field


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
