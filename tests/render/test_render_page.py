"""The HTML page: one file, a strict policy, and what is known of each answer."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from chatkit._render.export import render_export
from chatkit._turns.turns import AssistantTurn, SystemTurn, Usage, UserTurn

WHOLE = AssistantTurn(
    "Hello",
    usage=Usage(1200, 34),
    cost=0.0123,
    model="org/<model>",
    served_by="groq",
    duration=1.26,
)


def facts(html: str) -> list[str]:
    return re.findall(r'class="chatkit-facts">([^<]*)<', html)


def test_the_policy_allows_this_style_and_inline_images_only():
    html = render_export(".html", [WHOLE])
    style = re.search(r"<style>(.*)</style>", html, re.S)
    assert style is not None
    known = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in html


def test_the_page_needs_nothing_from_elsewhere():
    html = render_export(".html", [SystemTurn("s"), UserTurn("Hi"), WHOLE])
    assert not re.search(r"<script|<link|@import|url\(|https?:| on\w+=| style=", html)
    assert html.startswith("<!DOCTYPE html>\n")
    assert "prefers-color-scheme: dark" in html
    assert "width=device-width" in html


def test_the_title_is_escaped_and_on_one_line():
    html = render_export(".html", [], title="a\n<b> & 'c'")
    assert "<title>a &lt;b&gt; &amp; &#x27;c&#x27;</title>" in html
    assert "<h1>a &lt;b&gt; &amp; &#x27;c&#x27;</h1>" in html


def test_turns_stand_in_their_order_with_their_roles():
    html = render_export(".html", [SystemTurn("s"), UserTurn("Hi"), WHOLE])
    assert re.findall(r'<section class="chatkit-turn chatkit-(\w+)">', html) == ["system", "user", "assistant"]


def test_what_is_known_of_an_answer_stands_under_it():
    known = facts(render_export(".html", [UserTurn("Hi"), WHOLE]))
    assert known == [
        "org/&lt;model&gt; · 1 answer · 1,200 tokens in · 34 tokens out · $0.01",
        "org/&lt;model&gt; · via groq · 1,200 tokens in · 34 tokens out · $0.01 · 1.3 s",
    ]


def test_what_is_not_known_is_not_told():
    assert facts(render_export(".html", [UserTurn("Hi"), AssistantTurn("Hello")])) == ["1 answer"]
    assert facts(render_export(".html", [])) == ["0 answers"]


def test_a_partial_answer_does_not_count_in_the_sums():
    partial = AssistantTurn("Hel", usage=Usage(5, 5), cost=1.0, model="m", interrupted="stopped")
    assert facts(render_export(".html", [partial]))[0] == "m · 1 answer"
    assert facts(render_export(".html", [partial, WHOLE]))[0].startswith(
        "m · org/&lt;model&gt; · 2 answers · 1,200 tok"
    )


@pytest.mark.parametrize(
    ("cost", "shown"),
    [(0, "$0.00"), (0.000012, "$0.000012"), (0.05, "$0.05"), (0.0012, "$0.0012"), (1, "$1.00"), (12.345, "$12.35")],
)
def test_small_costs_are_not_rounded_away(cost, shown):
    assert facts(render_export(".html", [AssistantTurn("a", cost=cost)]))[1] == shown
