"""What is said in one turn of a run, and how: the text, the kind of answer, and what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chatkit._chat.expecting import Expectation, Expected, expectations
from chatkit._errors import ConfigError
from chatkit._providers.params import Params
from chatkit._turns.contents import Content, ContentJson
from chatkit._turns.inputs import user_turn
from chatkit._turns.turns import AssistantTurn, Contents, UserTurn


@dataclass(frozen=True, slots=True, init=False)
class Prompt:
    """One user turn of `Chat.run()`, with options of its own. A plain text will do where none are needed.

    What can be expected of the answer: `contains`, `not_contains` and `matches` (regular expressions, found anywhere)
    take a text or a list of texts, which must all hold; `equals` takes a text, or a list of which one must hold, blanks
    around it aside; `json` takes an object that must be in the answer's JSON, with keys such as `"$.items[0].name"` for
    paths, or any other value, which must be equal; `calls_tool` takes a tool's name, or `{"name": ..., "arguments":
    {...}}` with those arguments that matter, or a list; `max_seconds` and `max_cost` (US dollars) take numbers.

    Args:
        contents: A text, a content, or a sequence of both.
        type: What the answer shall be, as for `chat_structured()`; None asks for text.
        expect: What is expected of the answer, such as `{"contains": "4", "max_seconds": 10}`.
        params: Parameters for this turn; those that are set go before the chat's own.
        tool_choice: As for `chat()`; not with a `type`.
        answer: The answer, given instead of asked for: an example for the model. Nothing is sent then.
        line: The line of the script that says so, if one does.

    Attributes:
        turn: The user turn that `contents` make.

    Raises:
        ConfigError: when something given cannot be used.
    """

    turn: UserTurn
    type: Any = None
    expect: tuple[Expectation, ...] = ()
    params: Params | None = None
    tool_choice: str | None = None
    answer: str | None = None
    line: int | None = field(default=None, compare=False)

    def __init__(
        self,
        contents: Contents,
        *,
        type: Any = None,
        expect: Expected | None = None,
        params: Params | None = None,
        tool_choice: str | None = None,
        answer: str | None = None,
        line: int | None = None,
    ) -> None:
        set_ = object.__setattr__
        several: Any = contents if isinstance(contents, list | tuple) else [contents]
        set_(self, "turn", user_turn(several))
        set_(self, "type", type)
        set_(self, "expect", expectations(expect))
        set_(self, "params", params)
        set_(self, "tool_choice", tool_choice)
        set_(self, "answer", answer)
        set_(self, "line", line)
        self._check()

    @property
    def text(self) -> str:
        """The text of what is said."""
        return self.turn.text

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer's type; None for text."""
        if self.type is None:
            return None
        from chatkit._types.answer import WRAPPER, answer_of

        answer = answer_of(self.type)
        # Servers take nothing but an object at the root, so an answer of another type has one around it.
        if not answer.wrapped or "#/properties" in str(answer.schema):
            return answer.schema
        shared = {key: part for key, part in answer.schema.items() if key in ("$defs", "definitions")}
        return dict(answer.schema["properties"][WRAPPER]) | shared

    def data_of(self, turn: AssistantTurn) -> Any:
        """The JSON value of a typed answer, as the turn has it; None when there is none in it.

        Args:
            turn: The turn that answered.
        """
        from chatkit._types.answer import answer_of

        found = next((item.data for item in turn.contents if isinstance(item, ContentJson)), None)
        return None if found is None else next(iter(answer_of(self.type).partial(found)), None)

    def _check(self) -> None:
        if self.params is not None and not isinstance(self.params, Params):
            raise ConfigError(f"`params` must be made with params(), not {self.params!r}.")
        if self.type is not None:
            from chatkit._types.answer import answer_of

            answer_of(self.type)
        if self.tool_choice is not None and self.type is not None:
            raise ConfigError("A typed answer takes no `tool_choice`: tools of the chat are run before it.")
        if self.answer is None:
            return
        if not isinstance(self.answer, str):
            raise ConfigError(f"`answer` must be a text, not {self.answer!r}.")
        if self.expect or self.type is not None:
            raise ConfigError("An answer that is given is not asked for: it takes no `type`, and nothing is expected.")


PromptLike: TypeAlias = "str | Content | Sequence[str | Content] | Prompt"


def prompts_of(given: Any) -> tuple[Prompt, ...]:
    """The prompts of a run: each a text, a content, a sequence of both, or a `Prompt`.

    Raises:
        ConfigError: when there is none, or something else among them.
    """
    if isinstance(given, str | Prompt) or not isinstance(given, Iterable):
        raise ConfigError("A run takes a list of prompts.", hint='Give run(["..."]), or chat("...") for one.')
    made = []
    for place, item in enumerate(given):
        made.append(item if isinstance(item, Prompt) else _numbered(item, place))
    if not made:
        raise ConfigError("There is nothing to run: the list of prompts is empty.")
    return tuple(made)


def _numbered(item: Any, place: int) -> Prompt:
    try:
        return Prompt(item)
    except ConfigError as error:
        trouble = error
    raise ConfigError(f"Prompt {place + 1}: {trouble.summary}", hint=trouble.hint)
