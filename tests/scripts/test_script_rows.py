"""Rows of values, from files and from Python."""

import pytest

from chatkit._errors import ConfigError, ScriptError
from chatkit._scripts.rows import rows_of


def test_a_csv_file_has_names_in_its_first_line(write):
    path = write('\ufeffname, age\n"Ada, Countess",36\n\n"Bob\nB",\n', "rows.csv")
    assert rows_of(path) == [{"name": "Ada, Countess", "age": "36"}, {"name": "Bob\nB", "age": ""}]


def test_a_jsonl_file_has_an_object_in_each_line(write):
    path = write('{"name": "Ada", "age": 36}\n\n{"name": "Bob\u2028"}\n', "rows.JSONL")
    assert rows_of(path) == [{"name": "Ada", "age": 36}, {"name": "Bob\u2028"}]


def test_rows_from_python_are_mappings():
    assert rows_of([{"a": 1}, {"a": 2}]) == [{"a": 1}, {"a": 2}]
    assert rows_of(iter([{"a": 1}])) == [{"a": 1}]


def test_a_long_cell_is_read(write):
    assert len(rows_of(write("a\n" + "x" * 200_000, "rows.csv"))[0]["a"]) == 200_000


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rows.csv", "a,b\n1\n", "rows.csv:2: There are 1 values here, and 2 names."),
        ("rows.csv", "a,b\n1,2\n1,2,3\n", "rows.csv:3: There are 3 values here"),
        ("rows.csv", "a,a\n1,2\n", "rows.csv:1: The name 'a' is there twice."),
        ("rows.csv", "a,b c\n1,2\n", "rows.csv:1: 'b c' can be no name of a value."),
        ("rows.csv", "a\n'x'\n\"y\" z\n", "rows.csv:3: This is no CSV"),
        ("rows.csv", 'a\n"x\n', "rows.csv:2: This is no CSV"),
        ("rows.jsonl", '{"a": 1}\n{"a": }\n', "rows.jsonl:2:7: This is no JSON"),
        ("rows.jsonl", "\n[1]\n", "rows.jsonl:2: A row is an object, not list."),
        ("rows.jsonl", '{"a": ' + "9" * 5000 + "}", "rows.jsonl:1: This is no JSON"),
    ],
)
def test_a_broken_file_is_told_of_with_its_line(write, name, text, told):
    with pytest.raises(ScriptError) as caught:
        rows_of(write(text, name))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "There are no rows"),
        ({"a": 1}, "not dict"),
        (3, "not int"),
        ([1], "Row 1 is a int"),
        ("rows.txt", "rows.txt"),
    ],
)
def test_what_is_no_rows_is_refused(rows, words):
    with pytest.raises(ConfigError, match=words):
        rows_of(rows)


def test_a_file_without_rows_is_refused(write):
    for name, text in (("rows.csv", "a,b\n"), ("rows.jsonl", "")):
        with pytest.raises(ConfigError, match="no rows"):
            rows_of(write(text, name))
