"""Running prompts one after the other: several turns of a user, decided beforehand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from chatkit._chat.answering import Answering
from chatkit._chat.listing import Listing
from chatkit._chat.talking import Talking
from chatkit._display.choosing import EchoMode
from chatkit._display.showing import Showing
from chatkit._engine.loop import ToolMode
from chatkit._errors import ChatkitError

if TYPE_CHECKING:
    from chatkit._chat.course import OnError, Progress
    from chatkit._chat.prompts import PromptLike
    from chatkit._chat.transcript import Transcript


class Running(Answering, Talking, Listing):
    """What a chat is told to say, turn after turn."""

    def run(
        self,
        prompts: Iterable[PromptLike],
        *,
        title: str = "Chat",
        echo: EchoMode | bool | None = None,
        stream: bool = False,
        tool_mode: ToolMode = "sequential",
        on_error: OnError = "raise",
        progress: Progress | None = None,
    ) -> Transcript:
        """Say several things, one after the other, each after the answer to the one before.

        The twin is `run_async`. `run_script()` does the same with a file.

        Args:
            prompts: What is said: texts, lists of contents, or `Prompt`s, which say more about a turn: the type of its
                answer, parameters, and what is expected. All are checked before anything is sent.
            title: What the conversation is called in its transcript.
            echo: What is printed, as for `chat()`.
            stream: Whether answers are streamed also where nothing is printed. What is asked is then the same in both
                cases, which a recorded tape wants.
            tool_mode: As for `chat()`.
            on_error: Whether an error is raised, as `chat()` would raise it, or ends the run and is in the transcript
                that is returned (`"return"`).
            progress: Called before each prompt with its number from 1, how many there are, and the prompt.

        Returns:
            A `Transcript`: what was said, what became of the expectations, and `ok`. The chat has gone on by it. What
            ends the run from outside, such as a KeyboardInterrupt, carries the transcript so far as its `transcript`.

        Raises:
            ConfigError: when a prompt cannot be used; nothing is sent.
            ChatkitError: as for `chat()`, unless it is to be returned.
        """
        from chatkit._chat.course import Course

        course = Course(self._talk, prompts, title, on_error, progress)
        if course.needs_prices:
            with contextlib.suppress(ChatkitError):
                self.models()
        shown: Any = self._shown(echo, stream)
        with course.kept():
            for prompt in course:
                with course.taking(prompt):
                    verb: Any = self.chat if prompt.type is None else self.chat_structured
                    options = course.options(prompt)
                    course.answer = verb(*prompt.turn.contents, echo=shown, tool_mode=tool_mode, **options)
        return course.transcript()

    async def run_async(
        self,
        prompts: Iterable[PromptLike],
        *,
        title: str = "Chat",
        echo: EchoMode | bool = "none",
        stream: bool = False,
        tool_mode: ToolMode = "concurrent",
        on_error: OnError = "raise",
        progress: Progress | None = None,
    ) -> Transcript:
        """Say several things, one after the other. The twin of `run`.

        Args:
            prompts: As for `run`, and so are the other arguments.
            title: What the conversation is called.
            echo: What is printed, as for `chat_async()`.
            stream: Whether answers are streamed also where nothing is printed.
            tool_mode: As for `chat_async()`.
            on_error: Whether an error is raised or returned.
            progress: Called before each prompt.

        Returns:
            As for `run`.

        Raises:
            ChatkitError: as for `run`.
        """
        from chatkit._chat.course import Course

        course = Course(self._talk, prompts, title, on_error, progress)
        if course.needs_prices:
            with contextlib.suppress(ChatkitError):
                await self.models_async()
        shown: Any = self._shown(echo, stream)
        with course.kept():
            for prompt in course:
                with course.taking(prompt):
                    verb: Any = self.chat_async if prompt.type is None else self.chat_structured_async
                    options = course.options(prompt)
                    course.answer = await verb(*prompt.turn.contents, echo=shown, tool_mode=tool_mode, **options)
        return course.transcript()

    def _shown(self, echo: EchoMode | bool | None, stream: bool) -> Any:
        """What the verbs get for `echo`: the word, which gives each turn a display of its own, or a stream unseen."""
        if stream and self._showing(echo).display is None:
            return Showing(None, stream=True)
        return echo
