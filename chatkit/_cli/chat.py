"""`chatkit chat`: one question and its answer, or a console to talk in."""

from __future__ import annotations

import argparse
import contextlib
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._cli import destination, kept, said, shaping
from chatkit._cli.functions import functions_at
from chatkit._cli.help import describe
from chatkit._cli.output import is_terminal, remark
from chatkit._errors import ConfigError
from chatkit._settings.reading import Settings, settings

if TYPE_CHECKING:
    from chatkit._cli.asking import Form
    from chatkit.store import ConversationStore

_DELAY = 0.01


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Ask a model something and print its answer, or without a prompt talk to it in a console. The answer alone "
        "goes to standard output; tool calls, thinking, warnings and errors go to standard error. On a terminal "
        "Markdown is drawn; into a pipe goes the text as the model writes it.",
        'chatkit chat "Why is the sky blue?"',
        'git diff | chatkit chat "Write a commit message for this."',
        'chatkit chat -f report.pdf "Summarise this." -m org/model',
        'chatkit chat --schema "name str, age int" "Ada is 36."',
        'chatkit chat -x "A shell one-liner that counts files." > count.sh',
        'chatkit chat --save "My name is Ada."',
        'chatkit chat --continue "What is my name?"',
    )
    said.add_options(parser)
    destination.add_options(parser)
    tools = parser.add_argument_group("what the model may call")
    tools.add_argument(
        "--tool", action="append", default=[], metavar="MODULE:FUNCTION", help="a Python function, as my.tools:search"
    )
    tools.add_argument(
        "--mcp", action="append", default=[], metavar="COMMAND|URL", help="a server of the Model Context Protocol"
    )
    shaping.add_options(parser)
    _add_form(parser)
    kept.add_options(parser)


def _add_form(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how the answer is printed")
    group.add_argument("--json", action="store_true", help="as a JSON object: model, text, usage, cost and more")
    one = group.add_mutually_exclusive_group()
    one.add_argument("-x", "--extract", action="store_true", help="only its first code block")
    one.add_argument("--extract-last", action="store_true", help="only its last code block")
    group.add_argument("--plain", action="store_true", default=None, help="without drawing Markdown")
    group.add_argument("--no-stream", action="store_true", help="ask for the whole answer at once")
    group.add_argument(
        "--echo",
        choices=("none", "output", "all"),
        help="what else is told, on standard error: nothing, tool calls and thinking, or all that is sent as well",
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask, or open the console.

    Raises:
        ChatkitError: when something given cannot be used, or there is no answer.
    """
    # Said on standard error by the tool calls themselves.
    from chatkit._warnings import ToolFailureWarning

    settled = settings()
    form = _form(arguments, settled)
    contents = said.said(arguments)
    arguments.talks = not contents
    if arguments.talks:
        _refuse_forms(arguments)
    keeping = kept.keeping(arguments, settled)
    with contextlib.ExitStack() as stack:
        tools = _tools(stack, arguments)
        store = stack.enter_context(kept.opened(keeping.where)) if keeping.keep else None
        chat = _chat(stack, arguments, settled, keeping, store, tools)
        if store is not None and arguments.save:
            # However it ends: what had arrived at Ctrl-C is kept, too.
            stack.callback(kept.tell_id, store, chat)
        if contents:
            from chatkit._cli.asking import ask

            warnings.simplefilter("ignore", ToolFailureWarning)
            code = ask(chat, contents, form, None if store is None else store.id_of(chat))
        else:
            code = _talk(chat, form, store)
    return code


def _tools(stack: contextlib.ExitStack, arguments: argparse.Namespace) -> list[Callable[..., Any]]:
    """The functions that are named, and the tools of servers, which must not take the place of one another."""
    tools = functions_at(arguments.tool)
    for source in arguments.mcp:
        from chatkit._mcp.connection import connect_mcp

        connection = stack.enter_context(connect_mcp(source))
        taken = sorted({_name(tool) for tool in tools} & {tool.name for tool in connection.tools})
        if taken:
            raise ConfigError(f"{connection.name!r} offers tools whose names are taken: {', '.join(taken)}.")
        tools += connection.tools
    return tools


def _name(tool: Callable[..., Any]) -> str:
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", ""))


def _form(arguments: argparse.Namespace, settled: Settings) -> Form:
    from chatkit._cli.asking import Form

    if arguments.json and (arguments.extract or arguments.extract_last):
        raise ConfigError("--json and --extract cannot go together.")
    if arguments.schema is not None and (arguments.extract or arguments.extract_last):
        raise ConfigError("--schema and --extract cannot go together.")
    plain = not settled["markdown"] if arguments.plain is None else arguments.plain
    return Form(
        kind=shaping.kind_of(arguments.schema),
        as_json=arguments.json,
        code="first" if arguments.extract else "last" if arguments.extract_last else "",
        plain=plain,
        stream=not arguments.no_stream,
        echo=arguments.echo or settled.get("echo") or "output",
    )


def _refuse_forms(arguments: argparse.Namespace) -> None:
    """A console prints answers in its own way."""
    given = [name for name in ("schema", "json", "extract", "extract_last", "no_stream") if getattr(arguments, name)]
    if given:
        raise ConfigError(f"--{given[0].replace('_', '-')} needs a PROMPT.")


def _chat(
    stack: contextlib.ExitStack,
    arguments: argparse.Namespace,
    settled: Settings,
    keeping: kept.Keeping,
    store: ConversationStore | None,
    tools: list[Callable[..., Any]],
) -> Chat:
    """The chat: a new one, or one that goes on."""

    def new(system: str | None, params: Any) -> Chat:
        delay = _DELAY if is_terminal() else 0.0
        place = stack.enter_context(
            destination.destination(
                arguments, system_prompt=system, params=params, delay=delay, settled=settled, must_be_real=True
            )
        )
        if place.offline:
            remark(place.notice[0])
        place.chat.register_tools(tools)
        return place.chat

    def moved(held: Chat) -> Chat:
        chat = new(held.system_prompt, held.params)
        return chat.set_turns(held.turns)

    if store is not None:
        id = keeping.new if keeping.new is not None and keeping.new in store else None
        if id is None and keeping.goes_on is not None:
            id = kept.id_of(store, keeping.goes_on)
        if id is not None:
            return _changed(kept.went_on(store, id, arguments, settled, tools, moved), arguments)
    system = arguments.system if arguments.system is not None else settled.get("system")
    chat = new(system, shaping.parameters(settled.params, arguments.param))
    # The console attaches a chat by itself, once something is said in it.
    if store is not None and (not arguments.talks or keeping.new is not None):
        store.attach(chat, keeping.new)
    return chat


def _changed(chat: Chat, arguments: argparse.Namespace) -> Chat:
    """A chat that goes on, with what was given anew."""
    if arguments.model:
        chat.model = arguments.model
    if arguments.system is not None:
        chat.system_prompt = arguments.system
    if arguments.param:
        chat.params = shaping.parameters_over(chat.params, arguments.param)
    return chat


def _talk(chat: Chat, form: Form, store: ConversationStore | None) -> int:
    from chatkit._console.live import live_console

    live_console(chat, markdown=not form.plain, store=store)
    return 0
