"""The fenced code blocks of a text in Markdown, as values to go on with."""

from __future__ import annotations

from typing import NamedTuple

from chatkit._render.fences import language
from chatkit._render.markup import new_parser


class CodeBlock(NamedTuple):
    """A fenced code block.

    Args:
        code: What stands between the fences, with its line breaks.
        language: The word that the fence names, such as "python"; empty when there is none.
    """

    code: str
    language: str


def code_blocks(text: str) -> list[CodeBlock]:
    """The fenced code blocks of a text, in order.

    Those in lists and quotes count too, without the indentation and the marks of these. A block that is never ended
    goes to the end of the text. Nothing is run.

    Args:
        text: Markdown, such as an answer.

    Returns:
        The blocks; `[-1].code` is the last one's code.
    """
    # Blocks alone: what is within a line does not matter here, and takes most of the time.
    parser = new_parser(html=False).disable("inline")
    return [CodeBlock(token.content, language(token.info)) for token in parser.parse(text) if token.type == "fence"]
