"""Looking for a model server on this machine, as a script: it says what to ask, and is told what came.

It only ever asks loopback, without a key, and its driver follows no redirect. Ports are looked at one after another,
so that whoever listens behind the first server found is left in peace.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from chatkit._errors import APIConnectionError, ChatkitError, ConfigError
from chatkit._http.messages import Request, TimeLimits
from chatkit._providers.local_servers import (
    LOADED,
    OTHER,
    SERVERS,
    SIGNS,
    LocalModel,
    LocalServer,
    chosen,
    listed,
    models_of,
    owner,
    shows,
    usual_ports,
)
from chatkit._version import __version__

# IPv6 only where nothing listens on IPv4.
_HOSTS = ("127.0.0.1", "[::1]")
_LIMITS = TimeLimits(connect=0.3, first_byte=1.0, idle=1.0, total=1.0)
# How many models an error names.
_NAMES = 5
_HEADERS = {"Accept": "application/json", "User-Agent": f"chatkit/{__version__}"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking.

    Args:
        status: The HTTP status; 0 when there was none.
        value: The body, read as JSON; None when it is none.
        fault: "closed" when nothing listens there, "silent" when no answer came in time, "odd" when what came is no
            answer to be read; else empty.
    """

    status: int = 0
    value: Any = None
    fault: Literal["", "closed", "silent", "odd"] = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A server to talk to.

    Args:
        server: What it is.
        base_url: Where it is.
        models: What it has.
    """

    server: LocalServer
    base_url: str
    models: tuple[LocalModel, ...] = ()


# An error is returned, not raised, so that it comes without the frames of this script.
Looking: TypeAlias = Generator[Request, Heard, "tuple[Found, str] | ChatkitError"]
_Asking: TypeAlias = Generator[Request, Heard, "Found | str"]


def look(wanted: LocalServer | None, port: int | None, model: str | None) -> Looking:
    """Look for a server.

    Args:
        wanted: The only one to use; None takes the first that is there.
        port: The only port to look at; None looks at the usual ones.
        model: The model to use; None takes the first that is loaded, else the first.

    Returns:
        The server, with the model; or an error that says what was looked at and what to do.
    """
    seen: dict[int, str] = {}
    empty: list[Found] = []
    for each in _ports(wanted, port):
        found = yield from _look_at(each)
        if isinstance(found, Found):
            found = _fitting(found, wanted)
        if isinstance(found, str):
            seen[each] = found
        elif name := model or chosen(found.models):
            return found, name
        else:
            empty.append(found)
    return _without_models(empty[0]) if empty else _not_found(wanted, seen)


def _ports(wanted: LocalServer | None, port: int | None) -> list[int]:
    if port is not None:
        return [port]
    return usual_ports() if wanted is None else [wanted.port]


def _look_at(port: int) -> _Asking:
    """What answers at a port; or, in words, why nothing there can be used."""
    for host in _HOSTS:
        root = f"http://{host}:{port}"
        heard = yield _get(f"{root}/v1/models")
        if heard.fault != "closed":
            return (yield from _read(root, heard))
    return "nothing listens"


def _read(root: str, heard: Heard) -> _Asking:
    if heard.fault == "silent":
        return "something listens, but does not answer"
    if heard.status in (401, 403):
        return "what answers wants a key, which chat_openai_compatible() can give"
    if heard.status == 503:
        return "what answers is not ready, perhaps still loading its model"
    entries = listed(heard.value) if heard.status == 200 else None
    if entries is None:
        return (yield from _older_tgi(root, heard))
    name = owner(entries) or (yield from _sign(root))
    memory = (yield _get(root + LOADED[name])).value if name in LOADED else None
    return Found(_server(name), f"{root}/v1", tuple(models_of(entries, memory)))


def _older_tgi(root: str, heard: Heard) -> _Asking:
    """TGI did not always have a list of models."""
    if not heard.fault:
        info = yield _get(root + SIGNS["tgi"])
        if shows("tgi", info.value):
            return Found(_server("tgi"), f"{root}/v1", tuple(models_of([{"id": info.value["model_id"]}])))
    return "what answers is no model server"


def _sign(root: str) -> Generator[Request, Heard, str]:
    """The server that shows one of the signs; empty when none does."""
    for name, path in SIGNS.items():
        heard = yield _get(root + path)
        if heard.fault == "silent":
            break
        if heard.status == 200 and shows(name, heard.value):
            return name
    return ""


def _fitting(found: Found, wanted: LocalServer | None) -> Found | str:
    if wanted is None or found.server == wanted:
        return found
    if found.server is OTHER:
        # It does not say what it is, so the user's word counts.
        return Found(wanted, found.base_url, found.models)
    return f"{found.server.title} answers, not {wanted.title}"


def _without_models(found: Found) -> ConfigError:
    names = [model.name for model in found.models]
    others = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
    only = f" but {others}, which cannot be chosen for chats on this machine" if others else ""
    fetch = found.server.fetch
    return ConfigError(
        f"{found.server.title} at {found.base_url} has no models{only}.",
        hint=f"Get one, such as with `{fetch}`, or name one by model=." if fetch else "Name one by model=.",
    )


def _not_found(wanted: LocalServer | None, seen: Mapping[int, str]) -> APIConnectionError:
    places = "; ".join(f"{port}{_usual(port)}: {what}" for port, what in seen.items())
    start = " or ".join(f"`{server.start}`" for server in ((wanted,) if wanted else SERVERS[:2]))
    return APIConnectionError(
        f"No {wanted.title if wanted else 'model server'} was found on this machine. Looked at port {places}.",
        kind="refused",
        hint=f"Start one, such as with {start}, or name its port=.",
    )


def _usual(port: int) -> str:
    titles = ", ".join(server.title for server in SERVERS if server.port == port)
    return f" ({titles})" if titles else ""


def _server(name: str) -> LocalServer:
    return next((server for server in SERVERS if server.name == name), OTHER)


def _get(url: str) -> Request:
    return Request(url, headers=_HEADERS, limits=_LIMITS, method="GET")


def told(found: Found, model: str) -> str:
    """What a user is told of the choice."""
    return f'Using {found.server.title} at {found.base_url}, model = "{model}".'
