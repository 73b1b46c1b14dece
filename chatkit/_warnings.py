"""Every warning of chatkit, in one tree.

```
ChatkitWarning(UserWarning)
├── ContentWarning    FinishReasonWarning  MissingToolWarning     NameClashWarning
├── PlainHttpWarning  RepeatedCallWarning  SeveralAnswersWarning  ToolFailureWarning
└── UnknownCostWarning   UnsupportedParameterWarning
```
"""

from __future__ import annotations

import sys


class ChatkitWarning(UserWarning):
    """The root of all warnings of chatkit."""


class FinishReasonWarning(ChatkitWarning):
    """An answer was cut off, filtered, or ended for a reason that chatkit does not know."""


class MissingToolWarning(ChatkitWarning):
    """A saved chat had a tool that was not given when it was loaded."""


class NameClashWarning(ChatkitWarning):
    """Another distribution installs a package named `chatkit` over this one."""


class PlainHttpWarning(ChatkitWarning):
    """A key travels unencrypted to a host that is not this machine."""


class ToolFailureWarning(ChatkitWarning):
    """Tools failed while nothing was echoed; the model was told, and now you are."""


class UnsupportedParameterWarning(ChatkitWarning):
    """A parameter was left out because the server's profile does not know it."""


class ContentWarning(ChatkitWarning):
    """An attachment was changed, or is unlikely to be understood."""


class RepeatedCallWarning(ChatkitWarning):
    """The model keeps asking for the same tool call."""


class SeveralAnswersWarning(ChatkitWarning):
    """A typed answer held several objects; the first was taken."""


class UnknownCostWarning(ChatkitWarning):
    """A limit on cost is set, and what an answer cost is not known."""


def caller() -> int:
    """The stack level of the code that called chatkit, for whom the warning is."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "chatkit":
        level, frame = level + 1, frame.f_back
    return level
