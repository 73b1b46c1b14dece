"""What IPython shows of an error of chatkit: what is wrong and what helps, instead of all the frames."""

from __future__ import annotations

import sys
import traceback
from types import FrameType
from typing import TYPE_CHECKING

from chatkit._render.controls import visible

if TYPE_CHECKING:
    from chatkit._errors import ChatkitError

_RED, _PLAIN = "\x1b[31m", "\x1b[39m"


def traceback_lines(error: ChatkitError) -> list[str]:
    """The lines: the error in red, and below it the hint; for `%tb`, where somebody asks for all, the frames too.

    Args:
        error: The error.
    """
    if _is_asked_for_all():
        return [visible(line.rstrip("\n")) for line in traceback.format_exception(error)]
    hint = visible(error.hint)
    what = visible(str(error)).replace(hint, "").strip() if hint else visible(str(error))
    # One colour that reads on light and on dark ground, and ends before anything else is said.
    head = f"{_RED}{type(error).__name__}:{_PLAIN} {' '.join(what.split())}"
    return [head, hint] if hint else [head]


def _is_asked_for_all() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "tb" and frame.f_globals.get("__name__") == "IPython.core.magics.execution":
            return True
        frame = frame.f_back
    return False
