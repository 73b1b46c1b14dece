"""Results: any value has a defined outcome when the tool runs (case 43, row H11)."""

from __future__ import annotations

import base64
import collections
import dataclasses
import datetime
import decimal
import enum
import io
import json
import pickle
import types
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, computed_field

from chatkit._tools.results import failed, result_of
from chatkit._tools.text import MAX_CHARACTERS, shortened
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import (
    ContentImageInline,
    ContentImageRemote,
    ContentText,
    ContentToolRequest,
    ContentToolResult,
)

REQUEST = ContentToolRequest("call_1", "it", {})
PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
IMAGE = ContentImageRemote("https://example.org/a.png")


class Color(enum.Enum):
    RED = "red"


class Word(enum.StrEnum):
    YES = "yes"


class Place(BaseModel):
    city: str
    key: SecretStr = SecretStr("hush")


class Broken(BaseModel):
    @computed_field
    @property
    def it(self) -> int:
        raise KeyError("it")


@dataclasses.dataclass
class Pair:
    left: int
    right: Any


class Opaque:
    pass


class PandasFrame:
    """Looks like a data frame of pandas."""

    columns = ("a",)

    def to_json(self, orient: str, date_format: str) -> str:
        assert (orient, date_format) == ("records", "iso")
        return '[{"a":1},{"a":null}]'


class PolarsFrame:
    """Looks like a data frame of polars."""

    columns = ("a",)

    def to_dicts(self) -> list[dict[str, Any]]:
        return [{"a": datetime.date(2024, 1, 1)}]


class Array:
    """Looks like an array of numpy."""

    def tolist(self) -> list[float]:
        return [1.5, 2.5]


class Series:
    """Looks like a series of polars."""

    def to_list(self) -> list[int]:
        return [1, 2]


class Picture:
    """Looks like an image of Pillow."""

    mode = "RGB"
    tobytes = bytes

    def save(self, file: io.BytesIO, format: str) -> None:
        file.write(PNG + format.encode())


class BadPicture(Picture):
    def save(self, file: io.BytesIO, format: str) -> None:
        raise OSError("cannot write mode CMYK as PNG")


def pointer(what: str) -> str:
    return f"[Attached: {what}, in the next message, marked with the id call_1 of this call.]"


def text_of(value: Any) -> str:
    result = result_of(value, REQUEST)
    assert result.error is None
    assert result.request is REQUEST
    assert result.attachments == ()
    assert result.text is not None
    return result.text


def error_of(value: Any) -> str:
    result = result_of(value, REQUEST)
    assert result.error is not None
    assert result.text == result.error
    assert result.request is REQUEST
    assert pickle.loads(pickle.dumps(result)) == result
    return result.error


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("wörd", "wörd"),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        (float("nan"), '"NaN"'),
        ([1, float("inf")], '[1,"Infinity"]'),
        (["a", "b"], '["a","b"]'),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ((), "[]"),
        ({1}, "[1]"),
        (collections.deque([1]), "[1]"),
        (range(3), "[0,1,2]"),
        ({"a": 1}.keys(), '["a"]'),
        (types.MappingProxyType({"a": 1}), '{"a":1}'),
        (Pair(1, Color.RED), '{"left":1,"right":"red"}'),
        (Place(city="Oslo"), '{"city":"Oslo","key":"**********"}'),
        (Color.RED, '"red"'),
        (Word.YES, '"yes"'),
        (datetime.datetime(2024, 1, 2, 3), '"2024-01-02T03:00:00"'),
        (decimal.Decimal("1.50"), '"1.50"'),
        (uuid.UUID(int=0), '"00000000-0000-0000-0000-000000000000"'),
        (PandasFrame(), '[{"a":1},{"a":null}]'),
        (PolarsFrame(), '[{"a":"2024-01-01"}]'),
        ({"frame": PandasFrame(), "array": Array()}, '{"frame":[{"a":1},{"a":null}],"array":[1.5,2.5]}'),
        (Series(), "[1,2]"),
        (b"plain \xc3\xa9", "plain é"),
        (bytearray(b"plain"), "plain"),
        (memoryview(b"plain"), "plain"),
        ([memoryview(b"plain")], '["plain"]'),
        (ContentText("said"), "said"),
        ([ContentText("said"), "more", 3], "said\nmore\n3"),
        ("\ud83d\ude00 \ud800", "😀 \N{REPLACEMENT CHARACTER}"),
        ({"a": "\ud800", "b": {1}}, '{"a":"\N{REPLACEMENT CHARACTER}","b":[1]}'),
    ],
)
def test_case_43_values_become_text(value, text):
    assert text_of(value) == text


def test_the_value_stays_what_the_tool_returned():
    value = {"a": object}
    assert result_of([1], REQUEST).value == [1]
    assert result_of(value["a"], REQUEST).value is None
    assert result_of(memoryview(b"x"), REQUEST).value == b"x"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (WEBP, "image/webp"),
        (bytearray(PNG), "image/png"),
        (memoryview(PNG), "image/png"),
    ],
)
def test_row_t7_bytes_of_an_image_are_attached(data, media_type):
    result = result_of(data, REQUEST)
    assert result.attachments == (ContentImageInline(media_type, base64.b64encode(data).decode()),)
    assert result.text == pointer("1 image")


def test_row_t7_images_and_contents_are_attached():
    assert result_of(IMAGE, REQUEST).attachments == (IMAGE,)
    picture = result_of(Picture(), REQUEST).attachments[0]
    assert isinstance(picture, ContentImageInline)
    assert base64.b64decode(picture.data) == PNG + b"PNG"


def test_a_list_of_contents_becomes_text_and_attachments():
    result = result_of([IMAGE, ContentText("see"), "these", Picture(), {"n": 2}], REQUEST)
    assert result.text == 'see\nthese\n{"n":2}\n' + pointer("2 images")
    assert len(result.attachments) == 2
    assert result_of((IMAGE, IMAGE), REQUEST).text == pointer("2 images")


def test_a_result_is_used_as_it_is():
    given = ContentToolResult({"a": 1}, extra={"html": "<b>"}, attachments=(IMAGE,))
    result = result_of(given, REQUEST)
    assert result == dataclasses.replace(given, request=REQUEST, text='{"a":1}\n' + pointer("1 image"))
    assert result_of(ContentToolResult(object(), text="short"), REQUEST).text == "short"
    assert result_of(ContentToolResult(text=" ", attachments=(IMAGE,)), REQUEST).text == pointer("1 image")


def test_an_error_result_is_used_as_it_is():
    assert result_of(ContentToolResult(error="no"), REQUEST).text == "no"
    worded = result_of(ContentToolResult(error="no", text="no, sorry"), REQUEST)
    assert (worded.error, worded.text, worded.request) == ("no", "no, sorry", REQUEST)


def test_a_result_whose_value_cannot_be_sent_keeps_what_is_extra():
    result = result_of(ContentToolResult(Opaque(), extra={"a": 1}), REQUEST)
    assert result.extra == {"a": 1}
    assert result.value is None
    assert result.error is not None


def test_case_43_a_returned_exception_is_an_error():
    assert error_of(ValueError("too cold")) == "Tool `it` failed: ValueError: too cold"
    assert error_of(KeyboardInterrupt()) == "Tool `it` failed: KeyboardInterrupt"


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_cannot_be_told_is_named():
    assert error_of(Mute()) == "Tool `it` failed: Mute"


def test_row_h11_binary_data_names_type_and_size():
    error = error_of(b"\xff" * 2048)
    assert "bytes" in error
    assert "2,048" in error


def nested(depth: int) -> list[Any]:
    nest: list[Any] = []
    for _ in range(depth):
        nest = [nest]
    return nest


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Opaque(), "Opaque"),
        ([1, Opaque()], "list"),
        (Broken(), "Broken"),
        (BadPicture(), "BadPicture"),
        ([BadPicture()], "list"),
        (nested(50_000), "list"),
        (Opaque, "type"),
        (ContentToolResult(text=5), "NoneType"),  # type: ignore[arg-type]
        ([b"\xff"], "list"),
    ],
)
def test_row_h11_what_cannot_be_sent_names_its_type(value, kind):
    assert error_of(value).startswith(f"Tool `it` returned a value of type {kind} that cannot be sent to a model: ")


def test_row_h11_the_type_inside_is_named_too():
    assert "Opaque" in error_of({"a": [Opaque()]})


def test_row_h11_a_circle_is_an_error():
    circle: list[Any] = []
    circle.append(circle)
    assert "ircular" in error_of(circle)


def test_row_h11_ten_megabytes_are_cut_with_a_note():
    text = text_of("x" * 10_000_000)
    assert text[:MAX_CHARACTERS] == "x" * MAX_CHARACTERS
    assert text[MAX_CHARACTERS:] == "\n[... truncated: the first 100,000 of 10,000,000 characters are shown]"
    assert len(text_of(list(range(100_000)))) < MAX_CHARACTERS + 100
    assert len(error_of(ValueError("y" * 1_000_000))) < MAX_CHARACTERS + 100


def test_text_that_fits_is_not_touched():
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3).startswith("abc\n[... truncated: the first 3 of 4 ")
    assert whole_characters("😀") == "😀"


def test_errors_are_readable_too():
    assert failed(REQUEST, "a\ud800").text == "a\N{REPLACEMENT CHARACTER}"


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(), st.lists(st.none() | st.booleans() | st.integers() | st.text(), max_size=3)))
def test_json_reads_back_and_can_be_encoded(value):
    text = text_of(value)
    assert text.encode()
    if "\N{REPLACEMENT CHARACTER}" not in text:
        assert json.loads(text) == value
