"""Results that hold media: pictures, plots, documents and sound, alone, in lists and in dictionaries (row T7)."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pandas as pd
import polars as pl
import pytest
from PIL import Image

from chatkit._media.kinds import kind_of
from chatkit._tools.results import result_of
from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentDocumentRemote,
    ContentImageInline,
    ContentImageRemote,
    ContentJson,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
)

REQUEST = ContentToolRequest("call_1", "it", {})
PDF = b"%PDF-1.7\n\xff\xfe"
REMOTE = ContentImageRemote("https://x.test/a.png")
AUDIO = ContentAudio("wav", "UklGRg==")


@pytest.fixture
def figure():
    from matplotlib.figure import Figure

    made = Figure(figsize=(2, 1))
    made.subplots().plot([1, 2])
    return made


def png_size(content: Any) -> tuple[int, int]:
    assert isinstance(content, ContentImageInline)
    return Image.open(io.BytesIO(base64.b64decode(content.data))).size


def good(value: Any) -> ContentToolResult:
    result = result_of(value, REQUEST)
    assert result.error is None, result.error
    return result


def error_of(value: Any) -> str:
    result = result_of(value, REQUEST)
    assert result.error is not None
    assert result.attachments == ()
    return result.error


def test_t7_a_figure_is_attached_as_png_in_its_own_size(figure):
    result = good(figure)
    assert png_size(result.attachments[0]) == (200, 100)
    assert tuple(figure.get_size_inches()) == (2, 1)


def test_t7_axes_stand_for_their_figure(figure):
    assert png_size(good(figure.axes[0]).attachments[0]) == (200, 100)


def test_t7_a_picture_is_attached_as_png():
    assert png_size(good(Image.new("RGB", (3, 2))).attachments[0]) == (3, 2)


def test_t7_a_picture_in_colours_that_png_does_not_know_is_converted():
    assert png_size(good(Image.new("CMYK", (3, 2))).attachments[0]) == (3, 2)


def test_t7_bytes_of_a_pdf_become_a_document():
    result = good(PDF)
    document = ContentDocument("application/pdf", base64.b64encode(PDF).decode(), "document.pdf")
    assert result.attachments == (document,)
    assert "1 document" in result.text


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (REMOTE, "1 image"),
        (AUDIO, "1 audio"),
        (ContentDocument("text/plain", "eA=="), "1 document"),
        (ContentDocumentRemote("https://x.test/a.pdf"), "1 document"),
    ],
)
def test_t7_contents_are_attached_as_they_are(value, count):
    result = good(value)
    assert result.attachments == (value,)
    assert f"[Attached: {count}, in the next message, marked with the id call_1 " in result.text


def test_a_list_may_mix_contents_and_plain_values(figure):
    result = good(["first", REMOTE, {"n": 1}, figure, ContentJson({"a": 1}, '{"a": 1}'), AUDIO, PDF])
    assert result.text.startswith('first\n{"n":1}\n{"a": 1}\n[Attached: 2 images, 1 audio, 1 document, in ')
    assert [item.type for item in result.attachments] == ["image_remote", "image_inline", "audio", "document"]


def test_a_dictionary_says_where_its_media_belong():
    result = good({"caption": ContentText("A cat"), "photo": Image.new("L", (1, 1)), "n": 2, "file": PDF})
    text, _, pointer = result.text.partition("\n")
    assert json.loads(text) == {"caption": "A cat", "photo": "[attachment 1]", "n": 2, "file": "[attachment 2]"}
    assert pointer.startswith("[Attached: 1 image, 1 document")
    assert [item.type for item in result.attachments] == ["image_inline", "document"]


def test_attachments_are_numbered_as_they_follow():
    picture = Image.new("L", (1, 1))
    result = good(ContentToolResult([REMOTE, {"a": picture, "b": PDF}, {"c": 1}], attachments=(AUDIO,)))
    assert result.text.startswith('{"a":"[attachment 2]","b":"[attachment 3]"}\n{"c":1}\n[Attached: ')
    assert [item.type for item in result.attachments] == ["image_remote", "image_inline", "document", "audio"]


def test_a_typed_answer_is_told_in_its_own_words():
    assert good(ContentJson([1], "[ 1 ]")).text == "[ 1 ]"


def test_case_43_data_frames_become_rows():
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    for frame in (pd.DataFrame(rows), pl.DataFrame(rows)):
        assert json.loads(good(frame).text) == rows


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("a", "auto", "a"),
        ("a", "json", '"a"'),
        ([1], "json", "[1]"),
        ([1, None], "str", "[1, None]"),
        (1.5, "str", "1.5"),
        ("{}", "as_is", "{}"),
        (REMOTE, "str", str(REMOTE)),
    ],
)
def test_model_format_is_obeyed(value, form, text):
    result = good(ContentToolResult(value, model_format=form))
    assert (result.text, result.value, result.attachments) == (text, value, ())


def test_a_text_that_is_given_goes_before_model_format():
    assert good(ContentToolResult([1], text="one", model_format="json")).text == "one"


def test_as_is_must_be_a_text():
    error = error_of(ContentToolResult({"a": 1}, model_format="as_is"))
    assert 'with model_format="as_is" it must be a text, not dict' in error


def test_an_unknown_model_format_names_those_there_are():
    error = error_of(ContentToolResult("a", model_format="xml"))  # type: ignore[arg-type]
    assert "model_format must be one of auto, json, str, as_is, not 'xml'" in error


def test_a_figure_that_cannot_be_drawn_is_an_error(figure):
    figure.axes[0].set_title("$\\nonsense$")
    assert "The plot, a Figure, cannot be drawn: " in error_of(figure)


def test_row_h11_binary_data_of_a_known_kind_is_named():
    assert "(a gzip archive (application/gzip))" in error_of(b"\x1f\x8b\x08\xff")
    assert kind_of(b"\x1f\x8b\x08\xff") == "application/gzip"


def test_a_class_with_savefig_is_no_figure():
    from matplotlib.figure import Figure

    assert "type type" in error_of(Figure)


def test_attachments_that_a_tool_gives_are_checked_when_it_has_run():
    picture = Image.new("RGB", (3, 2))
    result = good(ContentToolResult("see", attachments=[picture, REMOTE]))  # type: ignore[arg-type]
    assert png_size(result.attachments[0]) == (3, 2)
    assert result.attachments[1] is REMOTE
    error = error_of(ContentToolResult("see", attachments=("a.png",)))  # type: ignore[arg-type]
    assert error.endswith("cannot be sent to a model: str is nothing to attach")
    assert "nothing to attach" in error_of(ContentToolResult(error="no", attachments=(5,)))  # type: ignore[arg-type]


def test_an_error_may_have_attachments_too():
    result = result_of(ContentToolResult(error="too dark", attachments=(REMOTE,)), REQUEST)
    assert result.error == "too dark"
    assert result.text.startswith("too dark\n[Attached: 1 image, ")


def test_what_only_has_a_mode_and_saves_is_no_picture():
    class Settings:
        mode = "fast"

        def save(self):
            raise AssertionError

    assert "Settings is not known to JSON" in error_of(Settings())
