"""The chat object: the state of a conversation, and the verbs that move it on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.accounting import Accounting
from chatkit._chat.approving import Approving
from chatkit._chat.keeping import Keeping
from chatkit._chat.listing import Listing
from chatkit._chat.rewriting import Rewriting
from chatkit._chat.running import Running
from chatkit._chat.tooling import Tooling
from chatkit._display.choosing import resolve_echo
from chatkit._engine.limits import Limits, Spent, check_limits
from chatkit._errors import ConfigError
from chatkit._providers.params import Params
from chatkit._providers.provider import Provider
from chatkit._turns.inputs import system_turn
from chatkit._turns.shown import Shown

if TYPE_CHECKING:
    from typing import Self

    # Not at run time: completion by Jedi breaks down at a property whose type is a union with a Literal in it.
    from chatkit._display.choosing import EchoMode


class Chat(Running, Rewriting, Approving, Tooling, Accounting, Listing, Keeping, Shown):
    """A conversation with a model. It keeps the system prompt, the turns, the parameters and the tools.

    Make one with `chat_huggingface()`, `chat_openai_compatible()` or `chat()`. A chat serves one caller at a time; for
    several conversations make several chats, or `clone()` one.

    Args:
        talk: The state of the conversation.
        transport: Opens the lines to the server.
        echo: "none", "output" or "all": what `chat()` prints; None leaves it to `CHATKIT_ECHO`, and without that
            prints the output at an interactive prompt or in a notebook, and nothing elsewhere.
    """

    @property
    def system_prompt(self) -> str | None:
        """The system prompt; set it to None to remove it."""
        return self._talk.system.text if self._talk.system is not None else None

    @system_prompt.setter
    def system_prompt(self, value: str | Sequence[str] | None) -> None:
        self.set_system_prompt(value)

    def get_system_prompt(self) -> str | None:
        """The system prompt, or None."""
        return self.system_prompt

    def set_system_prompt(self, value: str | Sequence[str] | None) -> Self:
        """Set the system prompt; it counts from the next request on.

        Args:
            value: A text, a list of texts (joined by a blank line), or None.

        Returns:
            The chat itself.

        Raises:
            ConfigError: when it is something else.
        """
        self._talk.system = system_turn(value)
        self._talk.changed()
        return self

    @property
    def model(self) -> str:
        """The model asked for; set it to talk on with another one."""
        return self._talk.provider.model

    @model.setter
    def model(self, value: str) -> None:
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"`model` must be the name of a model, not {value!r}.")
        self._talk.change(model=value)

    def get_model(self) -> str:
        """The model asked for."""
        return self.model

    def set_model(self, model: str) -> Self:
        """Talk on with another model; the history is kept.

        Args:
            model: Its name; it is not checked against a list.

        Returns:
            The chat itself.

        Raises:
            ConfigError: when it is no text, or blank.
        """
        self.model = model
        return self

    @property
    def params(self) -> Params:
        """The model's parameters; set them to a new `params(...)`."""
        return self._talk.provider.params

    @params.setter
    def params(self, value: Params | None) -> None:
        if value is not None and not isinstance(value, Params):
            raise ConfigError(f"`params` must be made with params(), not {type(value).__name__}.")
        self._talk.change(params=value if value is not None else Params())

    @property
    def echo(self) -> EchoMode | None:
        """What `chat()` prints: "none", "output" or "all"; None decides by the place it is used in."""
        return self._echo

    @echo.setter
    def echo(self, value: EchoMode | bool | None) -> None:
        self._echo = None if value is None else resolve_echo(value)

    @property
    def metadata(self) -> dict[str, Any]:
        """Your own notes about the conversation; tools can read them through a `ToolContext`, the model cannot."""
        return self._talk.metadata

    @property
    def limits(self) -> Limits:
        """What all calls of this chat together may use up; set it to new `Limits(...)`, or to None for none."""
        return self._talk.limits

    @limits.setter
    def limits(self, value: Limits | None) -> None:
        self._talk.limits = check_limits(value)
        self._talk.changed()

    @property
    def spent(self) -> Spent:
        """What all calls of this chat together have used up so far. A copy."""
        self._talk.spent.settle(self._talk.prices)
        return self._talk.spent.copy()

    @property
    def provider(self) -> Provider:
        """What translates for the server. For experts."""
        return self._talk.provider

    def __repr__(self) -> str:
        return str(self).partition("\n")[0]

    def __str__(self) -> str:
        from chatkit._display.summary import text_for_stdout

        provider = self._talk.provider
        return text_for_stdout(provider.name, provider.model, self.system_prompt, self.turns)
