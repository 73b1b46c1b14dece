"""JupyterLab in a real browser: what a person sees while an answer streams in, and afterwards."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from chatkit.testing import Answer, Delivery, FakeService, ToolCall

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [name for name in ("jupyterlab", "playwright") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or bool(MISSING), reason=f"no chromium on this machine, or not installed: {MISSING}"
)

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
TOKEN = "only-for-this-test"

ANSWER = [
    "## Two cities\n\nOslo has *fewer* people",
    " than **Bergen**? No: see the table.\n\n",
    "| city | people |\n|:--|--:|\n| Oslo | 717,710 |\n",
    "| Bergen | 291,940 |\n\n",
    "Here is how to add them, with $a_1 + b_1 = c$, $\\href{javascript:alert(1)}{x}$ and for \\$5:\n\n",
    "```python\ndef total(people: list[int]) -> int:\n",
    '    """Add."""\n    return sum(people)\n```\n\n',
    "- one <img src=x onerror=\"document.title='ran'\">\n- two <script>document.title='ran'</script>\n",
    "- ![a picture](https://example.invalid/x.png)\n\n",
    "That is all.",
]


# Asked in the page, where nothing happens between the question and the answer.
STREAMS = """() => { const shown = document.querySelectorAll(".jp-CodeCell")[1];
  return shown.querySelector("table") && !shown.innerText.includes("That is all."); }"""
UNTRUSTED = Path(__file__).parents[2] / "vignettes" / "notebooks.ipynb"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def slow_service():
    with FakeService() as running:
        call = ToolCall("people", {"city": "Oslo", "year": 2024})
        bad = ToolCall("people", {"city": "Atlantis", "year": 2024})
        thoughts = ["The user asks ", "about cities. ", "I should look up how many people live there."]
        pace = Delivery(pause=0.25)
        running.script(
            Answer("Let me look that up.", reasoning=thoughts, tool_calls=[call, bad], delivery=pace),
            Answer(ANSWER, delivery=Delivery(pause=0.35)),
        )
        yield running


def cell(source):
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"c{len(source)}",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory, slow_service):
    """A JupyterLab of its own, with a notebook; gives the address of the notebook."""
    home = tmp_path_factory.mktemp("lab")
    setup = (
        "from chatkit import chat_openai_compatible\n"
        "def people(city: str, year: int) -> int:\n"
        '    """How many people live in a city."""\n'
        "    return {'Oslo': 717_710}[city]\n"
        f"chat = chat_openai_compatible({slow_service.base_url!r}, model='m')\n"
        "chat.register_tool(people)"
    )
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    book = {"cells": [cell(setup), cell("chat.chat('Compare Oslo and Bergen.')")], "metadata": metadata}
    (home / "talk.ipynb").write_text(json.dumps({**book, "nbformat": 4, "nbformat_minor": 5}))
    shutil.copy(UNTRUSTED, home)
    port = free_port()
    folders = {
        name: str(home / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    environment = {**os.environ, **folders, "HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
    ]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}", "--ServerApp.ip=127.0.0.1"]
    command += ["--allow-root"]
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    try:
        until_it_answers(f"http://127.0.0.1:{port}/api?token={TOKEN}", server, home / "log")
        yield f"http://127.0.0.1:{port}/lab/tree/talk.ipynb?token={TOKEN}"
    finally:
        server.terminate()
        server.wait(30)


def until_it_answers(url, server, log):
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None and time.monotonic() < deadline, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


@pytest.fixture(scope="module")
def page(lab, tmp_path_factory):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        page.goto(lab)
        # Only the notebook: no side bars, no launcher.
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        yield page
        page.screenshot(path=tmp_path_factory.getbasetemp() / "0-last.png")
        browser.close()


@pytest.fixture
def shot(page, tmp_path):
    """Take a picture; CHATKIT_SHOTS names a folder to keep it in."""

    def act(name):
        path = page.screenshot(path=tmp_path / f"{name}.png") and tmp_path / f"{name}.png"
        if kept := os.environ.get("CHATKIT_SHOTS"):
            shutil.copy(path, kept)

    return act


def start(page):
    """Run both cells."""
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.keyboard.press("Control+B")
    for _ in range(2):
        page.locator(".jp-CodeCell").nth(_).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(200)


def test_an_answer_streams_into_one_output_of_jupyterlab(page, shot):
    start(page)
    cell = page.locator(".jp-CodeCell").nth(1)
    output = cell.locator(".jp-OutputArea-output.jp-RenderedHTMLCommon")
    output.locator("details.chatkit-thinking[open]").wait_for(timeout=60_000)
    shot("1-thinking")
    page.wait_for_function(STREAMS, timeout=60_000)
    shot("2-during")
    output.get_by_text("That is all.").wait_for(timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.wait_for_timeout(300)
    shot("3-after")
    assert output.count() == 1
    assert output.locator("table td").all_inner_texts() == ["Oslo", "717,710", "Bergen", "291,940"]
    assert output.locator("pre code.language-python").count() == 1
    assert output.locator("details").count() == 3
    assert output.locator("details[open]").count() == 0
    assert output.locator("script, img").count() == 0
    assert output.locator("mjx-container").count() >= 1
    assert "javascript:" not in "".join(link.get_attribute("href") or "" for link in output.locator("a").all())
    assert page.evaluate("document.title") != "ran"
    for summary in output.locator("summary").all():
        summary.click()
    shot("4-unfolded")


def test_it_can_be_read_in_the_dark(page, shot):
    page.get_by_text("Settings", exact=True).first.click()
    page.get_by_text("Theme", exact=True).first.click()
    page.get_by_text("JupyterLab Dark", exact=True).first.click()
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'", timeout=60_000)
    page.keyboard.press("Escape")
    page.wait_for_timeout(1000)
    shot("5-dark")
    bright = """element => getComputedStyle(element).color.match(/\\d+/g).slice(0, 3).every(part => part > 150)"""
    assert page.locator(".chatkit-text p").first.evaluate(bright)


def test_a_notebook_that_is_not_trusted_reads_well(lab, page, shot):
    page.goto(lab.replace("talk.ipynb", UNTRUSTED.name))
    book = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)", has_text="In notebooks")
    table = book.locator(".jp-OutputArea-output table", has_text="2,495").first
    table.wait_for(timeout=60_000)
    table.scroll_into_view_if_needed()
    shot("6-untrusted")
    shown = book.locator(".jp-OutputArea-output")
    assert shown.locator("details summary", has_text="Thinking").first.is_visible()
    # Styles are taken out, and nothing that is left of them stands there as text.
    assert shown.locator("style").count() == 0
    assert "line-height" not in book.inner_text()
