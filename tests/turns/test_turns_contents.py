"""Contents at a prompt: what they hold is told, megabytes of it are not."""

from __future__ import annotations

import pickle

import pytest

from chatkit._turns.contents import (
    ContentAudio,
    ContentDocument,
    ContentImageInline,
    ContentToolRequest,
    ContentToolResult,
)


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (40, repr("A" * 40)),
        (44, "<33 bytes in base64>"),
        (4_000, "<3 kB in base64>"),
        (7_000_000, "<5.25 MB in base64>"),
    ],
)
def test_the_repr_of_media_tells_the_size_of_long_data(length: int, told: str) -> None:
    data = "A" * length
    assert repr(ContentImageInline("image/png", data)) == (
        f"ContentImageInline(media_type='image/png', data={told}, detail='auto')"
    )
    assert repr(ContentDocument("application/pdf", data, "a.pdf")) == (
        f"ContentDocument(media_type='application/pdf', data={told}, filename='a.pdf')"
    )
    assert repr(ContentAudio("wav", data)) == f"ContentAudio(format='wav', data={told})"


def test_media_of_one_size_still_differ_and_survive_pickling() -> None:
    one, other = ContentImageInline("image/png", "A" * 400), ContentImageInline("image/png", "B" * 400)
    assert one != other
    assert pickle.loads(pickle.dumps(one)) == one
    assert hash(one) == hash(ContentImageInline("image/png", "A" * 400))


def test_the_repr_of_a_result_leaves_out_what_was_not_said() -> None:
    request = ContentToolRequest("call_1", "add", {"a": 1})
    assert repr(ContentToolResult(0, request=request)) == (
        f"ContentToolResult(value=0, request={request!r}, attachments=(), model_format='auto')"
    )
    assert repr(ContentToolResult(error="No.")) == "ContentToolResult(error='No.', attachments=(), model_format='auto')"


def test_the_repr_of_a_result_does_not_tell_long_values() -> None:
    picture = ContentImageInline("image/png", "A" * 4_000_000)
    result = ContentToolResult(bytes(5_000_000), text="x" * 5_000, attachments=(picture,))
    told = repr(result)
    assert "value=<5000000 bytes>" in told
    assert "(5002 characters)" in told
    assert "<3 MB in base64>" in told
    assert len(told) < 2_000


def test_the_repr_of_a_result_bears_values_without_a_plain_truth() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("not to be compared")

        __hash__ = None  # type: ignore[assignment]

        def __repr__(self) -> str:
            return "<odd>"

    assert "value=<odd>" in repr(ContentToolResult(Odd()))
