"""The verbs of a chat that ask for data: answers of a type, checked, instead of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from chatkit._chat.asking import Asking, TypedWatcher
from chatkit._display.choosing import EchoMode
from chatkit._engine.limits import Limits, check_limits
from chatkit._engine.loop import ToolMode
from chatkit._engine.streams import AsyncStream, Stream
from chatkit._turns.contents import Content

if TYPE_CHECKING:
    from chatkit._engine.typed_streams import AsyncStructuredStream, StructuredStream
    from chatkit._types.wanted import Way

T = TypeVar("T")


class Answering(Asking):
    """What a chat answers in data."""

    @overload
    def chat_structured(
        self,
        *contents: str | Content | None,
        type: type[T],
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> T: ...
    @overload
    def chat_structured(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> Any: ...
    def chat_structured(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> Any:
        """Say something and get the answer as a value of a type, checked here whatever the server promises.

        Tools of the chat are run first. Then the answer is asked for in the best way that the server knows: with a
        JSON schema, as JSON, as a tool call, or in words; what worked is remembered for the server and the model. An
        answer that does not fit goes back to the model with what is wrong. The twins are `chat_structured_async`,
        `stream_structured` and `stream_structured_async`.

        Args:
            *contents: Texts and other contents. None at all asks about what was said before.
            type: What the answer shall be: a pydantic model, a dataclass, a TypedDict, `list[...]` of one, an Enum, a
                `Literal`, a scalar, a union, an `Annotated` one; a value of a `type_*()` function, or a JSON schema
                as a dict, which both give plain data.
            repairs: How many times the model may correct an answer that does not fit, from 0.
            keep_repairs: Whether the answers that did not fit, and what was wrong with them, stay in the chat.
            way: "json_schema", "json_object", "tool" or "prompt": the one way to ask; None tries them in this order.
            echo: As for `chat`; the JSON text is shown as it is.
            tool_mode: As for `chat`.
            limits: As for `chat`.

        Returns:
            The answer, a value of the type. The chat remembers it as a turn of a `ContentJson`.

        Raises:
            ConfigError: when no JSON can express the type, or there is nothing to answer; nothing was sent.
            StructuredOutputError: when the answer does not fit after all repairs; the chat is as before.
            LengthFinishReasonError: when the answer was cut off at max_tokens.
            ContentFilterFinishReasonError: when a filter ended it.
            RefusalError: when the model refused; the text tells its words.
            ChatkitError: as for `chat`.
        """
        wish = self._wish(type, repairs, keep_repairs, way)
        shown, allowed = self._showing(echo), check_limits(limits)
        script = self._typed(contents, wish, tool_mode, allowed, stream=shown.stream)
        self._hear(script, shown.display, allowed, lambda display: TypedWatcher(display, wish))
        return wish.value

    @overload
    async def chat_structured_async(
        self,
        *contents: str | Content | None,
        type: type[T],
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> T: ...
    @overload
    async def chat_structured_async(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> Any: ...
    async def chat_structured_async(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        echo: EchoMode | bool = "none",
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> Any:
        """Say something and await the answer as a value of a type. The twin of `chat_structured`.

        Args:
            *contents: As for `chat_structured`, and so are the other arguments.
            type: What the answer shall be.
            repairs: How many times the model may correct it.
            keep_repairs: Whether that stays in the chat.
            way: The one way to ask, or None.
            echo: As for `chat_async`.
            tool_mode: As for `chat_async`.
            limits: As for `chat`.

        Returns:
            As for `chat_structured`.

        Raises:
            ChatkitError: as for `chat_structured`.
        """
        wish = self._wish(type, repairs, keep_repairs, way)
        shown, allowed = self._showing(echo), check_limits(limits)
        script = self._typed(contents, wish, tool_mode, allowed, stream=shown.stream)
        await self._hear_async(script, shown.display, allowed, lambda display: TypedWatcher(display, wish))
        return wish.value

    @overload
    def stream_structured(
        self,
        *contents: str | Content | None,
        type: type[T],
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> StructuredStream[T]: ...
    @overload
    def stream_structured(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> StructuredStream[Any]: ...
    def stream_structured(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "sequential",
        limits: Limits | None = None,
    ) -> StructuredStream[Any]:
        """Say something and watch the answer grow into a value of a type. Nothing is sent before the first step.

        Args:
            *contents: As for `chat_structured`, and so are the other arguments.
            type: What the answer shall be.
            repairs: How many times the model may correct it.
            keep_repairs: Whether that stays in the chat.
            way: The one way to ask, or None.
            tool_mode: As for `chat`.
            limits: As for `chat`.

        Returns:
            A `StructuredStream`: iterate over it for plain data that grows; the last one is the value itself.

        Raises:
            ConfigError: as for `chat_structured`. While iterating: as for `chat_structured`, but `cancel()` just ends
                it.
        """
        from chatkit._engine.typed_streams import StructuredStream

        wish = self._wish(type, repairs, keep_repairs, way)
        allowed = check_limits(limits)
        call = self._call(self._typed(contents, wish, tool_mode, allowed, stream=True), allowed)
        return StructuredStream(Stream(call, TypedWatcher(None, wish)), wish)

    @overload
    def stream_structured_async(
        self,
        *contents: str | Content | None,
        type: type[T],
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> AsyncStructuredStream[T]: ...
    @overload
    def stream_structured_async(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> AsyncStructuredStream[Any]: ...
    def stream_structured_async(
        self,
        *contents: str | Content | None,
        type: Any,
        repairs: int = 1,
        keep_repairs: bool = False,
        way: Way | None = None,
        tool_mode: ToolMode = "concurrent",
        limits: Limits | None = None,
    ) -> AsyncStructuredStream[Any]:
        """Say something and watch the answer grow with `async for`. The twin of `stream_structured`; not to be awaited.

        Args:
            *contents: As for `chat_structured`, and so are the other arguments.
            type: What the answer shall be.
            repairs: How many times the model may correct it.
            keep_repairs: Whether that stays in the chat.
            way: The one way to ask, or None.
            tool_mode: As for `chat_async`.
            limits: As for `chat`.

        Returns:
            An `AsyncStructuredStream`: iterate over it as over a `StructuredStream`, with `async for`.

        Raises:
            ConfigError: as for `stream_structured`, while iterating too.
        """
        from chatkit._engine.typed_streams import AsyncStructuredStream

        wish = self._wish(type, repairs, keep_repairs, way)
        allowed = check_limits(limits)
        call = self._call_async(self._typed(contents, wish, tool_mode, allowed, stream=True), allowed)
        return AsyncStructuredStream(AsyncStream(call, TypedWatcher(None, wish)), wish)
