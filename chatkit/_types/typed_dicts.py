"""TypedDicts of the standard library, for pydantic: before Python 3.12 it takes only those of typing_extensions."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any


def portable(hint: Any) -> Any:
    """The type hint with every TypedDict in it made anew where that is needed; else as it is."""
    return _anew(hint, {}) if sys.version_info < (3, 12) else hint


def _anew(hint: Any, made: dict[Any, Any]) -> Any:
    if typing.is_typeddict(hint):
        return _class_anew(hint, made) if type(hint).__module__ == "typing" else hint
    arguments = typing.get_args(hint)
    changed = tuple(_anew(part, made) if _may_hold_one(part) else part for part in arguments)
    if changed == arguments:
        return hint
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return typing.Union[changed]  # noqa: UP007
    if origin is typing.Annotated:
        return typing.Annotated[changed]
    return hint.copy_with(changed) if hasattr(hint, "copy_with") else origin[changed]


def _may_hold_one(part: Any) -> bool:
    return typing.is_typeddict(part) or bool(typing.get_args(part))


def _class_anew(kind: Any, made: dict[Any, Any]) -> Any:
    from typing_extensions import TypedDict

    if kind not in made:
        made[kind] = kind  # what refers to itself finds something, if only what pydantic refuses
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = {name: _field(kind, name, _anew(part, made)) for name, part in hints.items()}
        made[kind] = TypedDict(kind.__name__, fields)  # type: ignore[operator]
        made[kind].__doc__ = kind.__doc__
    return made[kind]


def _field(kind: Any, name: str, hint: Any) -> Any:
    marked = typing.get_origin(hint) in (typing.Required, typing.NotRequired)
    return hint if marked or name in kind.__required_keys__ else typing.NotRequired[hint]
