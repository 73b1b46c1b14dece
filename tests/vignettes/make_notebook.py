"""Makes a notebook of a vignette, and runs it.

    python tests/vignettes/make_notebook.py vignettes/notebooks.md     writes and runs vignettes/notebooks.ipynb

Text becomes Markdown cells. What the runner of vignettes runs becomes code cells, the hidden setup too, without the
output that stands there. Blocks fenced as ```` ```ipython ```` are code that only a notebook runs: magics, and `await`
outside of functions. Outputs are those of a real kernel.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"(`{3,})(python|ipython)( raises)?")
_SETUP, _SETUP_END, _MARK = "<!-- setup", "-->", "#>"
_DROPPED = "<!-- fmt: off -->"
_PORT = re.compile(r"127\.0\.0\.1:\d+")


def cells_of(text: str) -> Iterator[dict[str, Any]]:
    """The cells of a vignette, in order."""
    lines, said = text.split("\n"), list[str]()
    place = 0
    while place < len(lines):
        fence = _FENCE.fullmatch(lines[place])
        end = fence[1] if fence else _SETUP_END if lines[place] == _SETUP else None
        if end is None:
            said.append(lines[place])
            place += 1
            continue
        yield from _words(said)
        said, start = [], place + 1
        place = lines.index(end, start)
        yield _code(lines[start:place], raises=bool(fence and fence[3]))
        place += 1
    yield from _words(said)


def _words(lines: list[str]) -> Iterator[dict[str, Any]]:
    text = "\n".join(line for line in lines if line != _DROPPED).strip("\n")
    if text:
        yield {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(lines: list[str], *, raises: bool) -> dict[str, Any]:
    source = "\n".join(line for line in lines if not line.startswith(_MARK)).strip("\n")
    tags = {"tags": ["raises-exception"]} if raises else {}
    return {"cell_type": "code", "metadata": tags, "source": source, "outputs": [], "execution_count": None}


def notebook_of(text: str) -> Any:
    """The notebook of a vignette, not yet run."""
    import nbformat

    cells = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells_of(text), 1)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    return nbformat.from_dict(book)


def run(book: Any, folder: Path) -> Any:
    """Run a notebook in a kernel with this Python, in a folder, and give it with its outputs."""
    import nbclient
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync

    manager = AsyncKernelManager(kernel_name="python3", connection_file=str(folder / "connection.json"))
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client = nbclient.NotebookClient(book, km=manager, timeout=120, record_timing=False, allow_errors=False)
    try:
        client.execute(cwd=str(folder))
    finally:
        run_sync(manager.shutdown_kernel)(now=True)
    book.metadata = {"kernelspec": book.metadata.kernelspec}
    return book


def main() -> int:
    """Make and run the notebooks of the vignettes given."""
    import nbformat

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--out", type=Path, help="where the notebook goes; by default it stands beside the page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        book = run(notebook_of(given.page.read_text(encoding="utf-8")), Path(folder))
    nbformat.validate(book)
    text = _PORT.sub("127.0.0.1:PORT", nbformat.writes(book))
    (given.out or given.page.with_suffix(".ipynb")).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
