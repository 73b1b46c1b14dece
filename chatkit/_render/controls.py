r"""Text in which every control character is shown instead of obeyed, whoever wrote it.

Control characters are replaced one by one by something visible (ESC by U+241B, U+009B by `\x9b`, U+202E by
`\u202e`) rather than whole escape sequences being dropped. That is the safer choice: it needs no grammar of
sequences that has to agree with every terminal's, a sequence cut in two by the stream needs no memory, the reader
sees that something was there, and an unterminated OSC or DCS cannot swallow the rest of the answer. LF and TAB stay,
CRLF and CR become LF, lone surrogates become U+FFFD. The marks U+200E, U+200F and U+061C stay: ordinary right-to-left
text uses them, and they cannot reorder what stands around them the way overrides and isolates do.
"""

from __future__ import annotations

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
find_control = re.compile(f"[{_CONTROLS}]").search
_replace_controls = re.compile(rf"\r\n?|[\ud800-\udbff][\udc00-\udfff]|[{_CONTROLS}]").sub

_PICTURES = (
    {chr(code): chr(0x2400 + code) for code in range(0x20)}
    | {"\r": "\n", "\r\n": "\n", "\x7f": "\u2421"}
    | {chr(code): f"\\x{code:02x}" for code in range(0x80, 0xA0)}
    | {chr(code): f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
)


def _picture(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 2 and found != "\r\n":
        return found.encode("utf-16", "surrogatepass").decode("utf-16")
    return _PICTURES.get(found, "\ufffd")


def visible(text: str) -> str:
    """Sanitise a whole text; line breaks and tabs stay."""
    return text if find_control(text) is None else _replace_controls(_picture, text)


def one_line(text: str) -> str:
    """Sanitise a name, a title or a value that has to stay on one line; line breaks and tabs are shown too."""
    return visible(text).replace("\n", "\u240a").replace("\t", "\u2409")
