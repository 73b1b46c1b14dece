"""The vignette on notebooks is a real notebook as well, made from the same text, and it runs."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "vignettes" / "notebooks.md"
BOOK = PAGE.with_suffix(".ipynb")

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
MAKER = Path(__file__).with_name("make_notebook.py")
spec = importlib.util.spec_from_file_location("make_notebook", MAKER)
make_notebook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_notebook)


def sources(book):
    return [(cell["cell_type"], cell["source"]) for cell in book["cells"]]


def kinds(book):
    """What each code cell shows: the kind of each output, and what it has to offer."""
    outputs = [output for cell in book["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]
    return [(output["output_type"], sorted(output.get("data", ()))) for output in outputs]


@pytest.fixture(scope="module")
def kept():
    return nbformat.reads(BOOK.read_text(encoding="utf-8"), as_version=4)


@pytest.fixture(scope="module")
def made():
    return make_notebook.notebook_of(PAGE.read_text(encoding="utf-8"))


def test_the_notebook_is_made_from_the_page(kept, made):
    assert sources(kept) == sources(made), (
        "make it anew: python tests/vignettes/make_notebook.py vignettes/notebooks.md"
    )


def test_the_notebook_runs_and_shows_what_is_kept(kept, tmp_path):
    out = tmp_path / "made.ipynb"
    done = subprocess.run([sys.executable, MAKER, PAGE, "--out", out], capture_output=True, timeout=180, text=True)
    assert done.returncode == 0, done.stderr
    made = nbformat.reads(out.read_text(encoding="utf-8"), as_version=4)
    assert kinds(made) == kinds(kept)
    assert ("error", []) in kinds(made)


def test_the_kept_notebook_is_small_and_harmless(kept):
    nbformat.validate(kept)
    assert BOOK.stat().st_size < 100_000
    text = json.dumps(kept)
    assert "<script" not in text
    assert str(ROOT) not in text


def test_text_code_magics_and_setups_become_cells():
    page = "# T\n\n<!-- setup\nx = 1\n-->\n\n```python\nx\n#> 1\n```\n```ipython\n%time 1\n```\n"
    page += "```python raises\n1 / 0\n#> E\n```\nEnd.\n"
    made = list(make_notebook.cells_of(page))
    assert [cell["source"] for cell in made] == ["# T", "x = 1", "x", "%time 1", "1 / 0", "End."]
    assert made[4]["metadata"] == {"tags": ["raises-exception"]}
