"""Exporting to files: the ending chooses, the file is whole or not there."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit import ConfigError, chat_openai_compatible
from chatkit import _writing as writing
from chatkit._render.export import export, render_export
from chatkit._turns.contents import ContentText
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit._writing import write_whole

TURNS = [UserTurn("Hi, Grüße 👋"), AssistantTurn("a\r\nb <c>")]


@pytest.mark.parametrize("name", ["talk.md", "talk.html", "talk.ipynb", "TALK.MD", "a.b.Html"])
def test_the_ending_chooses_the_form(tmp_path, name):
    path = export(TURNS, tmp_path / name, title="T")
    assert path == tmp_path / name
    assert path.read_bytes().decode() == render_export(path.suffix, TURNS, title="T")
    assert list(tmp_path.iterdir()) == [path]


def test_markdown_keeps_texts_exactly(tmp_path):
    path = export(TURNS, str(tmp_path / "talk.md"), title="A #1 [talk]")
    assert path.read_bytes().decode() == (
        "# A \\#1 \\[talk\\]\n\n## User\n\nHi, Grüße 👋\n\n## Assistant\n\na\r\nb <c>\n"
    )


@pytest.mark.parametrize("name", ["talk.pdf", "talk", ".md", "talk.md.bak"])
def test_an_unknown_ending_names_the_known_ones(tmp_path, name):
    with pytest.raises(ConfigError, match=r"`\.md` .* `\.html` .* `\.ipynb`"):
        export(TURNS, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", [None, 3, b"a.md", Path, "a\0.md"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ConfigError, match="`path`"):
        export(TURNS, path)


def test_what_cannot_be_exported_is_refused_before_anything_is_written(tmp_path):
    for wrong, title in ((3, "T"), (ContentText("a"), "T"), (TURNS, 3)):
        with pytest.raises(ConfigError):
            export(wrong, tmp_path / "talk.md", title=title)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".md", ".html", ".ipynb"])
def test_the_system_prompt_is_in_it_only_when_asked_for(tmp_path, suffix):
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", system_prompt="CANARY").add_turn("Hi", "Hello")
    path = tmp_path / f"talk{suffix}"
    assert "CANARY" not in export(chat, path).read_text("utf-8")
    assert "CANARY" in export(chat, path, include_system_prompt=True).read_text("utf-8")


@pytest.mark.parametrize("suffix", [".md", ".html", ".ipynb"])
def test_a_key_is_in_no_export(tmp_path, suffix):
    chat = chat_openai_compatible("http://127.0.0.1:9/v1", model="m", credentials=lambda: "sk-canary")
    chat.add_turn("Hi", "Hello")
    text = export(chat, tmp_path / f"talk{suffix}", include_system_prompt=True).read_text("utf-8")
    assert "sk-canary" not in text


def test_half_a_surrogate_pair_does_not_stop_the_export(tmp_path):
    for suffix in (".md", ".html", ".ipynb"):
        path = export([UserTurn("a\ud800b \ud83d\udc4b")], tmp_path / f"talk{suffix}", title="\udfff")
        assert "a\ufffdb 👋" in path.read_text("utf-8")
    json.loads((tmp_path / "talk.ipynb").read_text("utf-8"))


def test_a_missing_folder_is_an_error_that_keeps_the_path(tmp_path):
    path = tmp_path / "no" / "talk.md"
    with pytest.raises(FileNotFoundError) as caught:
        export(TURNS, path)
    assert caught.value.filename == str(path)
    assert caught.value.__context__ is None


def test_a_folder_of_that_name_is_left_alone(tmp_path):
    path = tmp_path / "talk.md"
    path.mkdir()
    with pytest.raises(OSError) as caught:
        export(TURNS, path)
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "talk.md"
    path.write_text("old")
    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(OSError) as caught:
        export(TURNS, path)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export(TURNS, tmp_path / "talk.md")
    assert not list(tmp_path.iterdir())


def test_a_new_file_is_private_and_an_old_one_keeps_its_rights(tmp_path):
    path = tmp_path / "talk.md"
    write_whole(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_whole(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.read_text() == "two"


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(tmp_path):
    other = tmp_path / "other.md"
    other.write_text("other")
    (tmp_path / "talk.md").symlink_to(other)
    export(TURNS, tmp_path / "talk.md")
    assert other.read_text() != "other"
    assert (tmp_path / "talk.md").is_symlink()


def test_the_parser_of_markdown_is_imported_only_when_html_is_made():
    code = (
        "import sys, chatkit._render.export as e, chatkit._render.text; from chatkit import UserTurn;"
        "e.render_export('.md', [UserTurn('a')]); print('markdown_it' in sys.modules, 'pydantic' in sys.modules);"
        "e.render_export('.html', [UserTurn('a')]); print('markdown_it' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True"]
