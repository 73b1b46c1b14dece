"""Where a call is shown, and whether its answer is streamed for that."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit._display.choosing import Display


@dataclass(frozen=True, slots=True)
class Showing:
    """A display of one's own, and whether the answer is streamed, whoever sees it.

    The verbs of a chat take it for `echo` as well. That is for the rooms above: the command line has displays of its
    own, and a script streams what nobody sees. What people give is a word, such as "output".

    Args:
        display: Where the events of the call are shown, if anywhere.
        stream: Whether the answer is asked for in pieces.
    """

    display: Display | None
    stream: bool
