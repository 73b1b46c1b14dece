"""What the strictest Responses endpoint demands of the items of `input`."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ._history_rules import TOOL_NAME
from ._issues import Issue, Path

_STATES = ("in_progress", "completed", "incomplete")
_MESSAGE = {"type", "id", "role", "status", "content"}
_CALL = {"type", "id", "status", "call_id", "name", "arguments"}
_OUTPUT = {"type", "id", "status", "call_id", "output"}
_MCP = ("mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response")
_DATA_URL = re.compile(r"data:[a-z]+/[\w.+-]+;base64,(.+)", re.DOTALL)


class ItemInspection:
    """A walk through the items of a request, one by one.

    Args:
        lenient: Take what OpenAI's own server takes: reasoning items, files, developer messages, outputs in parts.
    """

    def __init__(self, *, lenient: bool = False) -> None:
        self.issues: list[Issue] = []
        self._lenient = lenient
        self._path: Path = ()
        self._calls: dict[str, Path] = {}
        self._answered: set[str] = set()
        self._last = ""
        self._begun = False

    def take(self, place: int, item: Any) -> None:
        """Check the next item, and whether it may come here."""
        self._path = ("input", place)
        if not isinstance(item, dict):
            self._note("must be an object", code="invalid_type")
            return
        kind = item.get("type", "message")
        checks: dict[Any, Callable[[dict[str, Any]], None]] = {
            "message": self._check_message,
            "function_call": self._check_call,
            "function_call_output": self._check_output,
        }
        if isinstance(kind, str) and kind in checks:
            checks[kind](item)
        elif kind not in _MCP and not (self._lenient and isinstance(kind, str)):
            self._note(f"an item of unknown type {kind!r}", "type", code="invalid_union")
        told = str(item.get("role") if kind == "message" else kind)
        if not self._lenient:
            self._check_order(told)
        self._last = told

    def _check_order(self, told: str) -> None:
        """Check what the providers behind the router demand, which are sent the items as messages in this order."""
        if told == self._last and told in ("user", "assistant"):
            self._note(f"two messages of role {told} in a row", "role")
        if told != "function_call_output" and told != "function_call" and self._calls.keys() - self._answered:
            self._note("outputs must follow their calls directly")

    def conclude(self) -> None:
        """Check what only shows at the end."""
        for name, path in self._calls.items():
            if name not in self._answered:
                self.issues.append(Issue(path, f"function call {name!r} is not answered"))
        if self._last in ("assistant", "system", "developer"):
            self._note(f"the last item must not be a message of role {self._last}")

    def _note(self, message: str, *steps: str | int, code: str = "custom") -> None:
        self.issues.append(Issue((*self._path, *steps), message, code))

    def _check_keys(self, item: dict[str, Any], known: set[str]) -> None:
        for key in sorted(map(str, item.keys() - known)):
            self._note(f"unknown key {key!r}", code="unrecognized_keys")
        if item.get("status", "completed") not in _STATES:
            self._note(f"unknown status {item['status']!r}", "status", code="invalid_enum_value")

    def _check_message(self, item: dict[str, Any]) -> None:
        self._check_keys(item, _MESSAGE)
        role = item.get("role")
        roles = ("user", "assistant", "system", *(["developer"] if self._lenient else []))
        if role == "developer" and not self._lenient:
            self._note("this server drops a developer message; say it as system", "role")
        elif role not in roles:
            self._note(f"unknown role {role!r}", "role", code="invalid_enum_value")
        if role in ("system", "developer") and self._begun:
            self._note(f"a {role} message must come first", "role")
        self._begun = self._begun or role in ("user", "assistant")
        self._check_content(role, item.get("content"))

    def _check_content(self, role: Any, content: Any) -> None:
        if not isinstance(content, str | list):
            self._note("the content must be a string or a list of parts", "content", code="invalid_type")
        elif not content:
            self._note("the content is empty", "content", code="too_small")
        elif isinstance(content, list):
            for place, part in enumerate(content):
                self._check_part(role, part, place)

    def _check_part(self, role: Any, part: Any, place: int) -> None:
        kind = part.get("type") if isinstance(part, dict) else None
        said = {"output_text": "text", "refusal": "refusal"}
        heard = {"input_text": "text", "input_image": "image_url"}
        known = said if role == "assistant" else heard
        if self._lenient and kind == "input_file" and role != "assistant":
            return
        if not isinstance(kind, str) or kind not in known:
            what = f"a part of type {kind!r} in a message of role {role}"
            self._note(what, "content", place, code="invalid_union")
            return
        extra = {"detail"} if self._lenient else set()
        extra |= {"annotations", "logprobs"} if kind == "output_text" else set()
        for key in sorted(map(str, part.keys() - {"type", known[kind]} - extra)):
            self._note(f"unknown key {key!r}", "content", place, code="unrecognized_keys")
        value = part.get(known[kind])
        fault: str | None = "must be a string that is not empty"
        if not isinstance(value, str) or not value:
            self._note(str(fault), "content", place, known[kind], code="invalid_type")
        elif kind == "input_image" and (fault := _image_fault(value)):
            self._note(fault, "content", place, "image_url", code="invalid_string")

    def _check_call(self, item: dict[str, Any]) -> None:
        self._check_keys(item, _CALL)
        name, arguments = item.get("name"), item.get("arguments")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            self._note(f"a function call with the bad name {name!r}", "name", code="invalid_string")
        if not _holds_object(arguments):
            self._note("must be a string that holds a JSON object", "arguments", code="invalid_type")
        key = item.get("call_id")
        if not isinstance(key, str) or not key:
            self._note("a function call without a call_id", "call_id", code="invalid_type")
        elif key in self._calls:
            self._note(f"call_id {key!r} is used twice", "call_id")
        else:
            self._calls[key] = self._path
        self._begun = True

    def _check_output(self, item: dict[str, Any]) -> None:
        self._check_keys(item, _OUTPUT)
        output = item.get("output")
        if not isinstance(output, str) and not (self._lenient and isinstance(output, list)):
            self._note("the output must be a string", "output", code="invalid_type")
        key = item.get("call_id")
        if not isinstance(key, str) or key not in self._calls:
            self._note(f"an output for {key!r}, which is no earlier call", "call_id")
        elif key in self._answered:
            self._note(f"function call {key!r} is answered twice", "call_id")
        else:
            self._answered.add(key)


def item_issues(items: Any, *, lenient: bool = False) -> Iterator[Issue]:
    """Yield what is wrong with `input`."""
    if isinstance(items, str):
        if not items:
            yield Issue(("input",), "must not be empty", "too_small")
        return
    if not isinstance(items, list) or not items:
        yield Issue(("input",), "must be a string, or a list of at least one item", "invalid_union")
        return
    inspection = ItemInspection(lenient=lenient)
    for place, item in enumerate(items):
        inspection.take(place, item)
    inspection.conclude()
    yield from inspection.issues


def _image_fault(url: str) -> str | None:
    if url.startswith("https://") and len(url) > len("https://"):
        return None
    found = _DATA_URL.fullmatch(url)
    if found is None:
        return "must be an https address or a data URL in base64"
    try:
        base64.b64decode(found[1], validate=True)
    except (binascii.Error, ValueError):
        return "the data URL is not base64"
    return None


def _holds_object(arguments: Any) -> bool:
    if not isinstance(arguments, str):
        return False
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
