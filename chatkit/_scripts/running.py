"""Running a script: once, or once for each row of values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._chat.transcript import Transcript
from chatkit._display.choosing import EchoMode
from chatkit._errors import ConfigError
from chatkit._scripts.rows import Rows, rows_of
from chatkit._scripts.script import Script, Talk, read_script
from chatkit._scripts.stage import Stage, staged, twin

if TYPE_CHECKING:
    from chatkit._chat.course import OnError, Progress


def run_script(
    path: str | os.PathLike[str],
    /,
    chat: Chat | None = None,
    *,
    echo: EchoMode | bool | None = None,
    stream: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    **values: Any,
) -> Transcript:
    """Run a scripted conversation that stands in a file. See `run_scripts` for one conversation for each row of values.

    A script is Markdown with headings: what stands under `# user` is said, and `# expect` tells in TOML what is
    expected of the answer. Between two lines `+++` at its top stands TOML, too: model, system prompt, tools, values.
    A script can name modules to import, so run only those that you would run as a program.

    Args:
        path: The file, in UTF-8.
        chat: The chat to talk with; a clone of it does, with its callbacks. It brings the server and the model, and
            its turns, system prompt, parameters and tools; what the script says of these last three goes before. None
            makes a chat as the script says: with its `provider`, at its `base_url`, else at Hugging Face.
        echo: What is printed, as for `Chat.chat()`.
        stream: As for `Chat.run()`; `chatkit run` always streams.
        on_error: Whether an error is raised, or ends the run and is in the transcript ("return").
        progress: As for `Chat.run()`.
        **values: Values of the script's placeholders `{{name}}`; they go before those in its front matter.

    Returns:
        A `Transcript`; its `ok` tells whether every expectation holds.

    Raises:
        ScriptError: when the script is broken; it names the line and the column, and nothing was sent.
        ConfigError: when a value is given that the script does not ask for, or something else cannot be used.
        ChatkitError: as for `Chat.chat()`, unless it is to be returned.
    """
    script = read_script(path)
    script.refuse_unasked(values)
    talk = script.talk(values)
    with staged(script, chat) as stage:
        return run_talk(script, talk, stage, echo, stream, on_error, progress)


def run_scripts(
    path: str | os.PathLike[str],
    /,
    rows: Rows,
    chat: Chat | None = None,
    *,
    echo: EchoMode | bool | None = None,
    stream: bool = False,
    on_error: OnError = "return",
    progress: Progress | None = None,
    **values: Any,
) -> list[Transcript]:
    """Run a scripted conversation once for each row of values, one after the other. See `run_script` for a single one.

    All rows are filled in before the first is run, so that a broken one is told of before anything is sent.

    Args:
        path: The file.
        rows: A `.csv` file with names in its first line, a `.jsonl` file with an object in each line, or mappings.
        chat: As for `run_script`; each row begins with a clone of it.
        echo: As for `run_script`.
        stream: As for `run_script`.
        on_error: Whether an error of one conversation is raised, or ends that conversation only ("return").
        progress: As for `Chat.run()`, for each conversation.
        **values: Values for all rows; a row must not have them too.

    Returns:
        A `Transcript` for each row, in order.

    Raises:
        ScriptError: when the script or a row is broken; nothing was sent.
        ConfigError: as for `run_script`.
        ChatkitError: as for `Chat.chat()`, when it is to be raised.
    """
    script = read_script(path)
    talks = list(talks_of(script, rows_of(rows), values))
    with staged(script, chat) as stage:
        return [run_talk(script, talk, stage, echo, stream, on_error, progress) for talk in talks]


def talks_of(script: Script, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> Iterator[Talk]:
    """The conversations of a script, one for each row.

    Raises:
        ConfigError: when a value is given for all rows and by a row, or is not asked for.
        ScriptError: when a row cannot be filled in.
    """
    script.refuse_unasked(values)
    for number, row in enumerate(rows, 1):
        twice = sorted(row.keys() & values.keys())
        if twice:
            raise ConfigError(f"`{twice[0]}` is given for all rows, and by row {number}.")
        try:
            talk = script.talk({**row, **values}, number)
        except ConfigError as error:
            error.summary = f"Row {number}: {error.summary}"
            raise
        yield talk


def run_talk(
    script: Script,
    talk: Talk,
    stage: Stage,
    echo: EchoMode | bool | None = None,
    stream: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Transcript:
    """Hold one conversation of a script, with a clone of the chat on the stage.

    Raises:
        ChatkitError: as for `run_script`.
        BaseException: what broke it off from outside; its `transcript` is what there is so far.
    """
    chat = twin(stage.chat)
    if talk.system is not None:
        chat.system_prompt = talk.system
    try:
        transcript = chat.run(
            talk.prompts, title=talk.title, echo=echo, stream=stream, on_error=on_error, progress=progress
        )
    except BaseException as error:
        if isinstance(found := getattr(error, "transcript", None), Transcript):
            error.transcript = stage.told(script, found)  # type: ignore[attr-defined]
        raise
    return stage.told(script, transcript)
