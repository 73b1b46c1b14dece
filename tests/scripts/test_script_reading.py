"""How a script is cut into front matter and blocks."""

import pytest

from chatkit._errors import ScriptError
from chatkit._scripts.reading import parse, read_text


def told(text: str) -> list[tuple[str, str]]:
    return [(block.role, block.text) for block in parse(text).blocks]


def test_each_heading_begins_a_block():
    text = "# system\nBe brief.\n# user\nHi\n# assistant\nHello\n# tool\nx\n# expect\ncontains = 'H'\n"
    assert told(text) == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("tool", "x"),
        ("expect", "contains = 'H'"),
    ]


def test_a_script_needs_no_front_matter_and_may_have_one():
    assert parse("# user\nHi").front == {}
    script = parse("+++\ntitle = 'A'\n[values]\nname = 'B'\n+++\n# user\nHi")
    assert script.front == {"title": "A", "values": {"name": "B"}}
    assert [(block.role, block.line, block.start) for block in script.blocks] == [("user", 6, 7)]


def test_what_stands_before_the_first_heading_is_a_note():
    assert told("# My talk\n\nFor tests.\n\n# user\nHi") == [("", "# My talk\n\nFor tests."), ("user", "Hi")]


def test_blank_lines_around_a_text_do_not_belong_to_it_and_those_within_do():
    assert told("# user\n\n \nHi\n\n  there\n\n\n") == [("user", "Hi\n\n  there")]
    assert parse("# user\n\n\nHi").blocks[0].start == 4


def test_a_heading_may_have_options():
    block = parse('# user {schema = "a.json", temperature = 0}\nHi').blocks[0]
    assert (dict(block.options), block.text) == ({"schema": "a.json", "temperature": 0}, "Hi")
    assert parse("# user{temperature = 0}\nHi").blocks[0].options == {"temperature": 0}


def test_headings_within_fences_are_text():
    text = "# user\nLook:\n```sh\n# user\n# expect\n```\n~~~~\n# user\n~~~\n# user\n~~~~\n# user\nDone"
    assert [role for role, _ in told(text)] == ["user", "user"]
    assert told(text)[0][1].count("# user") == 3


def test_a_line_of_ticks_within_a_text_is_no_fence():
    assert told("# user\n``` is a fence` mark\n# user\nB") == [("user", "``` is a fence` mark"), ("user", "B")]


def test_other_headings_are_text():
    lines = ["# user guide", "## user", "#user", " # user", "# users", "# expected", "#  "]
    assert told("# user\n" + "\n".join(["x", *lines, "x"])) == [("user", "\n".join(["x", *lines, "x"]))]


def test_a_backslash_makes_a_heading_text():
    assert told("# user\n\\# user\n\\\\# expect {a = 1}\n\\# User:") == [
        ("user", "# user\n\\# expect {a = 1}\n# User:")
    ]


def test_line_ends_of_windows_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "talk.md"
    path.write_bytes(b"\xef\xbb\xbf+++\r\ntitle = 'A'\r\n+++\r\n# user\r\nHi\r\nthere\r\n")
    script = parse(read_text(str(path)), str(path))
    assert script.front == {"title": "A"}
    assert script.blocks[0].text == "Hi\nthere"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("+++\na = \n+++\n# user\nHi", 2, 4, "Invalid value"),
        ("+++\ntitle = 'A'\n", 1, 1, "no +++ at its end"),
        ("+++\na = 1\na = 2\n+++\n", 3, 6, "Cannot overwrite"),
        ("+++\n\nx = {a = 1\n+++\n", 3, 11, "Unclosed inline table"),
        ("+++\nday = 2020-13-40\n+++\n", 2, 11, "Expected newline"),
        ("# User\nHi", 1, 1, "nearly a heading"),
        ("hi\n# user:\nHi", 2, 1, "nearly a heading"),
        ("# EXPECT\n", 1, 1, r"Write `# expect`, or `\# EXPECT` where it is text."),
        ("\n# user {temperature = }\nHi", 2, 23, "Invalid value"),
        ("# user {a = 1} more\nHi", 1, 16, "Expected newline"),
        ("# user\nHi\n\n```\n# user\n", 4, 1, "never ended"),
    ],
)
def test_what_is_broken_is_told_with_line_and_column(text, line, column, words):
    with pytest.raises(ScriptError, match=r"talk\.md") as caught:
        parse(text, "talk.md")
    assert (caught.value.path, caught.value.line, caught.value.column) == ("talk.md", line, column)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"talk.md:{line}:{column}: ")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_expectations_know_no_fences():
    assert told("# user\nHi\n# expect\ncontains = '''\n```'''\n# user\nB")[-1] == ("user", "B")


def test_a_file_that_is_not_there_or_not_text_is_told_of(tmp_path):
    with pytest.raises(ScriptError, match=r"none\.md: The file cannot be read: No such file"):
        read_text(str(tmp_path / "none.md"))
    (tmp_path / "bad.md").write_bytes(b"# user\nab\xffc\n")
    with pytest.raises(ScriptError, match="not UTF-8") as caught:
        read_text(str(tmp_path / "bad.md"))
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("chatkit._scripts.reading._MOST_BYTES", 3)
    (tmp_path / "big.md").write_text("# user\nHi")
    with pytest.raises(ScriptError, match="larger than"):
        read_text(str(tmp_path / "big.md"))
