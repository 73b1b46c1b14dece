"""What a run came to: all that was said, what was expected, and what became of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit._chat.exchanges import Exchange
from chatkit._chat.expecting import Outcome
from chatkit._errors import ChatkitError, ConfigError
from chatkit._turns.accounting import total_cost, total_usage
from chatkit._turns.shown import Shown
from chatkit._turns.turns import SystemTurn, Turn, Usage

_FORMS = (".md", ".json", ".html", ".ipynb")


@dataclass(frozen=True, slots=True)
class Transcript(Shown):
    """What `Chat.run()` and `run_script()` give.

    Args:
        exchanges: One for each prompt that was said, in order.
        title: What the conversation is called.
        model: The model that was asked.
        system_prompt: The system prompt, if there was one.
        error: What ended the run early, if something did.
        settings: Front matter for a script of the same conversation, such as `base_url` and `params`.
    """

    exchanges: tuple[Exchange, ...]
    title: str = "Chat"
    model: str = ""
    system_prompt: str | None = None
    error: ChatkitError | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def turns(self) -> list[Turn]:
        """All turns of the run, oldest first, without the system prompt."""
        return [turn for item in self.exchanges for turn in item.turns]

    @property
    def asked_turns(self) -> list[Turn]:
        """The turns of those exchanges whose answer was asked for, and not given."""
        return [turn for item in self.exchanges if item.prompt.answer is None for turn in item.turns]

    @property
    def answers(self) -> list[Any]:
        """What each prompt was answered: a `Reply`, or a value of the type asked for."""
        return [item.answer for item in self.exchanges]

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of each expectation, in order."""
        return [outcome for item in self.exchanges for outcome in item.outcomes]

    @property
    def failures(self) -> list[Outcome]:
        """The expectations that do not hold."""
        return [outcome for outcome in self.outcomes if not outcome.ok]

    @property
    def ok(self) -> bool:
        """Whether the run came to its end and every expectation holds."""
        return self.error is None and not self.failures

    @property
    def usage(self) -> Usage:
        """The tokens of all whole answers; a sum with an unknown in it is None."""
        return total_usage(self.asked_turns)

    @property
    def cost(self) -> float | None:
        """US dollars of all whole answers; None when the cost of one is not known."""
        return total_cost(self.asked_turns)

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return sum(item.seconds for item in self.exchanges)

    def __len__(self) -> int:
        return len(self.exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def __bool__(self) -> bool:
        # One without exchanges is a transcript all the same; `ok` tells how it went.
        return True

    def __repr__(self) -> str:
        return f"<Transcript {self.title!r}: {self.summary}>"

    @property
    def summary(self) -> str:
        """How it went, in a few words."""
        count = len(self.exchanges)
        words = [f"{count} prompt{'' if count == 1 else 's'}", f"{self.seconds:.1f} s"]
        if self.outcomes:
            words.append(f"{len(self.outcomes) - len(self.failures)} of {len(self.outcomes)} expectations hold")
        if self.error is not None:
            words.append(f"ended by {type(self.error).__name__}")
        return ", ".join(words)

    def get_turns(self, *, include_system_prompt: bool = False) -> list[Turn]:
        """The turns of the run, as a list of your own.

        Args:
            include_system_prompt: Whether the system prompt stands in front, as a turn.
        """
        system = [SystemTurn(self.system_prompt)] if include_system_prompt and self.system_prompt else []
        return [*system, *self.turns]

    def to_markdown(self) -> str:
        """The transcript as Markdown that is a script too: `run_script()` says the same again to whoever is asked."""
        from chatkit._chat.transcript_script import literal, transcript_script
        from chatkit._render.facts import facts_of_all

        front = {
            "title": literal(self.title),
            "model": self.model or None,
            **self.settings,
            "system": literal(self.system_prompt),
        }
        remark = " · ".join([*facts_of_all(self.asked_turns), self.summary])
        return transcript_script(front, self.exchanges, remark, self.error)

    def to_dict(self) -> dict[str, Any]:
        """The transcript as plain values that JSON can hold; `from_dict()` makes it again.

        Raises:
            HistoryError: when something in it cannot be said in JSON; it names the place.
        """
        from chatkit._chat.transcript_record import transcript_record

        return transcript_record(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Transcript:
        """The transcript that `to_dict()` told of. Types of answers are not recorded: typed answers are plain data.

        Args:
            record: What `to_dict()` gave, or what JSON made of it.

        Raises:
            HistoryError: when it is no such record; it names the place.
        """
        from chatkit._chat.transcript_record import fields_of_transcript

        return cls(**fields_of_transcript(record))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the transcript to a file; the ending of its name says in which form.

        `.md` is a script that can be run again, `.json` holds everything and can be loaded again, `.html` and `.ipynb`
        are for people, as `Chat.export()` writes them.

        Args:
            path: Where to; the folder must exist. A new file can be read by its owner only.

        Returns:
            The path.

        Raises:
            ConfigError: when the ending is not known.
            HistoryError: when JSON cannot say something in it.
            OSError: when the file cannot be written; an old one is unharmed.
        """
        from chatkit._writing import write_whole

        target = checked_path(path)
        match target.suffix.lower():
            case ".json":
                from chatkit._record.files import write_record

                write_record(target, self.to_dict())
            case ".md":
                write_whole(target, self.to_markdown().encode())
            case _:
                from chatkit._chat.transcript_shown import transcript_shown

                write_whole(target, transcript_shown(self, target.suffix.lower()).encode())
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Transcript:
        """Read a transcript from a `.json` file. Nothing is sent and nothing runs by it.

        Args:
            path: The file.

        Raises:
            HistoryError: when it is no such file; it names the place.
            OSError: when it cannot be read.
        """
        from chatkit._record.files import read_record

        return cls.from_dict(read_record(path))

    def _repr_html_(self) -> str | None:
        from chatkit._chat.transcript_shown import below_html

        return f"{Shown._repr_html_(self)}{below_html(self)}"

    def _repr_markdown_(self) -> str | None:
        from chatkit._chat.transcript_shown import below_markdown

        return f"{Shown._repr_markdown_(self)}{below_markdown(self)}"


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Where a transcript shall be written, checked.

    Raises:
        ConfigError: when there is no form of that ending.
    """
    from chatkit._record.files import path_name

    target = Path(path_name(path))
    if target.suffix.lower() not in _FORMS:
        raise ConfigError(
            f"A transcript cannot be written as {target.suffix or 'a file without an ending'!r}.",
            hint=f"There are {', '.join(_FORMS)}.",
        )
    return target
