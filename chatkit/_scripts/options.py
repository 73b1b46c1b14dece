"""The options of a heading: how a turn is said, and what its answer shall be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatkit._errors import ConfigError
from chatkit._providers.params import Params, params
from chatkit._turns.contents import Content, ContentText

_PARAMS = tuple(name for name in Params.__dataclass_fields__ if name != "extra")
USER = ("text", "contents", "image", "file", "schema", "tool_choice", "params", *_PARAMS)
"""The options of `# user`."""
OPTIONS: dict[str, tuple[str, ...]] = {
    "user": USER,
    "assistant": ("text", "given"),
    "system": ("text",),
    "tool": ("text",),
    "expect": (),
}
"""The options of each heading."""


def params_of(options: Mapping[str, Any]) -> Params | None:
    """The parameters among the options of a turn; None when there are none.

    Raises:
        ConfigError: when one has a value that it cannot have.
    """
    own = {name: value for name, value in options.items() if name in _PARAMS}
    further = options.get("params", {})
    if not isinstance(further, Mapping):
        raise ConfigError(f"`params` must be a table, not {further!r}.")
    return params(**{**further, **own}) if own or further else None


def schema_of(value: Any, folder: Path) -> Any:
    """The type of an answer by a schema; None for none, or false.

    Args:
        value: A `.json` file, JSON in a text, a table, or fields in short, such as "name str, age int".
        folder: Where files are looked for.

    Raises:
        ConfigError: when it is none.
    """
    if value is None or value is False:
        return None
    from chatkit._types.checking import as_schema

    if isinstance(value, Mapping):
        return as_schema(value)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(
            f"A schema is a `.json` file, JSON, a table, or fields such as 'name str, age int', not {value!r}."
        )
    if value.lstrip().startswith("{"):
        return as_schema(value)
    if value.endswith(".json"):
        return as_schema(_read(folder / value))
    from chatkit._types.concise import type_from_text

    return type_from_text(value)


def contents_of(text: str, options: Mapping[str, Any], folder: Path) -> list[Content]:
    """What a turn says: its text, then its images and files.

    Raises:
        ConfigError: when an option cannot be used.
        MediaError: when a file is not there, or is no such thing.
    """
    if (record := options.get("contents")) is not None:
        if text or "image" in options or "file" in options:
            raise ConfigError("`contents` are all that a turn says: there can be no text, image or file beside them.")
        return _recorded(record)
    said: list[Content] = [ContentText(text)] if text.strip() else []
    images = [_image(item, folder) for item in _texts("image", options)]
    return [*said, *images, *(_file(item, folder) for item in _texts("file", options))]


def _texts(name: str, options: Mapping[str, Any]) -> list[str]:
    value = options.get(name, [])
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(item, str) and item for item in texts):
        raise ConfigError(f"`{name}` must be a path or a URL, or a list of them, not {value!r}.")
    return texts


def _image(source: str, folder: Path) -> Content:
    from chatkit._media.images import content_image_file, content_image_url

    if source.lower().startswith(("http://", "https://", "data:")):
        return content_image_url(source)
    return content_image_file(folder / source)


def _file(source: str, folder: Path) -> Content:
    from chatkit._media.documents import content_document_file, content_pdf_url

    if source.lower().startswith(("http://", "https://", "data:")):
        return content_pdf_url(source)
    return content_document_file(folder / source)


def _recorded(record: Any) -> list[Content]:
    from chatkit._record.replay import VERSION, contents_replay

    if not isinstance(record, str):
        raise ConfigError("`contents` must be JSON in a text, as contents_record() has it.")
    trouble = ""
    try:
        contents = json.loads(record)
        turn = contents_replay({"version": VERSION, "role": "user", "contents": contents})
    except (ValueError, RecursionError) as error:
        trouble = str(error)
    if trouble:
        raise ConfigError(f"`contents` cannot be read: {trouble}")
    return list(turn.contents)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        trouble = error.strerror or type(error).__name__
    except ValueError as error:
        trouble = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    raise ConfigError(f"The schema {path.name} cannot be read: {trouble}.")
