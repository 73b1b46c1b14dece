"""The fenced code blocks of an answer."""

import pytest

from chatkit._render.code_blocks import code_blocks


def test_blocks_come_in_order_with_their_languages():
    text = "One:\n\n```python\nprint(1)\n```\n\ntwo:\n\n~~~\nls\n\n~~~\n"
    assert code_blocks(text) == [("print(1)\n", "python"), ("ls\n\n", "")]
    assert code_blocks(text)[-1].code == "ls\n\n"


def test_blocks_in_lists_and_quotes_are_freed_of_them():
    assert code_blocks("1. do:\n   ```sh\n   a\n     b\n   ```\n\n> ```\n> q\n> ```\n") == [
        ("a\n  b\n", "sh"),
        ("q\n", ""),
    ]


def test_a_fence_within_a_longer_one_is_code():
    assert code_blocks("````md\n```\nx\n```\n````") == [("```\nx\n```\n", "md")]


def test_a_block_that_is_never_ended_goes_to_the_end():
    assert code_blocks("```py\nx = 1\n") == [("x = 1\n", "py")]


@pytest.mark.parametrize("text", ["", "none", "a `span` of code", "    indented\n"])
def test_nothing_else_is_a_block(text):
    assert code_blocks(text) == []


def test_a_language_is_a_plain_word():
    assert code_blocks('```js" onload=x\n1\n```')[0].language == "js"
