"""Names of tools: from whatever a server calls them to what the API's character set allows."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from chatkit._errors import ConfigError

_LONGEST = 64
_NAMESPACE = re.compile(r"[a-zA-Z0-9_-]{1,32}")
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]+")
_SHOWN = 20


def check_namespace(namespace: str | None) -> str:
    """What goes before the names.

    Raises:
        ConfigError: when no name could begin so.
    """
    if namespace is None:
        return ""
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise ConfigError(
            f"{namespace!r} cannot be the namespace of tools.", hint="Use 1 to 32 ASCII letters, digits, '_' and '-'."
        )
    return f"{namespace}__"


def names_for(own: Sequence[str], prefix: str = "") -> dict[str, str]:
    """Give every tool a name that servers of models accept, unlike all others.

    Characters that are not allowed become "_". A name that is too long, or would be another's, ends in a few digits
    made of the server's own name, so it is the same each time.

    Args:
        own: The server's own names, all different.
        prefix: What every name begins with.

    Returns:
        The new name for each own one.
    """
    # Those that need no change come first: they keep their name even when another would become the same.
    taken: dict[str, str] = {}
    for name in sorted(own, key=lambda name: _plain(name) != name):
        wanted = prefix + _plain(name)
        if len(wanted) > _LONGEST or wanted in taken or not _plain(name).strip("_-"):
            mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            wanted = f"{wanted[: _LONGEST - 9].rstrip('_-') or 'tool'}_{mark}"
        taken[wanted] = name
    return {name: new for new, name in taken.items()}


def _plain(name: str) -> str:
    ascii_only = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return _FOREIGN.sub("_", ascii_only)


def chosen(own: Sequence[str], include: str | Iterable[str] | None, exclude: str | Iterable[str] | None) -> list[str]:
    """Choose among a server's tools, by its own names.

    Args:
        own: The server's own names.
        include: Names or patterns with `*`, `?` and `[...]`; None means all.
        exclude: Likewise; None means none.

    Raises:
        ConfigError: when `include` names what is not there.
    """
    wanted, unwanted = _patterns(include, "include"), _patterns(exclude, "exclude")
    missing = [pattern for pattern in wanted or () if not any(_fits(name, pattern) for name in own)]
    if missing:
        raise ConfigError(f"include= names tools that the server does not have: {', '.join(missing)}. {_there_is(own)}")
    kept = [name for name in own if wanted is None or any(_fits(name, pattern) for pattern in wanted)]
    return [name for name in kept if not any(_fits(name, pattern) for pattern in unwanted or ())]


def _patterns(given: str | Iterable[str] | None, parameter: str) -> list[str] | None:
    if given is None:
        return None
    patterns = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise ConfigError(f"{parameter}= takes names or patterns, as texts.")
    return patterns


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatch.fnmatchcase(name, pattern)


def _there_is(own: Sequence[str]) -> str:
    if not own:
        return "It has none."
    more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    return f"It has: {', '.join(repr(name)[1:-1] for name in own[:_SHOWN])}{more}."
