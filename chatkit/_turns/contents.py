"""What a turn is made of: text, thinking, media, JSON, tool requests and tool results, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from chatkit._turns.shown import Shown

_REPR_CHARACTERS = 1000


def _size_of(data: str) -> str:
    # A repr is for a prompt, a log or a failed assertion: megabytes of base64 help nobody there.
    size = float(len(data) * 3 // 4)
    if len(data) <= 40:
        return repr(data)
    for unit in ("bytes", "kB"):
        if size < 1000:
            return f"<{size:.3g} {unit} in base64>"
        size /= 1000
    return f"<{size:.3g} MB in base64>"


def _brief(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    told = repr(value)
    return told if len(told) <= _REPR_CHARACTERS else f"{told[:_REPR_CHARACTERS]}... ({len(told)} characters)"


@dataclass(frozen=True, slots=True)
class ContentText(Shown):
    """Plain or Markdown text.

    Args:
        text: The text, exactly as written or received.
    """

    text: str
    type: ClassVar[Literal["text"]] = "text"


@dataclass(frozen=True, slots=True)
class ContentThinking(Shown):
    """What a reasoning model thought before it answered; never part of the answer's text.

    Args:
        thinking: The text of the thoughts.
    """

    thinking: str
    type: ClassVar[Literal["thinking"]] = "thinking"


@dataclass(frozen=True, slots=True)
class ContentImageRemote(Shown):
    """An image that the server fetches by itself.

    Args:
        url: An http(s) URL; it is passed on, not downloaded.
        detail: "auto", "low" or "high": how closely the model looks.
    """

    url: str
    detail: Literal["auto", "low", "high"] = "auto"
    type: ClassVar[Literal["image_remote"]] = "image_remote"


@dataclass(frozen=True, slots=True)
class ContentImageInline(Shown):
    """An image sent along.

    Args:
        media_type: For example "image/png".
        data: The bytes in base64, without line breaks.
        detail: "auto", "low" or "high": how closely the model looks.
    """

    media_type: str
    data: str
    detail: Literal["auto", "low", "high"] = "auto"
    type: ClassVar[Literal["image_inline"]] = "image_inline"

    def __repr__(self) -> str:
        data = _size_of(self.data)
        return f"ContentImageInline(media_type={self.media_type!r}, data={data}, detail={self.detail!r})"


@dataclass(frozen=True, slots=True)
class ContentDocument(Shown):
    """A PDF or another document sent along.

    Args:
        media_type: For example "application/pdf" or "text/markdown".
        data: The bytes in base64, without line breaks.
        filename: What the model is told the file is called.
    """

    media_type: str
    data: str
    filename: str = "document"
    type: ClassVar[Literal["document"]] = "document"

    def __repr__(self) -> str:
        data = _size_of(self.data)
        return f"ContentDocument(media_type={self.media_type!r}, data={data}, filename={self.filename!r})"


@dataclass(frozen=True, slots=True)
class ContentDocumentRemote(Shown):
    """A PDF or another document that the server fetches by itself; few servers can.

    Args:
        url: An http(s) URL; it is passed on, not downloaded.
        filename: What the model is told the file is called.
    """

    url: str
    filename: str = "document.pdf"
    type: ClassVar[Literal["document_remote"]] = "document_remote"


@dataclass(frozen=True, slots=True)
class ContentAudio(Shown):
    """Sound sent along.

    Args:
        format: The short name that servers want: "wav" or "mp3", for some "flac", "ogg", "m4a", "aac", "webm".
        data: The bytes in base64, without line breaks.
    """

    format: str
    data: str
    type: ClassVar[Literal["audio"]] = "audio"

    def __repr__(self) -> str:
        return f"ContentAudio(format={self.format!r}, data={_size_of(self.data)})"


@dataclass(frozen=True, slots=True)
class ContentJson(Shown):
    """A typed answer: the JSON that the model wrote, and what it says.

    Args:
        data: The JSON value. Not to be changed.
        text: The JSON text; it is what is sent back to the model.
    """

    data: Any
    text: str
    type: ClassVar[Literal["json"]] = "json"

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class ContentToolRequest(Shown):
    """The model asks for a tool to be called. Data only: nothing here can run.

    Args:
        id: Unique within its turn; the result refers to it.
        name: The tool's name as the model gave it.
        arguments: The arguments, or None when the model's text was not a JSON object.
        raw: The model's own text of the arguments when it could not be read as a JSON object, else None.
    """

    id: str
    name: str
    arguments: Mapping[str, Any] | None
    raw: str | None = None
    type: ClassVar[Literal["tool_request"]] = "tool_request"

    def __hash__(self) -> int:
        return hash((self.id, self.name))


@dataclass(frozen=True, slots=True)
class ContentToolResult(Shown):
    """What came of a tool request. A tool may return one itself to say more than a plain value can.

    Args:
        value: What the tool returned.
        error: Why there is no value; the model reads it. None when the call went well.
        request: The request this answers; set by the tool loop.
        text: What the model reads, fixed when the tool ran; None lets the tool loop make it from `value`.
        attachments: Images and other media that belong to the result; they follow it as the user's, since tool
            messages carry only text.
        extra: Anything for your own use, such as something to display; never sent.
        model_format: How `value` becomes what the model reads. "auto": text as it is, media attached, all else as JSON;
            "json": as JSON in any case; "str": as `str()` gives it; "as_is": it must be a text, and is not touched.
    """

    value: Any = None
    error: str | None = None
    request: ContentToolRequest | None = None
    text: str | None = None
    attachments: tuple[ContentMedia, ...] = ()
    extra: Mapping[str, Any] | None = None
    model_format: Literal["auto", "json", "str", "as_is"] = "auto"
    type: ClassVar[Literal["tool_result"]] = "tool_result"

    @property
    def id(self) -> str:
        """The id of the request that this answers; empty when it answers none yet."""
        return self.request.id if self.request else ""

    @property
    def name(self) -> str:
        """The name of the tool; empty when it answers no request yet."""
        return self.request.name if self.request else ""

    def __hash__(self) -> int:
        return hash((self.id, self.error, self.text))

    def __repr__(self) -> str:
        # What a tool gave may be long, such as the bytes of an image; what was not said is left out.
        said = {name: getattr(self, name) for name in self.__slots__}
        told = [f"{name}={_brief(value)}" for name, value in said.items() if value is not None]
        return f"ContentToolResult({', '.join(told)})"


ContentImage: TypeAlias = ContentImageRemote | ContentImageInline
ContentMedia: TypeAlias = ContentImage | ContentDocument | ContentDocumentRemote | ContentAudio
Content: TypeAlias = ContentText | ContentThinking | ContentJson | ContentMedia | ContentToolRequest | ContentToolResult
MEDIA_TYPES = (ContentImageRemote, ContentImageInline, ContentDocument, ContentDocumentRemote, ContentAudio)
CONTENT_TYPES = (ContentText, ContentThinking, ContentJson, *MEDIA_TYPES, ContentToolRequest, ContentToolResult)
