"""Scripts that are written can be read again, whatever is in them."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._render.talk import Block, can_stand, escaped_lines, script_text, toml, toml_line
from chatkit._scripts.reading import parse

_PIECES = (
    "# user",
    "# User",
    "# expect {a = 1}",
    "\\# user",
    "```",
    "~~~",
    "```py",
    "    ```",
    "",
    " ",
    "+++",
    "x",
    "{{a}}",
    "#",
    "\r",
    "'",
    '"',
)
lines = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=8)), min_size=1, max_size=8)
texts = lines.map("\n".join).map(lambda text: text.encode("utf-8", "replace").decode())
keys = st.one_of(st.sampled_from(["a", "b-c", "d e", 'f"', ""]), st.text(max_size=4)).map(
    lambda text: text.encode("utf-8", "replace").decode()
)
plain = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
options = st.dictionaries(keys.filter(lambda key: key != "text"), plain, max_size=2)
spoken = st.builds(Block, st.sampled_from(["user", "assistant", "system", "tool"]), texts, options)


def said(block: Block) -> tuple:
    """A block with its text, wherever it stands."""
    held = dict(block.options)
    return (block.role, held.pop("text", block.text), held)


@given(st.dictionaries(keys, plain, max_size=3), st.lists(spoken, max_size=4))
def test_what_is_written_is_read_again(front, blocks):
    script = parse(script_text(front, blocks))
    assert script.front == front
    assert [said(block) for block in script.blocks] == [said(block) for block in blocks]
    again = parse(str(script))
    assert again == script
    assert str(again) == str(script)


@given(plain)
def test_a_value_in_toml_is_the_value(value):
    assert tomllib.loads(toml_line("key", value)) == {"key": value}


@given(texts)
def test_an_escaped_text_has_no_heading(text):
    assert all(block.role == "" for block in parse(escaped_lines(text)).blocks) if can_stand(text) else True
    if can_stand(text):
        assert parse(f"# user\n{escaped_lines(text)}").blocks == (Block("user", text),)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, '"null"'),
        ({"a": None}, "'{\"a\": null}'"),
        ([1, [None]], '"[1, [null]]"'),
        ('say "x"', "'say \"x\"'"),
        ('it\'s "x"', '"it\'s \\"x\\""'),
        ("a\x7fb", '"a\\u007fb"'),
        (b"x", "\"b'x'\""),
        ({}, "{}"),
    ],
)
def test_what_toml_has_no_words_for_is_written_as_text(value, written):
    assert toml(value) == written
    tomllib.loads(f"a = {written}")


def test_a_note_and_a_remark_are_written():
    text = script_text({"title": "A", "model": None}, [Block("", "# Note"), Block("user", "Hi")], "made\nby hand")
    assert text == '+++\n# made by hand\ntitle = "A"\n+++\n\n# Note\n\n# user\n\nHi\n'


def test_half_a_surrogate_pair_is_written_as_a_replacement():
    assert "\ufffd" in script_text({}, [Block("user", "a\ud800b")])
