"""Attachments through a chat: they reach a strict server, rows J1 to J8 change nothing, and all can be shown."""

import base64
import io

import pytest

from chatkit import BadRequestError, InternalServerError, MediaError, NotFoundError, chat_openai_compatible
from chatkit._http.download import Network
from chatkit._media.audio import content_audio_file
from chatkit._media.documents import content_document_file, content_pdf_file, content_pdf_url
from chatkit._media.images import content_image_file, content_image_plot, content_image_url
from chatkit._media.texts import content_text
from chatkit.testing import Answer, ErrorAnswer, ToolCall

PDF = b"%PDF-1.7\n\xff"
WAV = b"RIFF\0\0\0\0WAVEfmt "


@pytest.fixture
def png():
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def figure():
    from matplotlib.figure import Figure

    return Figure(figsize=(1, 1))


def test_an_image_and_a_text_reach_the_server(service, chat, talk, go_on, png, tmp_path):
    (tmp_path / "cat.png").write_bytes(png)
    service.say("A cat.")
    assert talk(chat, "What is this?", content_image_file(tmp_path / "cat.png", detail="low")) == "A cat."
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    assert service.requests[0].messages == [{"role": "user", "content": parts}]
    assert go_on(chat, talk)[0] == {"role": "user", "content": parts}


def test_every_kind_of_attachment_is_sent_and_shown(service, chat, talk, go_on, png, figure):
    service.say("Much.")
    contents = [
        content_text("All of this:"),
        content_image_url("https://x.test/a.png"),
        content_image_file(png, resize="low"),
        content_image_plot(figure, width=10, height=10),
        content_pdf_file(PDF, filename="a.pdf"),
        content_pdf_url("https://x.test/b.pdf"),
        content_document_file(b"a,b", filename="c.csv"),
        content_audio_file(WAV),
    ]
    talk(chat, *contents)
    kinds = [part["type"] for part in go_on(chat, talk)[0]["content"]]
    assert kinds == ["text", "image_url", "image_url", "image_url", "file", "file", "text", "input_audio"]
    shown = str(chat)
    for line in (
        "All of this:",
        "[remote image]: https://x.test/a.png",
        "[inline image]: image/png",
        "[document]: a.pdf (application/pdf)",
        "[remote document]: https://x.test/b.pdf",
        "[document]: c.csv (text/csv)",
        "[audio]: wav",
    ):
        assert line in shown
    assert "iVBOR" not in repr(chat)


def test_row_t7_media_out_of_tools(service, chat, talk, go_on, png, figure):
    made = {"plot": figure, "file": PDF, "both": [png, "a caption", content_audio_file(WAV)], "dict": {"it": png}}

    def make(what: str):
        """Make something."""
        return made[what]

    chat.register_tool(make)
    service.script(Answer(tool_calls=[ToolCall("make", {"what": what}, id=f"k-{what}") for what in made]), "Nice.")
    assert talk(chat, "Make all") == "Nice."
    messages = go_on(chat, talk)
    assert [message["role"] for message in messages[:8]] == ["user", "assistant", *["tool"] * 4, "user", "assistant"]
    assert messages[2]["content"] == "[Attached: 1 image, in the next message, marked with the id k-plot of this call.]"
    assert messages[4]["content"].startswith("a caption\n[Attached: 1 image, 1 audio, ")
    assert messages[5]["content"].startswith('{"it":"[attachment 1]"}\n[Attached: 1 image, ')
    told = [part.get("text", part["type"]) for part in messages[6]["content"]]
    heads = [f'<attachments tool_call_id="k-{what}" tool="make">' for what in made]
    end = "</attachments>"
    assert told == [
        *(heads[0], "image_url", end),
        *(heads[1], "file", end),
        *(heads[2], "image_url", "input_audio", end),
        *(heads[3], "image_url", end),
    ]
    assert "[inline image]: image/png" in str(chat)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: content_image_file("no-such-file.png"), id="j1"),
        pytest.param(lambda: content_image_file(b"<svg/>"), id="j2"),
        pytest.param(lambda: content_image_file(b"\x89PNG\r\n\x1a\n" + bytes(20_000_000)), id="j3"),
        pytest.param(lambda: content_image_url("data:image/png;base64,?"), id="j4"),
        pytest.param(lambda: content_image_url("file:///etc/passwd"), id="j5"),
        pytest.param(lambda: content_image_url("http://2130706433/", fetch=True), id="j6"),
        pytest.param(lambda: content_pdf_url("http://x.invalid/", fetch=True), id="j7"),
    ],
)
def test_j1_to_j7_nothing_is_sent_and_the_chat_is_as_it_was(make, service, chat, talk, go_on, monkeypatch):
    monkeypatch.setattr("chatkit._http.download.PUBLIC", Network(look_up=lambda host, port: []))
    service.say("Hello.")
    talk(chat, "Hi")
    before = chat.turns
    with pytest.raises(MediaError):
        talk(chat, "Look:", make())
    assert chat.turns == before
    assert len(service.requests) == 1
    go_on(chat, talk)


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (400, "m is not a multimodal model", BadRequestError),
        (400, "Invalid content type. image_url is only supported by certain models.", BadRequestError),
        (404, "No endpoints found that support image input", NotFoundError),
        (500, "image input is not supported - hint: you may need to provide the mmproj", InternalServerError),
    ],
)
def test_j8_a_model_that_cannot_see(status, said, error, service, make_chat, talk, png):
    chat = make_chat(max_retries=0)
    service.script(ErrorAnswer(status, {"error": {"message": said}}))
    with pytest.raises(error) as caught:
        talk(chat, "Look:", content_image_file(png))
    message = str(caught.value)
    assert said in message
    assert "The server complains about an image: does the model 'm' take images, as vision models do?" in message
    assert chat.turns == []


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("input_audio is not supported", "complains about sound: does the model 'm' take sound?"),
        ("unknown part type 'file'", "complains about a document: does the model 'm' take PDFs and other files?"),
    ],
)
def test_j8_nor_hear_nor_read_documents(said, hint, service, chat, talk):
    service.script(ErrorAnswer(400, {"error": {"message": said}}))
    with pytest.raises(BadRequestError) as caught:
        talk(chat, "Hark:", content_audio_file(WAV))
    assert hint in str(caught.value)


def test_j8_a_models_own_name_is_no_complaint_about_images(service, talk):
    chat = chat_openai_compatible(service.base_url, model="org/vision-1", echo="none")
    service.script(ErrorAnswer(404, {"error": {"message": "The model `org/vision-1` does not exist"}}))
    with pytest.raises(NotFoundError, match="Is the name of the model right"):
        talk(chat, "Hi")
