"""The README tells the truth: its commands, its names and its examples."""

import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

import chatkit
import chatkit.testing
from chatkit.testing import OfflineService

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_there_are_two_commands_and_ci_runs_the_second():
    demo, check = (block.strip() for block in blocks("sh"))
    assert demo.endswith(".venv/bin/chatkit demo")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"command=\$\((sed .*README\.md)\)", script)[1]
    read = subprocess.run(["bash", "-c", found], cwd=ROOT, capture_output=True, text=True, check=True)
    assert read.stdout.strip() == check
    assert check.endswith("tests/check.py")


def test_the_example_for_tests_runs_as_it_stands():
    exec(blocks("python")[-1], {})


def test_the_first_example_runs_with_the_stand_in(monkeypatch, capsys, tmp_path):
    real = chatkit.chat_huggingface
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8), "navy").save("photo.jpg")
    with OfflineService() as service:
        monkeypatch.setattr(
            chatkit, "chat_huggingface", lambda *given, **more: real(*given, base_url=service.base_url, **more)
        )
        exec(blocks("python")[0], {})
    shown = capsys.readouterr().out
    assert "add" in shown
    assert "42" in shown
    assert len(chatkit.Chat.load("berlin.json", tools=[add])) == 14


def add(a: int, b: int) -> int:
    return a + b


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_it_links_to_is_there(link):
    assert (ROOT / link).exists()


def test_the_names_in_its_text_are_names_of_chatkit():
    for name in re.findall(r"`(chat_\w+|params|Chat|Stream\w*Error)\b", README):
        assert hasattr(chatkit, name), name


def test_the_calls_in_its_text_can_be_made():
    owners = chatkit, chatkit.Chat, chatkit.Stream, chatkit.testing
    called = re.findall(r"`(?:await |chat\.|Chat\.|\.|@)?(\w+)\(", README)
    assert len(called) > 40
    for name in called:
        assert any(hasattr(owner, name) for owner in owners), name
