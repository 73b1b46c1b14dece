"""Writes the table of features into its page: vignettes/compared.md, from tests/features.toml.

    python tests/render_features.py                  say whether the page is what it should be
    python tests/render_features.py --refresh        write it

The page's own words stay as they are; only what stands between a line `<!-- features: NAME -->` and the next line
`<!-- features: end -->` is written. The names are those of `PARTS`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FEATURES = HERE / "features.toml"
PAGE = HERE.parent / "vignettes" / "compared.md"

# The columns behind chatkit's own: a key of the file, and what stands above the column.
PEERS = {
    "ellmer": "ellmer",
    "chatlas": "chatlas",
    "llm": "llm",
    "pydantic_ai": "pydantic-ai",
    "openai": "openai",
    "huggingface_hub": "huggingface_hub",
    "ai_sdk": "AI SDK",
}
WORDS = {"Y": "yes", "P": "partly", "-": "no", "n/a": "n/a", "?": "?"}

_PART = re.compile(r"(<!-- features: (?!end)(\w+) -->\n).*?(<!-- features: end -->\n)", re.DOTALL)


def features(path: Path = FEATURES) -> list[dict[str, Any]]:
    """The rows of the table, in order."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["feature"]


def mark(text: str) -> str:
    """A mark as the page shows it: `P clone` is "partly (clone)"."""
    letter, _, note = text.partition(" ")
    return f"{WORDS[letter]} ({note})" if note else WORDS[letter]


def table(rows: list[dict[str, Any]]) -> str:
    """The table, a row for each feature."""
    lines = [["Feature", "chatkit", *PEERS.values()], ["---"] * (2 + len(PEERS))]
    for row in rows:
        own = "no" if row["chatkit"] == "no" else f"**{row['chatkit']}**"
        lines.append([row["name"], own, *(mark(row[peer]) for peer in PEERS)])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def done(rows: list[dict[str, Any]]) -> str:
    """What gives each feature that chatkit has."""
    return _items(row for row in rows if row["chatkit"] == "yes")


def missing(rows: list[dict[str, Any]]) -> str:
    """What is missing of each feature that chatkit has not, or not whole."""
    return _items(row for row in rows if row["chatkit"] != "yes")


def _items(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(f"- **{row['name']}**: {row['how']}\n" for row in rows)


PARTS = {"table": table, "done": done, "missing": missing}


def rendered(page: str, rows: list[dict[str, Any]]) -> str:
    """A page with its parts written anew; blank lines keep comments and Markdown apart."""
    return _PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]](rows)}\n{found[3]}", page)


def main() -> int:
    """Compare or refresh the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--refresh", action="store_true", help="write the table into the page")
    refresh = parser.parse_args().refresh
    written = PAGE.read_text(encoding="utf-8")
    right = rendered(written, features())
    if refresh:
        PAGE.write_text(right, encoding="utf-8")
    elif written != right:
        print(f"{PAGE.name} is not what {FEATURES.name} says; write it with --refresh.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
