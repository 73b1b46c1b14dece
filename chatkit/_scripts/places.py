"""Where something stands in a script: errors with line and column, TOML among them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from chatkit._errors import ScriptError

_at_place = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file, and where it begins.

    Args:
        path: The file.
        text: The text of the part.
        line: The line of its first character, from 1.
        column: The column of its first character, from 1.
    """

    path: str
    text: str
    line: int
    column: int = 1

    def error(self, trouble: str, at: int = 0, hint: str = "") -> ScriptError:
        """The error for what is wrong at a character of the part."""
        before = self.text[:at]
        line, column = before.count("\n"), at - (before.rfind("\n") + 1) + 1
        return self.error_in(trouble, line + 1, column, hint)

    def error_in(self, trouble: str, line: int, column: int, hint: str = "") -> ScriptError:
        """The error for what is wrong at a line and column of the part, both from 1."""
        across = column + (self.column - 1 if line == 1 else 0)
        return ScriptError(trouble, path=self.path, line=self.line + line - 1, column=across, hint=hint)

    def error_at_key(self, trouble: str, key: str, hint: str = "") -> ScriptError:
        """The error for what is wrong with a key of TOML; where it stands is found by its looks."""
        named = re.escape(key)
        keys = re.compile(rf"""(?:^|[\s{{,.\[])(["']?{named}["']?)\s*[=.\]]""", re.M)
        found = keys.search(self.text)
        return self.error(trouble, found.start(1) if found else 0, hint)

    def unknown(self, kind: str, key: str, known: Iterable[str]) -> ScriptError:
        """The error for a key that is not known."""
        names = list(known)
        near = get_close_matches(key, names, 1, 0.6)
        hint = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(names)}."
        return self.error_at_key(f"{kind} has no `{key}`.", key, hint)

    def toml(self) -> dict[str, Any]:
        """What the part says as TOML.

        Raises:
            ScriptError: when it is none; it names the line and the column.
        """
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            trouble = str(error)
        except (ValueError, RecursionError) as error:  # a date that does not exist, or brackets without end
            trouble = str(error) or "nested too deeply"
        found = _at_place.search(trouble)
        said = trouble[: found.start()].rstrip() if found else trouble
        if found and found[1]:
            raise self.error_in(f"{said}.", int(found[1]), int(found[2]))
        raise self.error(f"{said}.", len(self.text.rstrip()) if found else 0)
