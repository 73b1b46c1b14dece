"""The chat object: the state of a conversation, and the verbs that move it on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from chatkit._display.choosing import Display, EchoMode, display, resolve_echo
from chatkit._display.watching import Watcher
from chatkit._engine.conversation import Conversation
from chatkit._engine.loop import ToolMode, converse, is_concurrent
from chatkit._engine.streams import AsyncStream, Call, Stream, events, events_async
from chatkit._errors import ConfigError
from chatkit._http.messages import Transport
from chatkit._providers.params import Params
from chatkit._providers.provider import Provider
from chatkit._turns.accounting import TokenRow, rounds_of, token_rows, total_cost, total_usage
from chatkit._turns.contents import Content
from chatkit._turns.history import History
from chatkit._turns.inputs import exchange, system_turn, user_turn, whole_history, whole_number
from chatkit._turns.reply import Reply
from chatkit._turns.turns import AssistantTurn, Round, Turn, Usage, UserTurn

if TYPE_CHECKING:
    from chatkit._http.lines import AsyncLine
    from chatkit._tools.tool import Tool
    from chatkit._tools.toolbox import RequestCallback, ResultCallback

Role: TypeAlias = Literal["assistant", "user", "system"]


class Chat:
    """A conversation with a model. It keeps the system prompt, the turns, the parameters and the tools.

    Make one with `chat_huggingface()`, `chat_openai_compatible()` or `chat()`. A chat serves one caller at a time; for
    several conversations make several chats, or `clone()` one.

    Args:
        talk: The state of the conversation.
        transport: Opens the lines to the server.
        echo: "none", "output" or "all": what `chat()` prints; None leaves it to `CHATKIT_ECHO`, and without that
            prints the output at an interactive prompt or in a notebook, and nothing elsewhere.
    """

    def __init__(self, talk: Conversation, transport: Transport, *, echo: EchoMode | bool | None = None) -> None:
        self._talk = talk
        self._transport = transport
        self._echo = None if echo is None else resolve_echo(echo)

    # The verbs

    def chat(
        self,
        *contents: str | Content | None,
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
    ) -> Reply:
        """Say something and wait for the whole answer; tools that the model asks for are run on the way.

        The answer is streamed when it is echoed, and asked for as a whole otherwise. The twins are `chat_async`,
        `stream` and `stream_async`.

        Args:
            *contents: Texts and other contents; at least one.
            echo: What is printed, for this call: "none", "output" or "all".
            tool_mode: Whether several tools of one answer run one after the other or at once, in threads.

        Returns:
            The text of the last answer, a `str` that also carries its `turn`.

        Raises:
            ConfigError: when nothing was given, or something that is no content.
            ChatBusyError: when the chat is in the middle of another call.
            APIError: when the server cannot be reached or gives no proper answer.
            IncompleteOutputError: when an answer that asked for tools was cut off.
            ToolLoopLimitError: when the model keeps asking for tools.
            Cancelled: when `cancel()` was called.
        """
        user = user_turn(contents)
        shown = self._display(echo)
        watcher = Watcher(shown)
        call = self._call(user, tool_mode, stream=shown is not None)
        try:
            for event in events(call):
                watcher.feed(event)
        finally:
            watcher.close()
        return watcher.reply()

    async def chat_async(
        self,
        *contents: str | Content | None,
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
    ) -> Reply:
        """Say something and await the whole answer. The twin of `chat`, without an echo unless one is asked for.

        Args:
            *contents: As for `chat`.
            echo: What is printed, for this call.
            tool_mode: Whether several tools of one answer run one after the other or at once.

        Returns:
            As for `chat`.

        Raises:
            ChatkitError: as for `chat`.
        """
        user = user_turn(contents)
        shown = self._display(echo)
        watcher = Watcher(shown)
        call = self._call_async(user, tool_mode, stream=shown is not None)
        try:
            async for event in events_async(call):
                watcher.feed(event)
        finally:
            watcher.close()
        return watcher.reply()

    def stream(self, *contents: str | Content | None, tool_mode: ToolMode = "sequential") -> Stream:
        """Say something and iterate over the answer while it arrives. Nothing is sent before the first step.

        Args:
            *contents: As for `chat`.
            tool_mode: As for `chat`.

        Returns:
            A `Stream`: iterate over it for the text, or over its `events()`; it is a context manager too.

        Raises:
            ConfigError: when nothing was given, or something that is no content. While iterating: as for `chat`,
                but `cancel()` just ends it.
        """
        return Stream(self._call(user_turn(contents), tool_mode, stream=True), Watcher(None))

    def stream_async(self, *contents: str | Content | None, tool_mode: ToolMode = "concurrent") -> AsyncStream:
        """Say something and iterate over the answer with `async for`. The twin of `stream`; not to be awaited itself.

        Args:
            *contents: As for `chat`.
            tool_mode: As for `chat_async`.
        """
        return AsyncStream(self._call_async(user_turn(contents), tool_mode, stream=True), Watcher(None))

    def cancel(self, reason: str = "cancelled") -> None:
        """End the call that is going on, from any thread; harmless when there is none.

        What has arrived stays as a partial turn that is marked with the reason. `chat()` then raises `Cancelled`;
        an iteration just ends.

        Args:
            reason: Why.
        """
        call = self._talk.busy.holder
        if isinstance(call, Call):
            call.cancel(reason)

    # The turns

    @property
    def turns(self) -> list[Turn]:
        """The turns so far, oldest first, without the system prompt. A copy."""
        return list(self._talk.history.turns)

    @turns.setter
    def turns(self, value: Iterable[Turn]) -> None:
        self.set_turns(value)

    def get_turns(self, *, include_system_prompt: bool = False) -> list[Turn]:
        """The turns so far, oldest first, as a list of your own.

        Args:
            include_system_prompt: Whether the system prompt stands in front, as a turn.
        """
        system = self._talk.system
        return [system, *self.turns] if include_system_prompt and system is not None else self.turns

    def set_turns(self, value: Iterable[Turn]) -> Chat:
        """Replace all turns. The system prompt stays, unless the new turns begin with one of their own.

        Args:
            value: User and assistant turns, oldest first; `[]` starts anew.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when something else is among them; the chat is unchanged.
        """
        system, history = whole_history(value)
        self._put(history)
        self._talk.system = system or self._talk.system
        return self

    def add_turn(self, user: UserTurn | str, assistant: AssistantTurn | str) -> Chat:
        """Add an exchange as if it had taken place.

        Args:
            user: What the user said; a string will do.
            assistant: What the model answered; a string will do.

        Raises:
            ChatBusyError: when the chat is in the middle of a call.
            HistoryError: when they are no user turn and assistant turn.
        """
        pair = exchange(user, assistant)
        self._talk.busy.check()
        self._talk.history.commit(*pair)
        return self

    def last_turn(self, role: Role = "assistant") -> Turn | None:
        """The last turn of a role, or None.

        Args:
            role: "assistant", "user" or "system".

        Raises:
            ConfigError: for any other role.
        """
        if role not in ("assistant", "user", "system"):
            raise ConfigError(f'`role` must be "assistant", "user" or "system", not {role!r}.')
        if role == "system":
            return self._talk.system
        return next((turn for turn in reversed(self._talk.history.turns) if turn.role == role), None)

    def rounds(self) -> list[Round]:
        """The turns grouped into rounds: what the user said, and all that was answered, tool calls included."""
        return rounds_of(self._talk.history.turns)

    def undo(self, rounds: int = 1) -> list[Turn]:
        """Take back the last rounds.

        Args:
            rounds: How many; more than there are takes all.

        Returns:
            The turns that were taken back.

        Raises:
            ConfigError: when it is not a whole number of 1 or more.
            ChatBusyError: when the chat is in the middle of a call.
        """
        taken, turns = whole_number("rounds", rounds, 1), self._talk.history.turns
        kept = sum(len(item.input) + len(item.response) for item in self.rounds()[:-taken])
        self._put(History(turns[:kept]))
        return list(turns[kept:])

    def clone(self) -> Chat:
        """A chat with the same state that goes its own way. Tools come along, callbacks do not."""
        return Chat(self._talk.copy(), self._transport, echo=self._echo)

    def fork(self, rounds: int | None = None) -> Chat:
        """A clone that goes on from an earlier point.

        Args:
            rounds: How many rounds, counted from the first, the fork keeps; None keeps all, a negative number
                leaves that many out at the end.

        Raises:
            ConfigError: when it is something else.
        """
        kept = whole_number("rounds", rounds) if rounds is not None else None
        fork = self.clone()
        fork.set_turns([turn for item in self.rounds()[:kept] for turn in (*item.input, *item.response)])
        return fork

    def __copy__(self) -> Chat:
        return self.clone()

    def __deepcopy__(self, memo: object) -> Chat:
        return self.clone()

    def __len__(self) -> int:
        return len(self._talk.history)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)

    def __bool__(self) -> bool:
        # A chat without turns is a chat all the same.
        return True

    # What it is made of

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

    def set_system_prompt(self, value: str | Sequence[str] | None) -> Chat:
        """Set the system prompt; it counts from the next request on.

        Args:
            value: A text, a list of texts (joined by a blank line), or None.

        Raises:
            ConfigError: when it is something else.
        """
        self._talk.system = system_turn(value)
        return self

    @property
    def model(self) -> str:
        """The model asked for; set it to talk on with another one."""
        return self._talk.provider.model

    @model.setter
    def model(self, value: str) -> None:
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"`model` must be the name of a model, not {value!r}.")
        self._talk.provider = self._talk.provider.changed(model=value)

    def get_model(self) -> str:
        """The model asked for."""
        return self.model

    def set_model(self, model: str) -> Chat:
        """Talk on with another model; the history is kept.

        Args:
            model: Its name; it is not checked against a list.
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
        self._talk.provider = self._talk.provider.changed(params=value if value is not None else Params())

    @property
    def provider(self) -> Provider:
        """What translates for the server. For experts."""
        return self._talk.provider

    # Tools

    @property
    def tools(self) -> dict[str, Tool]:
        """The tools by name. A copy."""
        return self._talk.toolbox.tools

    def register_tool(self, tool: Callable[..., Any]) -> Tool:
        """Offer a tool to the model.

        Args:
            tool: A function with type hints, or what `tool()` made of one. One of the same name is replaced.

        Returns:
            The tool; it can be called like the function.

        Raises:
            ConfigError: when no tool can be made of it.
        """
        return self._talk.toolbox.register(tool)

    def register_tools(self, tools: Iterable[Callable[..., Any]]) -> list[Tool]:
        """Offer several tools to the model. See `register_tool`."""
        return [self.register_tool(tool) for tool in tools]

    def get_tools(self) -> dict[str, Tool]:
        """The tools by name. A copy."""
        return self.tools

    def set_tools(self, tools: Iterable[Callable[..., Any]]) -> Chat:
        """Offer these tools to the model and no others; `[]` takes all away."""
        self._talk.toolbox.replace(tools)
        return self

    def on_tool_request(self, callback: RequestCallback) -> Callable[[], None]:
        """Be told of each tool call before it runs; raise `ToolRejectError` in the callback to refuse it.

        Args:
            callback: Takes the request; plain or async. The newest callback is called first.

        Returns:
            A function that removes the callback.
        """
        return self._talk.toolbox.on_request(callback)

    def on_tool_result(self, callback: ResultCallback) -> Callable[[], None]:
        """Be told of each result of a tool call, errors too.

        Args:
            callback: Takes the result; plain or async. The newest callback is called first.

        Returns:
            A function that removes the callback.
        """
        return self._talk.toolbox.on_result(callback)

    # Counting

    def usage(self) -> Usage:
        """The tokens of all whole answers in the history; a sum with an unknown in it is None."""
        return total_usage(self._talk.history.turns)

    def get_tokens(self) -> list[TokenRow]:
        """The tokens of each whole answer in the history, oldest first."""
        return token_rows(self._talk.history.turns)

    def get_cost(self, include: Literal["all", "last"] = "all") -> float | None:
        """What the answers in the history cost, in US dollars; None when a price is not known.

        Args:
            include: "all" whole answers, or the "last" one only.
        """
        if include not in ("all", "last"):
            raise ConfigError(f'`include` must be "all" or "last", not {include!r}.')
        whole = [turn for turn in self._talk.history.turns if getattr(turn, "interrupted", "") is None]
        return total_cost(whole if include == "all" else whole[-1:])

    def __repr__(self) -> str:
        return str(self).partition("\n")[0]

    def __str__(self) -> str:
        from chatkit._display.summary import text_for_stdout

        provider = self._talk.provider
        return text_for_stdout(provider.name, provider.model, self.system_prompt, self.turns)

    def _display(self, echo: EchoMode | bool | None) -> Display | None:
        return display(resolve_echo(echo if echo is not None else self._echo))

    def _call(self, user: UserTurn, tool_mode: ToolMode, *, stream: bool) -> Call[Any]:
        script = converse(self._talk, user, stream=stream, concurrent=is_concurrent(tool_mode))
        return Call(self._talk, script, self._transport.line())

    def _call_async(self, user: UserTurn, tool_mode: ToolMode, *, stream: bool) -> Call[AsyncLine]:
        from chatkit._http.lines import AsyncLine

        script = converse(self._talk, user, stream=stream, concurrent=is_concurrent(tool_mode))
        return Call(self._talk, script, AsyncLine(self._transport))

    def _put(self, history: History) -> None:
        self._talk.busy.check()
        self._talk.history = history
