"""Talking in cells: `%load_ext chatkit`, then `%%chat` sends a cell to a chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._errors import ConfigError
from chatkit._interpolate import interpolate
from chatkit._turns.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = {
    "-m": "model",
    "--model": "model",
    "-s": "system",
    "--system": "system",
    "--echo": "echo",
    "--new": "new",
    "--template": "template",
}
_FLAGS = ("new", "template")
_next_word = re.compile(r"""\s*("([^"]*)"(?!\S)|'([^']*)'(?!\S)|\S+)""").match
_is_question = re.compile(r"(\s*)%chat\s(.*\?)\s*", re.S).fullmatch
_KEYS = ("%%chat", "%chat")


@dataclass(frozen=True, slots=True)
class Line:
    """What stands behind `%%chat` or `%chat`.

    Args:
        name: What the chat is called; empty when nobody says.
        text: What is to be said, as far as it stands on the line.
        model: A model to talk on with, or for a new chat.
        system: A system prompt.
        echo: "none", "output" or "all".
        new: Whether to begin a new conversation.
        template: Whether `{{ name }}` stands for a value of the notebook.
    """

    name: str = ""
    text: str = ""
    model: str | None = None
    system: str | None = None
    echo: str | None = None
    new: bool = False
    template: bool = False


def read_line(line: str, names: Callable[[str], bool]) -> Line:
    """Read the line of a magic: options and a name in any order, then a text.

    Args:
        line: The line.
        names: Whether a word is the name of a chat, rather than the beginning of the text.

    Raises:
        ConfigError: when there is no such option, or its value is missing.
    """
    found: dict[str, Any] = {}
    while (match := _next_word(line)) is not None:
        word, rest = match[1], line[match.end() :]
        if word == "--":
            return Line(**found, text=rest.strip())
        if word.startswith("-"):
            line = _option(found, word, rest)
        elif "name" not in found and names(word):
            found["name"], line = word, rest
        else:
            break
    return Line(**found, text=line.strip())


def _option(found: dict[str, Any], word: str, rest: str) -> str:
    """Note an option, and give what stands behind it and its value."""
    option = _OPTIONS.get(word)
    if option is None:
        raise ConfigError(
            f"%%chat has no option {word!r}.",
            hint=f"There are {', '.join(_OPTIONS)}; a text that begins with a dash goes behind --.",
        )
    if option in _FLAGS:
        found[option] = True
        return rest
    value = _next_word(rest)
    if value is None:
        raise ConfigError(f"The option {word} of %%chat needs a value.")
    found[option] = next(text for text in (value[2], value[3], value[1]) if text is not None)
    return rest[value.end() :]


class ChatMagics:
    """What `%load_ext chatkit` adds to a shell.

    Args:
        shell: IPython's shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._last = ""

    def chat(self, line: str, cell: str | None = None) -> Chat | Reply | None:
        """Send a cell, or a line, to a chat and stream the answer.

            %%chat [name] [--new] [-m MODEL] [-s SYSTEM] [--echo none|output|all] [--template]
            What is to be said.

            %chat [name] [options] What is to be said.

        `name` is the variable that holds the chat. Without one it is `chat`, if that holds a chat, or else the one
        that was used last. With nothing to say, the chat is shown.

        Options:
            --new: Begin a new conversation in that variable: with the model, settings, system prompt and tools of
                the chat that is there, or, if there is none, with `chatkit.chat(MODEL)`.
            -m, --model: Talk on with another model; for a chat that is not there yet "provider/model".
            -s, --system: Set the system prompt; '' takes it away.
            --echo: What is shown, as for `Chat`; with "none" the answer is the value of the cell.
            --template: Fill in `{{ name }}` from the variables of the notebook, see `interpolate()`.
        """
        given = read_line(line, self._is_name if cell is None else str.isidentifier)
        if cell is not None and given.text:
            raise ConfigError(
                f"%%chat takes the name of a variable, not {given.text!r}.", hint="What is to be said stands below it."
            )
        name, chat = self._chat(given)
        self._last = name
        text = given.text if cell is None else cell
        if given.system is not None:
            chat.set_system_prompt(given.system or None)
        return self._say(chat, self._filled(text) if given.template else text, given.echo) if text.strip() else chat

    def _say(self, chat: Chat, text: str, echo: str | None) -> Reply | None:
        mode: Any = echo or (chat.echo if chat.echo not in (None, "none") else "output")
        reply = chat.chat(text.strip("\n"), echo=mode)
        return reply if mode == "none" else None

    def _filled(self, text: str) -> str:
        # Without what IPython itself keeps there, which is long and nobody means.
        hidden = self._shell.user_ns_hidden
        known = {name: value for name, value in self._variables().items() if name not in hidden and name[:1] != "_"}
        filled = interpolate(text, **known)
        if isinstance(filled, list):
            raise ConfigError(
                f"The template comes to {len(filled)} prompts, and a cell sends one.",
                hint='Join the list first: ", ".join(items).',
            )
        return filled

    def _chat(self, given: Line) -> tuple[str, Chat]:
        name = given.name or self._default()
        held = self._variables().get(name)
        if given.new:
            chat = self._begun(name, held, given.model)
            self._shell.push({name: chat})
            return name, chat
        if not isinstance(held, Chat):
            raise self._no_chat(name)
        return name, held if given.model is None else held.set_model(given.model)

    def _begun(self, name: str, held: Any, model: str | None) -> Chat:
        """A chat without turns: like the one that is there, or a new one."""
        if isinstance(held, Chat):
            begun = held.clone().set_turns([])
            return begun if model is None else begun.set_model(model)
        if held is not None:
            raise ConfigError(
                f"The variable {name!r} holds something that is no chat.", hint="Give another name: %%chat bot --new."
            )
        from chatkit._constructors.by_name import chat

        return chat(model or "huggingface")

    def _default(self) -> str:
        if self._last and not self._is_name("chat"):
            return self._last
        return "chat"

    def _no_chat(self, name: str) -> ConfigError:
        known = self.names()
        make = f"Make one: {name} = chat_huggingface(), or %%chat {name} --new -m huggingface/MODEL."
        hint = f"There are: {', '.join(known)}. Say %%chat {known[0]}." if known else make
        return ConfigError(f"No variable called {name!r} holds a chat.", hint=hint)

    def names(self) -> list[str]:
        """The variables that hold a chat, sorted."""
        return sorted(name for name, value in self._variables().items() if _is_chat(name, value))

    def complete(self, shell: Any, event: Any) -> list[str]:
        """What Tab offers behind `%%chat`: names of chats and options."""
        return [*self.names(), *(option for option in _OPTIONS if option.startswith("--"))]

    def _is_name(self, word: str) -> bool:
        return isinstance(self._variables().get(word), Chat)

    def _variables(self) -> Mapping[str, Any]:
        return self._shell.user_ns  # type: ignore[no-any-return]


def _is_chat(name: str, value: Any) -> bool:
    # `_`, `__` and `_3` are what cells came to.
    return isinstance(value, Chat) and not name.startswith("_")


def _with_questions(lines: list[str]) -> list[str]:
    """Lines of a cell in which `%chat How are you?` is what it looks like, and not a call for IPython's help."""
    if lines and lines[0].startswith("%%"):
        return lines
    return [_as_call(*found.groups()) if (found := _is_question(line)) else line for line in lines]


def _as_call(indent: str, said: str) -> str:
    return f"{indent}get_ipython().run_line_magic('chat', {said.strip()!r})\n"


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext chatkit` does: `%%chat` and `%chat` are there, and Tab knows the chats.

    Args:
        shell: IPython's shell.
    """
    from IPython.core.magic import no_var_expand

    magics = ChatMagics(shell)

    def chat(line: str, cell: str | None = None) -> Chat | Reply | None:
        return magics.chat(line, cell)

    chat.__doc__ = ChatMagics.chat.__doc__
    # Braces and dollar signs in what is said are just that.
    shell.register_magic_function(no_var_expand(chat), "line_cell", "chat")
    shell.input_transformers_cleanup.append(_with_questions)
    for key in _KEYS:
        shell.set_hook("complete_command", magics.complete, str_key=key)


def unload_ipython_extension(shell: Any) -> None:
    """What `%unload_ext chatkit` does.

    Args:
        shell: IPython's shell.
    """
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("chat", None)
    others = [change for change in shell.input_transformers_cleanup if change is not _with_questions]
    shell.input_transformers_cleanup[:] = others
    for key in _KEYS:
        shell.strdispatchers["complete_command"].strs.pop(key, None)
