"""What may stand in a header: faults of keys, names and values, told without showing them.

An HTTP library that refuses a header prints it, key and all; so everything is checked before it gets there. Faults
are returned, not raised: the frame that raises must not hold the text it is about, for a traceback that shows local
variables would show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chatkit._errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROLS = (
    (re.compile(r"[\r\n\v\f\x85\u2028\u2029]"), "a line break"),
    (re.compile(r"\0"), "a NUL character"),
    (re.compile(r"[\x01-\x08\x0e-\x1f\x7f]"), "a control character"),
)
_IN_KEYS = (
    *_CONTROLS,
    (re.compile(r"\s"), "white space"),
    (re.compile(r"[^\x00-\x7f]"), "a character outside ASCII (a pasted dash or quotation mark?)"),
)
_IN_VALUES = (*_CONTROLS, (re.compile(r"[^\x00-\xff]"), "a character that no header may have"))


def check_headers(headers: Mapping[str, str], what: str) -> dict[str, str]:
    """Check headers before any of them is sent.

    Args:
        headers: Names and values.
        what: What the user calls them, such as "api_headers".

    Returns:
        A copy, its values without surrounding white space.

    Raises:
        ConfigError: for what no header may be; it names the header, never its value.
    """
    fault = fault_of_headers(headers)
    if fault:
        del headers
        raise ConfigError(f"{what}: {fault}")
    return {name: value.strip() for name, value in headers.items()}


def fault_of_headers(headers: Any) -> str:
    """What is wrong with headers, in words that do not show a value; empty when nothing is."""
    if not isinstance(headers, Mapping):
        return f"headers must be a mapping of names to texts, not {type(headers).__name__}."
    faults = (_fault_of_header(name, value) for name, value in headers.items())
    return next((fault for fault in faults if fault), "")


def fault_of_key(key: str) -> str:
    """What a key contains that none may, such as "a line break"; empty when nothing."""
    return _first_kind(key, _IN_KEYS)


def _fault_of_header(name: object, value: object) -> str:
    if not isinstance(name, str):
        return f"the name of a header must be a text, not {type(name).__name__}."
    if not _NAME.fullmatch(name):
        # Only the lawful beginning is shown: a whole header, key included, may have been given as the name.
        begin = _NAME.match(name)
        kind = _first_kind(name, _IN_KEYS) or "a character that no name may have"
        return f"the name of the header {begin[0] if begin else ''!r} contains {kind}."
    if not isinstance(value, str):
        return f"the value of the header {name!r} must be a text, not {type(value).__name__}."
    kind = _first_kind(value.strip(), _IN_VALUES)
    return f"the value of the header {name!r} contains {kind}." if kind else ""


def _first_kind(text: str, kinds: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    return next((kind for pattern, kind in kinds if pattern.search(text)), "")
