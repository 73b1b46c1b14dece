"""A conversation as one HTML file that needs nothing else: no script, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from chatkit._render.facts import facts_of, facts_of_all
from chatkit._render.html import turn_html
from chatkit._render.markup import escaped
from chatkit._render.remarks import NONE, Remark, Remarks, remarks_html
from chatkit._render.style import STYLE
from chatkit._turns.turns import Turn


def html_page(turns: Sequence[Turn], title: str, remarks: Remarks = NONE) -> str:
    """The page.

    Its Content-Security-Policy allows its own style and images inside the file, and nothing else, so that even a
    mistake in the escaping could not run or load anything.

    Args:
        turns: The turns, oldest first; a system turn among them is shown.
        title: Any text.
        remarks: What stands below a turn.
    """
    named = escaped(" ".join(title.split()))
    shown = "\n".join([turn_html(turn, 2, _foot(turn, remarks.get(place, ()))) for place, turn in enumerate(turns)])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{named}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{named}</h1>
{_facts("p", facts_of_all(turns))}
</header>
<main>
{shown}
</main>
</body>
</html>
"""


def _policy() -> str:
    known = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"


def _foot(turn: Turn, remarks: Sequence[Remark]) -> str:
    return "\n".join(filter(None, [remarks_html(remarks), _facts("footer", facts_of(turn))]))


def _facts(element: str, facts: Iterable[str]) -> str:
    told = " · ".join(map(escaped, facts))
    return f'<{element} class="chatkit-facts">{told}</{element}>' if told else ""
