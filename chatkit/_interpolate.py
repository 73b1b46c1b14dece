"""Prompt templates: {{ name }} replaced by values, without evaluating code."""

from __future__ import annotations

import contextlib
import os
import re
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from chatkit._errors import ConfigError

_STEP = re.compile(r"\.([^\W\d]\w*)|\[\s*(-?\d{1,9})\s*\]|\[\s*(?:\"([^\"]*)\"|'([^']*)')\s*\]")
_Step: TypeAlias = tuple[str, str | int]
_LINE = "\n"
_NAME = re.compile(r"[^\W\d]\w*")
# Their attributes lead to everything that runs, and to the environment with all keys in it.
_CLOSED = (
    types.ModuleType,
    types.FrameType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)


def interpolate(template: str, /, **values: Any) -> str | list[str]:
    """Fill in a prompt template. See `interpolate_file` for templates in files of their own.

    A placeholder holds the name of a value and, if need be, look-ups: `{{ name }}`, `{{ user.name }}`,
    `{{ items[0] }}`, `{{ row["key"] }}`. Nothing is called or evaluated, attributes that begin with an underscore
    cannot be reached, and what is inserted is not looked at again, whatever is in it. To write `{{` itself, write
    `{{{{`; a single brace, and `}}` outside a placeholder, stand for themselves.

    A placeholder that comes to a list or a tuple asks for several prompts, one per item: the result is then a list,
    and attributes and keys are looked up in each item. Several such placeholders go through their items together, and
    other values are repeated. To insert a list as one text, join it first: `", ".join(items)`.

    Args:
        template: The text with placeholders.
        **values: The values, by name. Each is inserted as `str()` says it; None is refused, for a prompt with "None"
            in it is a mistake.

    Returns:
        The prompt; a list of prompts when a placeholder comes to a list or a tuple.

    Raises:
        ConfigError: for a name that has no value, a placeholder that is no look-up, a look-up that fails, a value
            that has no text, or lists of different lengths; it names the line.
    """
    if not isinstance(template, str):
        raise ConfigError(f"A template is a text, not {type(template).__name__}.")
    return _filled(template, values, "The template")


def interpolate_file(path: str | os.PathLike[str], /, **values: Any) -> str | list[str]:
    """Fill in a prompt template that stands in a file. See `interpolate`.

    Args:
        path: A text file in UTF-8. The line break at its end does not belong to the prompt.
        **values: The values, by name.

    Returns:
        The prompt, or a list of prompts.

    Raises:
        ConfigError: when the file cannot be read, and as for `interpolate`; it names the file.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except (TypeError, ValueError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    else:
        return _filled(text.removesuffix("\n"), values, str(path))
    raise ConfigError(f"The template {path} cannot be read: {reason}.")


class _Trouble(Exception):
    """What is wrong with a template, or with a value for it."""


class TemplateTrouble(Exception):
    """What is wrong with a template, and at which of its characters. Internal.

    Args:
        trouble: A sentence.
        at: The place in the template, from 0.
    """

    def __init__(self, trouble: str, at: int) -> None:
        super().__init__(trouble)
        self.at = at


def _filled(template: str, values: Mapping[str, Any], title: str) -> str | list[str]:
    try:
        return fill(template, values, title)
    except TemplateTrouble as found:
        trouble, start = str(found), found.at
    raise ConfigError(f"{title}, line {template.count(_LINE, 0, start) + 1}: {trouble}")


def names_in(template: str) -> set[str]:
    """The names of the values that a template asks for; of a broken one those before the break."""
    names = set()
    with contextlib.suppress(_Trouble):
        for _, start, end in _pieces(template):
            if end:
                names.add(_read(template[start:end].strip())[0])
    return names


def fill(template: str, values: Mapping[str, Any], title: str = "The template") -> str | list[str]:
    """As `interpolate()`, for those who tell of the place of an error themselves.

    Raises:
        TemplateTrouble: when the template cannot be filled in.
        ConfigError: for lists of different lengths.
    """
    parts: list[str | list[str]] = []
    start, end, trouble = 0, 0, ""
    try:
        for text, start, end in _pieces(template):
            parts.append(text)
            if end:
                parts.append(_inserted(template[start:end].strip(), values))
    except _Trouble as found:
        trouble = str(found)
    except Exception as error:  # some values raise already when they are asked what they are
        trouble = f"{_short(template[start:end].strip())} could not be looked at ({type(error).__name__})."
    if trouble:
        raise TemplateTrouble(trouble, start)
    return _joined(parts, title)


def _pieces(template: str) -> Iterator[tuple[str, int, int]]:
    """The texts of a template, each with the bounds of the placeholder that follows it; 0 and 0 when none does."""
    at = 0
    while (start := template.find("{{", at)) >= 0:
        if template.startswith("{{{{", start):
            yield template[at : start + 2], 0, 0
            at = start + 4
            continue
        # Of three braces the first is a text: a placeholder can stand in braces.
        start += template.startswith("{{{", start)
        end = template.find("}}", start)
        yield template[at:start], start + 2, max(end, 0)
        if end < 0:
            raise _Trouble("a placeholder begins here that has no }} (to write {{ itself, write {{{{).")
        at = end + 2
    yield template[at:], 0, 0


def _joined(parts: list[str | list[str]], title: str) -> str | list[str]:
    lengths = sorted({len(part) for part in parts if isinstance(part, list)})
    if not lengths:
        return "".join(part for part in parts if isinstance(part, str))
    if len(lengths) > 1:
        shown = " and ".join(map(str, lengths))
        raise ConfigError(f"{title}: lists that are gone through together must be of one length, not {shown}.")
    columns = [part if isinstance(part, list) else [part] * lengths[0] for part in parts]
    return ["".join(row) for row in zip(*columns, strict=True)]


def _inserted(expression: str, values: Mapping[str, Any]) -> str | list[str]:
    """What a placeholder is replaced by."""
    name, steps = _read(expression)
    if name not in values:
        known = ", ".join(sorted(values)) or "none"
        raise _Trouble(f"there is no value for `{_cut(name)}`; values were given for: {known}.")
    found = _resolved(values[name], steps)
    return [_text(item, expression) for item in found] if _is_many(found) else _text(found, expression)


def _read(expression: str) -> tuple[str, list[_Step]]:
    """The name and the look-ups that a placeholder consists of."""
    begin = _NAME.match(expression)
    at, steps = begin.end() if begin else 0, list[_Step]()
    while begin and (found := _STEP.match(expression, at)):
        attribute, index, *keys = found.groups()
        step: _Step = ("key", next((key for key in keys if key is not None), ""))
        steps.append(("attribute", attribute) if attribute else ("index", int(index)) if index else step)
        at = found.end()
    if not begin or at < len(expression):
        raise _Trouble(f'{_short(expression)} is no look-up such as `name`, `user.name`, `items[0]` or `row["key"]`.')
    return begin[0], steps


def _resolved(value: Any, steps: list[_Step]) -> Any:
    for place, step in enumerate(steps):
        if _is_many(value) and step[0] != "index":
            return [_resolved(item, steps[place:]) for item in value]
        value = _looked_up(value, step)
    return value


def _looked_up(value: Any, step: _Step) -> Any:
    kind, key = step
    if callable(value) or isinstance(value, _CLOSED):
        raise _Trouble(f"nothing can be looked up in a {type(value).__name__}.")
    if isinstance(key, str) and kind == "attribute":
        if key.startswith("_"):
            raise _Trouble(f"the attribute `{_cut(key)}` is private.")
        hint = f' (a key is looked up by `["{_cut(key)}"]`)' if isinstance(value, Mapping) else ""
        return _tried(lambda: getattr(value, key), f"`.{_cut(key)}` of a {type(value).__name__}{hint}")
    return _tried(lambda: value[key], f"`[{_short(key)}]` of a {type(value).__name__}")


def _tried(look: Callable[[], Any], what: str) -> Any:
    # Values are of any class, and their look-ups may fail in any way.
    try:
        return look()
    except Exception as error:
        trouble = f"{what} could not be had ({type(error).__name__})."
    raise _Trouble(trouble)


def _text(value: Any, expression: str) -> str:
    """The text of a value."""
    if value is None or callable(value) or isinstance(value, (*_CLOSED, bytes, bytearray)) or _is_many(value):
        what = "None" if value is None else f"a {type(value).__name__}"
        raise _Trouble(f"`{expression}` comes to {what}, which has no place in a prompt.")
    if getattr(value, "ndim", 0):
        raise _Trouble(
            f"`{expression}` comes to a {type(value).__name__}: give it as a list, by `.tolist()`, or as text."
        )
    return str(_tried(lambda: str(value), f"the text of `{expression}`"))


def _is_many(value: Any) -> bool:
    # Named tuples and other subclasses are values of their own.
    return type(value) in (list, tuple)


def _short(key: str | int) -> str:
    return repr(_cut(key) if isinstance(key, str) else key)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
