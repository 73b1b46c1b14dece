"""The conversations that are kept: where, under which id, and how one goes on."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit._chat.chat import Chat
from chatkit._cli.destination import key_in, wanted
from chatkit._cli.output import remark
from chatkit._errors import ConfigError, StoreError
from chatkit._settings.places import private_folder
from chatkit._settings.reading import Settings

if TYPE_CHECKING:
    from chatkit.store import ConversationInfo, ConversationStore

LAST = "last"
_SHORT = 8
_IS_URL = re.compile(r"\w[\w+.-]+://")
EVERY = 1 << 30
"""The limit that leaves no conversation out."""
_MADE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is to be kept of a chat, and what it goes on with.

    Args:
        where: The store.
        goes_on: The id, or its beginning, of a conversation that is there; None begins one.
        new: The id of a conversation to begin; None has one made.
        keep: Whether anything is kept at all.
    """

    where: str
    goes_on: str | None = None
    new: str | None = None
    keep: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that keep a conversation."""
    group = parser.add_argument_group("what is kept")
    group.add_argument("--save", action=argparse.BooleanOptionalAction, default=None, help="keep the conversation")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "-c", "--continue", dest="go_on", action="store_true", help="go on with the conversation kept last"
    )
    one.add_argument(
        "--id",
        metavar="ID",
        help="go on with this conversation (the beginning of its id will do); with --save, begin it",
    )
    add_store(group)


def add_store(parser: Any, **options: Any) -> None:
    """Add the option for the store."""
    parser.add_argument("--store", metavar="PATH|URL", help="where conversations are kept", **options)


def keeping(arguments: argparse.Namespace, settled: Settings) -> Keeping:
    """What is to be kept.

    Raises:
        ConfigError: when the options contradict each other.
    """
    where = arguments.store or settled["store"]
    if arguments.go_on or arguments.id is not None:
        if arguments.save is False:
            raise ConfigError("--no-save cannot go with --continue or --id.", hint="See `chatkit log show`.")
        if arguments.id is not None and arguments.save:
            return Keeping(where, new=arguments.id, keep=True)
        return Keeping(where, goes_on=LAST if arguments.go_on else arguments.id, keep=True)
    save = settled["save"] if arguments.save is None else arguments.save
    return Keeping(where, keep=save)


def is_there(where: str) -> bool:
    """Whether there is a store already; of a database elsewhere it is assumed."""
    return bool(_IS_URL.match(where)) or Path(where).expanduser().exists()


@contextlib.contextmanager
def opened(where: str) -> Iterator[ConversationStore]:
    """The store, made if it is not there, readable by its owner only.

    Raises:
        StoreError: when it cannot be had.
    """
    from chatkit.store import ConversationStore

    is_file = not _IS_URL.match(where)
    place = str(Path(where).expanduser()) if is_file else where
    if is_file:
        # What is wrong with the folder, opening the store tells.
        with contextlib.suppress(OSError):
            private_folder(Path(place))
    with ConversationStore(place) as store:
        yield store


def id_of(store: ConversationStore, given: str) -> str:
    """The id of a conversation that a person named: whole, by its beginning, or as "last".

    Raises:
        StoreError: when there is none.
        ConfigError: when several begin so.
    """
    if given in store:
        return given
    if given == LAST:
        newest = store.list(limit=1)
        if not newest:
            raise StoreError("No conversation is kept yet.", hint="`chatkit chat --save` keeps one.", kind="missing")
        return newest[0].id
    found = [info.id for info in store.list(limit=EVERY) if info.id.startswith(given)] if given else []
    if len(found) > 1:
        raise ConfigError(f"{len(found)} conversations have ids that begin with {given!r}.", hint="Give more of it.")
    if not found:
        raise StoreError(
            f"There is no conversation {given!r}.", hint="`chatkit log` lists them.", kind="missing", conversation=given
        )
    return found[0]


def short(id: str, among: Iterable[ConversationInfo]) -> str:
    """The beginning of an id that no other one has; ids that a person gave stay whole."""
    if not _MADE_ID.fullmatch(id):
        return id
    others = [info.id for info in among if info.id != id]
    return next((id[:n] for n in range(_SHORT, len(id)) if not any(other.startswith(id[:n]) for other in others)), id)


def went_on(
    store: ConversationStore,
    id: str,
    arguments: argparse.Namespace,
    settled: Settings,
    tools: list[Callable[..., Any]],
    move: Callable[[Chat], Chat],
) -> Chat:
    """A chat that goes on with a conversation: where it was held, or at the place that the arguments name.

    Args:
        store: The store.
        id: The conversation.
        arguments: What was given.
        settled: The settings.
        tools: The functions of the chat.
        move: Makes a chat for the place that the arguments name, of one that holds the conversation.

    Raises:
        ChatkitError: when the conversation cannot be had, or somebody else is in it.
    """
    if not _is_moved(arguments):
        credentials = key_in(arguments.key_from) if arguments.key_from else None
        chat = store.load(id, tools=tools, credentials=credentials, attach=False)
        if not _was_offline(chat):
            if credentials is None and (variable := _settled_key(chat, settled)):
                credentials = key_in(variable)
            return store.load(id, tools=tools, credentials=credentials)
        arguments.offline = True
    held = store.load(id, tools=tools)
    store.detach(held)
    chat = move(held)
    store.attach(chat, id)
    return chat


def _is_moved(arguments: argparse.Namespace) -> bool:
    return bool(arguments.base_url or arguments.local or arguments.huggingface or arguments.offline)


def _settled_key(chat: Chat, settled: Settings) -> str | None:
    """The variable with the key for the chat's address, where the settings name one for that very address."""
    nowhere = argparse.Namespace(
        offline=False, local=False, huggingface=False, base_url=None, model=None, key_from=None
    )
    place = wanted(nowhere, settled)
    same = place.url is not None and place.url.rstrip("/") == chat.provider.base_url.rstrip("/")
    return place.key_from if same else None


def _was_offline(chat: Chat) -> bool:
    # The stand-in of a former process is gone, and listens at another port now.
    return chat.model.startswith("offline-") and "//127.0.0.1:" in chat.provider.base_url


def tell_id(store: ConversationStore, chat: Chat) -> None:
    """Say where a conversation is that was kept because somebody asked for it, if anything was said in it."""
    if not chat.turns:
        return
    # In the console another conversation may have been begun, and nothing said in it.
    with contextlib.suppress(ConfigError):
        id = store.id_of(chat)
        named = id[:_SHORT] if _MADE_ID.fullmatch(id) else id
        remark(f"Kept as {named}: go on with it by `chatkit chat --continue` or `--id {named}`.")
