"""The shared exams, sat by both constructors over the Responses wire.

The exams look at requests in the words of Chat Completions, so they are shown them in those words.
"""

import inspect
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatkit import Chat, MediaError, chat_huggingface, chat_openai_compatible, content_pdf_file
from chatkit.testing import FakeService, check_responses_request

PROVIDERS = {"openai_compatible": (chat_openai_compatible, "openai"), "huggingface": (chat_huggingface, "huggingface")}
# The stand-in model speaks Chat Completions only. PDFs are looked at below, errors in `test_responses_failures.py`:
# where an answer is cut depends on the wire.
ELSEWHERE = {"offline_model", "pdf", "errors"}
COUNTING = {"simple_request", "streaming"}
EXAMS = [
    exam
    for exam in runpy.run_path(str(Path(__file__).with_name("test_exams.py")))["EXAMS"]
    if exam.__name__.removeprefix("examine_") not in ELSEWHERE
]


def part_in_words(part):
    match part["type"]:
        case "input_text" | "output_text":
            return {"type": "text", "text": part["text"]}
        case "input_image":
            return {"type": "image_url", "image_url": {"url": part["image_url"]}}
    raise AssertionError(part)


def in_words(item):
    """An input item as a message of Chat Completions."""
    kind = item.get("type")
    if kind == "function_call_output":
        return {"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]}
    if kind == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"]}
        return {"role": "assistant", "tool_calls": [{"id": item["call_id"], "type": "function", "function": function}]}
    content = item["content"]
    if isinstance(content, list):
        content = [part_in_words(part) for part in content]
        if len(content) == 1 and content[0]["type"] == "text":
            content = content[0]["text"]
    return {"role": item["role"], "content": content}


class Shown:
    """A service whose requests are shown in the words of Chat Completions."""

    def __init__(self, service):
        self._service = service
        self.say, self.script, self.base_url = service.say, service.script, service.base_url

    @property
    def requests(self):
        return [self._shown(request) for request in self._service.requests if request.method == "POST"]

    def _shown(self, request):
        format = request.json.get("text", {}).get("format")
        return SimpleNamespace(
            messages=[in_words(item) for item in request.items], json={**request.json, "response_format": format}
        )


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("exam", EXAMS, ids=lambda exam: exam.__name__.removeprefix("examine_"))
def test_exam_over_responses(provider, exam, tmp_path):
    construct, flavour = PROVIDERS[provider]
    counted = {"usage": "finish"} if exam.__name__.removeprefix("examine_") in COUNTING else {}

    def make(**options):
        options.setdefault("base_url", service.base_url)
        return construct(model="org/name", echo="none", max_retries=0, api="responses", **options)

    with FakeService(strict=True, responses=flavour) as service:
        shown = Shown(service)
        # The router counts tokens only where the provider behind it volunteers them.
        shown.say = lambda *deltas, **fields: service.say(*deltas, **{**counted, **fields})
        given = {"tmp_path": tmp_path} if "tmp_path" in inspect.signature(exam).parameters else {}
        exam(make, shown, **given)
        posted = [request for request in service.requests if request.method == "POST"]
        assert posted
        for request in posted:
            assert request.path == "/v1/responses"
            assert check_responses_request(request.json, flavour) == []


def test_a_pdf_goes_to_servers_that_take_files():
    with FakeService(strict=True, responses="openai") as service:
        chat = chat_openai_compatible(service.base_url, model="m", api="responses", echo="none")
        service.say("One page.")
        assert chat.chat("How long?", content_pdf_file(b"%PDF-1.4\n%%EOF\n", filename="short.pdf")) == "One page."
        part = service.requests[0].items[0]["content"][1]
        assert (part["type"], part["filename"]) == ("input_file", "short.pdf")
        assert part["file_data"].startswith("data:application/pdf;base64,")


def test_a_pdf_is_refused_for_hugging_face_before_anything_is_sent():
    with FakeService(strict=True) as service:
        chat = chat_huggingface(base_url=service.base_url, model="m", api="responses", echo="none")
        with pytest.raises(MediaError, match=r"takes text and images, but not the document 'short.pdf'") as caught:
            chat.chat("How long?", content_pdf_file(b"%PDF-1.4\n%%EOF\n", filename="short.pdf"))
        assert 'api="chat_completions"' in str(caught.value)
        assert (service.requests, chat.turns) == ([], [])


def test_a_chat_is_saved_with_its_wire(tmp_path):
    with FakeService(strict=True) as service:
        chat = chat_huggingface(base_url=service.base_url, model="m", api="responses", echo="none")
        service.script("Four.", "Five.", "Six.")
        chat.chat("2 + 2?")
        chat.save(tmp_path / "chat.json")
        again = Chat.load(tmp_path / "chat.json", echo="none")
        assert again.chat("2 + 3?") == "Five."
        assert again.clone().chat("3 + 3?") == "Six."
        assert [request.path for request in service.requests] == ["/v1/responses"] * 3
        assert json.loads((tmp_path / "chat.json").read_text())["provider"]["api"] == "responses"
