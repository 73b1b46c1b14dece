r"""Formulas in Markdown reach a page that typesets them as they were written; prices are no formulas."""

import pytest

from chatkit._render.markup import markdown_to_html


@pytest.mark.parametrize(
    "formula",
    [
        "$a*b*c$",
        "$a_{1}_b_$",
        r"$\{x\}$",
        r"$\$5$",
        "$x$",
        "$$a*b\n*c$$",
        r"\(a*b*c\)",
        r"\(\{x\} \\ y\)",
        "\\[\na*b*c \\\\\n= d\n\\]",
    ],
)
def test_a_formula_stays_as_it_was_written(formula):
    assert markdown_to_html(f"see {formula} here") == f"<p>see {formula} here</p>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$5 and *six* $7", "$5 and <em>six</em> $7"),
        ("$5*a*$6", "$5<em>a</em>$6"),
        ("$ *a* $", "$ <em>a</em> $"),
        ("$*a*", "$<em>a</em>"),
        (r"\(*a*", "(<em>a</em>"),
        (r"\$*a*$", "$<em>a</em>$"),
        ("`$a*`*b*$", "<code>$a*</code><em>b</em>$"),
        ("[$a*b*c$](https://x.org)", '<a href="https://x.org" rel="noopener noreferrer">$a*b*c$</a>'),
        ("$<script>$", "$&lt;script&gt;$"),
    ],
)
def test_what_is_no_formula_is_markdown(text, html):
    assert markdown_to_html(text) == f"<p>{html}</p>"


@pytest.mark.parametrize("text", ["$a" * 8_000, r"\(" * 8_000, r"\[a" * 6_000, "$$" * 8_000, "$x\\" * 8_000])
def test_hostile_text_is_read_in_reasonable_time(text):
    assert "<p>" in markdown_to_html(text)
