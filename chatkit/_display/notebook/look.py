"""How pieces look: few styles, on the elements themselves and in the colours of the page they stand in.

A notebook drops style sheets from outputs it does not trust, and knows light and dark by itself. So there is no style
sheet, and no colour but the one for failures.
"""

from __future__ import annotations

import re

FAINT = "opacity:0.7;font-size:0.92em"
SAID = "border-left:3px solid currentColor;padding-left:0.8em;margin:0.4em 0;opacity:0.8"
BOX = "border-left:3px solid rgba(128,128,128,0.45);padding:0.1em 0 0.1em 0.7em;margin:0.5em 0"
BAD = "color:var(--jp-error-color1,#d32f2f)"
BODY = "max-height:24em;overflow:auto;margin:0.3em 0"

WINDOW = "height:4.8em;overflow:hidden;display:flex;flex-direction:column-reverse;white-space:pre-wrap"

_PRE = "background:rgba(128,128,128,0.1);border-radius:4px;padding:0.5em 0.8em;overflow-x:auto"
# Notebooks align the cells of tables to the right, as is good for data frames and bad for words.
_STYLED = {
    "<pre><code": f'<pre style="{_PRE}"><code style="background:none;padding:0"',
    "<td>": '<td style="text-align:left">',
    "<th>": '<th style="text-align:left">',
    'class="chatkit-left"': 'class="chatkit-left" style="text-align:left"',
    'class="chatkit-right"': 'class="chatkit-right" style="text-align:right"',
    'class="chatkit-center"': 'class="chatkit-center" style="text-align:center"',
}
_to_style = re.compile("|".join(map(re.escape, _STYLED))).sub
_line_starts = re.compile(r"^", re.M).sub


def quoted(text: str) -> str:
    """The text as a quotation in Markdown."""
    return _line_starts("> ", text)


def styled(html: str) -> str:
    """HTML of chatkit's own, with the look of code and tables on their elements.

    Texts are escaped in it, so that what looks like such an element is one.
    """
    return _to_style(lambda found: _STYLED[found[0]], html)
