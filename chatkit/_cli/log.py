"""`chatkit log`: the conversations that are kept, to be listed, read, searched, exported, renamed and deleted."""

from __future__ import annotations

import argparse
import dataclasses
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit._cli import kept
from chatkit._cli.asking import question
from chatkit._cli.help import describe
from chatkit._cli.numbers import count
from chatkit._cli.output import printed, remark, say, say_json, style, width_of_stdout
from chatkit._cli.said import stdin_is_terminal
from chatkit._errors import ConfigError
from chatkit._render.columns import cells, cut
from chatkit._render.controls import one_line
from chatkit._render.tables import text_table
from chatkit._settings.reading import settings

if TYPE_CHECKING:
    from chatkit.store import ConversationInfo, ConversationStore, SearchHit

_MANY = 20
_TIME = "%Y-%m-%d %H:%M"
_UNTITLED = "(nothing said yet)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Look at the conversations that `chatkit chat --save` or a ConversationStore keeps: the latest ones without a "
        'command, and more with one. Of an id its beginning is enough, and "last" is the one updated last.',
        "chatkit log",
        "chatkit log show last",
        "chatkit log search holiday plans",
        "chatkit log export last talk.html",
        "chatkit log delete 1a2b3c4d",
    )
    kept.add_store(parser)
    _add_listing(parser)
    commands = parser.add_subparsers(title="commands", dest="what", metavar="COMMAND", prog="chatkit log")
    for name, purpose, add, example in _COMMANDS:
        command = commands.add_parser(name, help=purpose, allow_abbrev=False)
        describe(command, f"{purpose[:1].upper()}{purpose[1:]}.", f"chatkit log {example}")
        # Without a default of its own, or it would undo what was given before the command.
        kept.add_store(command, default=argparse.SUPPRESS)
        add(command)


def _add_listing(parser: argparse.ArgumentParser, **options: Any) -> None:
    parser.add_argument(
        "-n", "--limit", type=count, metavar="N", help=f"how many at most (default: {_MANY})", **options
    )
    _add_json(parser, **options)


def _add_json(parser: argparse.ArgumentParser, **options: Any) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON", **options)


def _add_quiet_listing(parser: argparse.ArgumentParser) -> None:
    _add_listing(parser, default=argparse.SUPPRESS)


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help='the conversation: the beginning of its id, or "last"')


def _add_show(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    _add_json(parser, default=argparse.SUPPRESS)


def _add_search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="+", metavar="WORD", help="words that were all said in one turn; plan* finds plans and planning"
    )
    _add_quiet_listing(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    parser.add_argument("path", metavar="PATH", help="a .md, .html or .ipynb for people, or a .json for Chat.load()")
    parser.add_argument("--system", action="store_true", help="with the system prompt")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def _add_rename(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    parser.add_argument("title", metavar="TITLE", help="what it is called from now on")


def _add_delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="ID", help="the conversations")
    parser.add_argument("-y", "--yes", action="store_true", help="without asking")


_COMMANDS = (
    ("list", "list the conversations, those updated last first", _add_quiet_listing, "list --limit 5"),
    ("show", "print a conversation", _add_show, "show last"),
    ("search", "find where words were said", _add_search, "search holiday plan*"),
    ("export", "write a conversation to a file", _add_export, "export last talk.md"),
    ("rename", "give a conversation another title", _add_rename, 'rename last "Holidays"'),
    ("delete", "delete conversations, for good", _add_delete, "delete 1a2b3c4d --yes"),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for.

    Raises:
        ChatkitError: when there is no such conversation, or the store cannot be had.
    """
    where = arguments.store or settings()["store"]
    if not kept.is_there(where):
        if arguments.what in (None, "list", "search"):
            remark("No conversation is kept yet; `chatkit chat --save` keeps one.")
            if arguments.json:
                say("[]")
            return 1 if arguments.what == "search" else 0
        raise ConfigError(f"There is no store at {where}.", hint="`chatkit chat --save` begins one.")
    with kept.opened(where) as store:
        return _DO[arguments.what or "list"](store, arguments)


def _list(store: ConversationStore, arguments: argparse.Namespace) -> int:
    infos = store.list(limit=arguments.limit or _MANY)
    if arguments.json:
        say_json([_told(info) for info in infos])
        return 0
    if not infos:
        remark("No conversation is kept yet; `chatkit chat --save` keeps one.")
        return 0
    width = width_of_stdout()
    id_of = _ids(store, width)
    rows = [[id_of(info), _when(info), str(info.turns), info.title or _UNTITLED, info.model] for info in infos]
    say(text_table(["id", "updated", "turns", "title", "model"], rows, width=width, right={2}))
    return 0


def _ids(store: ConversationStore, width: int | None) -> Callable[[ConversationInfo], str]:
    """How conversations are named: by whole ids in a pipe, and on a terminal by as much of them as is needed."""
    if width is None:
        return lambda info: info.id
    among = store.list(limit=kept.EVERY)
    return lambda info: kept.short(info.id, among)


def _show(store: ConversationStore, arguments: argparse.Namespace) -> int:
    from chatkit._warnings import MissingToolWarning

    # Nothing is called here, so that no tool is missed.
    warnings.simplefilter("ignore", MissingToolWarning)
    id = kept.id_of(store, arguments.id)
    chat = store.load(id, attach=False)
    info = store.info(id)
    if arguments.json:
        from chatkit._record.replay import contents_record

        turns = chat.get_turns(include_system_prompt=True)
        say_json({**_told(info), "turns": [contents_record(turn) for turn in turns]})
        return 0
    say(style().bold(one_line(info.title or _UNTITLED)))
    say(style().dim(f"{info.id}, {_when(info)}"))
    say(printed(chat))
    return 0


def _search(store: ConversationStore, arguments: argparse.Namespace) -> int:
    hits = store.search(" ".join(arguments.words), limit=arguments.limit or _MANY)
    if arguments.json:
        say_json([{**dataclasses.asdict(hit), "conversation": _told(hit.conversation)} for hit in hits])
    elif not hits:
        remark("These words were not said.")
    else:
        width = width_of_stdout()
        id_of = _ids(store, width)
        for hit in hits:
            _say_hit(hit, id_of(hit.conversation), width)
    # As grep: whether anything was found is in the exit code, too.
    return 0 if hits else 1


def _say_hit(hit: SearchHit, id: str, width: int | None) -> None:
    head = f"{id}  {_when(hit.conversation)}  {one_line(hit.conversation.title or _UNTITLED)}"
    who = "title" if hit.turn is None else f"{hit.role}, turn {hit.turn}"
    say(style().bold(cut(head, width, "...") if width else head))
    before = f"  {who}: "
    room = None if width is None else width - cells(before)
    say(f"{style().dim(before)}{_marked(hit, room)}")


def _marked(hit: SearchHit, room: int | None) -> str:
    """The words with what stands around them, the words marked; cut at the end where there is no room."""
    if room is not None and cells(hit.snippet) > room:
        return cut(hit.snippet, max(room, 10), "...")
    shown, at = "", 0
    for start, end in hit.marks:
        shown += hit.snippet[at:start] + style().green(hit.snippet[start:end])
        at = end
    return shown + hit.snippet[at:]


def _export(store: ConversationStore, arguments: argparse.Namespace) -> int:
    id = kept.id_of(store, arguments.id)
    if Path(arguments.path).exists() and not arguments.force:
        raise ConfigError(f"There is a file {arguments.path!r} already.", hint="--force replaces it.")
    fault = ""
    try:
        path = store.export(id, arguments.path, include_system_prompt=arguments.system)
        remark(f"Written to {path}.")
    except OSError as error:
        fault = error.strerror or str(error)
    if fault:
        raise ConfigError(f"{arguments.path!r} cannot be written: {fault}.")
    return 0


def _rename(store: ConversationStore, arguments: argparse.Namespace) -> int:
    store.rename(kept.id_of(store, arguments.id), arguments.title)
    return 0


def _delete(store: ConversationStore, arguments: argparse.Namespace) -> int:
    infos = [store.info(id) for id in dict.fromkeys(kept.id_of(store, given) for given in arguments.ids)]
    if not arguments.yes and not stdin_is_terminal():
        raise ConfigError("Nobody can be asked whether to delete.", hint="--yes deletes without asking.")
    for info in infos:
        if arguments.yes or _agreed(info):
            store.delete(info.id)
            remark(f"Deleted {info.id}.")
        else:
            remark("It is kept.")
    return 0


def _agreed(info: ConversationInfo) -> bool:
    said = question(f"Delete {one_line(info.title or _UNTITLED)!r} ({info.turns} turns) for good? [y/N] ")
    if said is None:
        remark("")
    return said is not None and said.strip().lower() in ("y", "yes")


_DO = {"list": _list, "show": _show, "search": _search, "export": _export, "rename": _rename, "delete": _delete}


def _when(info: ConversationInfo) -> str:
    return info.updated.astimezone().strftime(_TIME)


def _told(info: ConversationInfo) -> dict[str, Any]:
    times = {"created": info.created.isoformat(), "updated": info.updated.isoformat()}
    return {**dataclasses.asdict(info), **times}
