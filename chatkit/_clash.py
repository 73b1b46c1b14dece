"""A warning when another distribution has put a package of the same name in this one's place."""

from __future__ import annotations

import os
import sys

# The distributions that install a top-level package named `chatkit` too: OpenAI's ChatKit, and its placeholder.
_RIVALS = ("openai_chatkit-", "chatkit-")


def warn_of_clash() -> None:
    """Warn when such a distribution stands beside this one: each silently overwrites files of the other.

    Only directories are listed, and nothing is imported unless there is something to say.
    """
    for place in sys.path:
        if place.endswith("-packages") and (rival := _rival_in(place)):
            _warn(rival)


def _rival_in(place: str) -> str:
    try:
        names = os.listdir(place)  # noqa: PTH208  pathlib would cost more than all the rest of the import
    except OSError:
        return ""
    return next((name for name in names if name.startswith(_RIVALS) and name.endswith(".dist-info")), "")


def _warn(rival: str) -> None:
    import warnings

    from chatkit._warnings import NameClashWarning

    name = rival.partition("-")[0].replace("_", "-")
    warnings.warn(
        f"The distribution {name!r} installs a package named `chatkit` too, over this one. "
        "Uninstall both, then install chatkit-objects again.",
        NameClashWarning,
        stacklevel=2,
    )
