"""A warning when another distribution has put a package of the same name in this one's place."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from chatkit._errors import NameClashWarning

# The distributions that install a top-level package named `chatkit` too: OpenAI's ChatKit, and its placeholder.
_RIVALS = ("openai_chatkit", "chatkit")


def warn_of_clash() -> None:
    """Warn when `openai-chatkit` stands beside this package: each overwrites files of the other, silently."""
    site = Path(__file__).parent.parent
    for name in _RIVALS:
        if any(site.glob(f"{name}-*.dist-info")):
            warnings.warn(
                f"The distribution {name.replace('_', '-')!r} installs a package named `chatkit` too, over this one. "
                "Uninstall both, then install chatkit-objects again.",
                NameClashWarning,
                stacklevel=_importer(),
            )


def _importer() -> int:
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and not frame.f_code.co_filename.endswith("chatkit/__init__.py"):
        level, frame = level + 1, frame.f_back
    return level
