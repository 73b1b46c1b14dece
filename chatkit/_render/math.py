r"""Formulas in Markdown, left as they were written: between `$` and `$`, `$$` and `$$`, `\(` and `\)`, `\[` and `\]`.

CommonMark knows no formulas: it takes the backslash of `\(` away and makes `a*b*c` an emphasis. A page that typesets
formulas, such as JupyterLab, finds nothing left of them. A single `$` counts as pandoc has it, so that prices are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_formula = re.compile(
    r"\$\$[^$]{1,2000}\$\$"
    r"|\$(?![\s$])(?:[^$\\`]|\\.){0,2000}(?<!\s)\$(?!\d)"
    r"|\\\((?:[^\\`]|\\(?!\))){1,2000}\\\)"
    r"|\\\[(?:[^\\`]|\\(?!\])){1,2000}\\\]",
    re.S,
).match


def keep_math(parser: MarkdownIt) -> MarkdownIt:
    """Have a parser leave formulas alone; they are text to it.

    Args:
        parser: It is changed, and given back.
    """
    parser.inline.ruler.before("escape", "math", _rule)
    return parser


def _rule(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _formula(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True
