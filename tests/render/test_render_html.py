"""HTML of contents, turns and rounds."""

from __future__ import annotations

import pytest

from chatkit._render.html import contents_html
from chatkit._render.markup import markdown_to_html
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentThinking,
    ContentToolRequest,
    ContentToolResult,
)
from chatkit._turns.turns import AssistantTurn, Round, UserTurn

LINK = 'rel="noopener noreferrer"'
CALL = ContentToolRequest("1", "add<", {"x": "<b>"})


@pytest.mark.parametrize(
    ("content", "html"),
    [
        (ContentText("**a**"), '<div class="chatkit-text" dir="auto">\n<p><strong>a</strong></p>\n</div>'),
        (
            ContentThinking("*hm*"),
            '<details class="chatkit-thinking">\n<summary>Thinking</summary>\n<p><em>hm</em></p>\n</details>',
        ),
        (ContentJson(["<"], '["<"]'), '<pre><code class="language-json">[\n  &quot;&lt;&quot;\n]</code></pre>'),
        (
            ContentImageRemote("https://a.b/c?d&e"),
            f'<p class="chatkit-file">Image: <a href="https://a.b/c?d&amp;e" {LINK}>https://a.b/c?d&amp;e</a></p>',
        ),
        (ContentImageRemote("ftp://<"), '<p class="chatkit-file">Image: ftp://&lt;</p>'),
        (
            ContentImageInline("image/webp", "QQ=="),
            '<img class="chatkit-image" alt="Image" src="data:image/webp;base64,QQ==">',
        ),
        (
            ContentImageInline("image/svg+xml", "QQ=="),
            '<p class="chatkit-file">Image: <code>image/svg+xml</code> (3 bytes)</p>',
        ),
        (
            ContentDocument("a/b", "QUJD", "<i>"),
            '<p class="chatkit-file">Document: <code>&lt;i&gt;</code> (a/b, 3 bytes)</p>',
        ),
        (
            ContentDocumentRemote("http://a.b", "c"),
            f'<p class="chatkit-file">Document: <a href="http://a.b" {LINK}>c</a></p>',
        ),
        (ContentAudio("wav", "QUJD"), '<p class="chatkit-file">Audio: <code>wav</code> (3 bytes)</p>'),
        (
            CALL,
            '<details class="chatkit-call">\n<summary>Tool call <code>add&lt;</code></summary>\n<pre>'
            '<code class="language-json">{\n  &quot;x&quot;: &quot;&lt;b&gt;&quot;\n}</code></pre>\n</details>',
        ),
        (
            ContentToolResult("<3", request=CALL, attachments=(ContentAudio("wav", ""),)),
            '<details class="chatkit-result">\n<summary>Tool result <code>add&lt;</code></summary>\n'
            "<pre><code>&lt;3</code></pre>\n</details>\n"
            '<p class="chatkit-file">Audio: <code>wav</code> (0 bytes)</p>',
        ),
        (
            ContentToolResult(error="no"),
            '<details class="chatkit-error">\n<summary>Tool error</summary>\n<pre><code>no</code></pre>\n</details>',
        ),
    ],
)
def test_each_content_is_written_so(content, html):
    assert contents_html(content) == html


def test_a_round_is_sections_under_headings():
    whole = Round((UserTurn("Hi"),), (AssistantTurn("Hel", interrupted="<stopped>"),))
    assert contents_html(whole, heading_level=3) == (
        '<section class="chatkit-turn chatkit-user">\n<h3>User</h3>\n'
        '<div class="chatkit-text" dir="auto">\n<p>Hi</p>\n</div>\n</section>\n'
        '<section class="chatkit-turn chatkit-assistant">\n<h3>Assistant</h3>\n'
        '<div class="chatkit-text" dir="auto">\n<p>Hel</p>\n</div>\n'
        '<p class="chatkit-broken">Broke off: &lt;stopped&gt;</p>\n</section>'
    )


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("~~a~~ <i>", "<p><s>a</s> &lt;i&gt;</p>"),
        ("```python x\na < b\n```", '<pre><code class="language-python">a &lt; b\n</code></pre>'),
        ('```"><b\na\n```', "<pre><code>a\n</code></pre>"),
        ("[a](HTTPS://b.c 'title')", f'<p><a href="HTTPS://b.c" {LINK}>a</a></p>'),
        ("<a@b.c>", f'<p><a href="mailto:a@b.c" {LINK}>a@b.c</a></p>'),
        ("[a](/b) [c](#d)", "<p>[a](/b) [c](#d)</p>"),
        ("[a](javascript:b)", "<p>[a](javascript:b)</p>"),
        ("![a *b*](https://c.d/e)", f'<p><a href="https://c.d/e" {LINK}>a *b*</a></p>'),
        ("![](https://c.d/e)", f'<p><a href="https://c.d/e" {LINK}>image</a></p>'),
        ("[![a](https://b.c)](https://d.e)", f'<p><a href="https://d.e" {LINK}>a</a></p>'),
        ("![a](data:image/png;base64,QQ==)", "<p>![a](data:image/png;base64,QQ==)</p>"),
        ("a\0b", "<p>a\ufffdb</p>"),
    ],
)
def test_markdown_becomes_safe_html(markdown, html):
    assert markdown_to_html(markdown) == html


def test_columns_of_a_table_are_aligned_by_classes():
    html = markdown_to_html("|a|b|c|\n|-|-:|:-:|\n|1|2|3|")
    assert '<th>a</th>\n<th class="chatkit-right">b</th>\n<th class="chatkit-center">c</th>' in html
    assert '<td>1</td>\n<td class="chatkit-right">2</td>' in html
    assert "style" not in html
