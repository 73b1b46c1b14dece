"""No row of the fault catalogue is without its test.

`rows.txt` lists the 169 rows; a test is that of a row when its name has the row in it, as `test_c16_...` does, or
`test_b4_b5_...` for two. Those of this folder check the row whole; others, in the tests of each wing, look closer.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent
GROUPS = {"A": 15, "B": 15, "C": 30, "D": 14, "E": 13, "F": 24, "G": 10, "H": 21, "I": 11, "J": 8, "K": 8}

# What of a row can only be checked with something that comes later: the part of the plan, and what it is about.
WAITING = {"K6": "part 7, the web page"}

ROWS = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in (HERE / "rows.txt").read_text().splitlines()}


def rows_of(name):
    """The rows that a test's name has in it; the other lists of cases that use letters say so in theirs."""
    if name.startswith(("test_row_", "test_rows_", "test_case_")):
        return []
    found = re.match(r"test_((?:[A-Ka-k]\d+_(?:to_|and_)?)+)", name)
    return [row.upper() for row in found[1].split("_") if re.fullmatch(r"[A-Ka-k]\d+", row)] if found else []


def named_in(folder, pattern):
    for path in sorted(folder.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield path.name, node.name


def test_the_list_is_that_of_the_catalogue():
    assert list(ROWS) == [f"{group}{number}" for group, count in GROUPS.items() for number in range(1, count + 1)]
    assert len(ROWS) == 169
    assert all(words.strip() for words in ROWS.values())


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test_that_checks_it_whole(row):
    named = {found for file, name in named_in(HERE, "test_rows_?.py") for found in rows_of(name)}
    assert row in named, f"{row} ({ROWS[row]}) has no test in tests/faults"


def test_tests_stand_with_their_group_and_name_rows_that_exist():
    for file, name in named_in(HERE, "test_rows_?.py"):
        rows = rows_of(name)
        assert rows, f"{name} in {file} names no row"
        assert all(row in ROWS and file == f"test_rows_{row[0].lower()}.py" for row in rows)


def test_what_waits_says_for_what():
    assert set(WAITING) <= set(ROWS)
    assert all(re.match(r"part \d", reason) for reason in WAITING.values())
