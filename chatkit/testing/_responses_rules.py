"""What a Responses endpoint demands of a request: that of the Hugging Face router, or OpenAI's own.

Source: huggingface/responses.js, src/schemas.ts, and what its server does not support at all.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from ._history_rules import TOOL_NAME
from ._issues import Issue, Path
from ._responses_items import item_issues

Flavour = Literal["huggingface", "openai"]

_OPENAI_ONLY = (
    "background",
    "conversation",
    "include",
    "max_tool_calls",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "store",
    "stream_options",
    "top_logprobs",
    "truncation",
    "user",
)
_EFFORTS = ("low", "medium", "high")
_MORE_EFFORTS = ("none", "minimal", "xhigh")


def check_responses_request(body: Any, flavour: Flavour = "huggingface") -> list[str]:
    """Return what a strict Responses endpoint would refuse in a request body; an empty list when there is nothing.

    The rules are those of the Hugging Face router's own server, and of the providers behind it: no field and no kind
    of item that it does not know; images by https or in base64 that can be read; function calls answered, each by a
    string; effort low, medium or high; what that server would lose without a word is refused.

    Args:
        body: The request body, as parsed from JSON.
        flavour: `"huggingface"`, or `"openai"` for the fields and items that OpenAI's own server takes besides.

    Returns:
        One sentence per fault, beginning with the place, such as `"input[0].role: ..."`.
    """
    return [str(issue) for issue in request_issues(body, flavour)]


def request_issues(body: Any, flavour: Flavour) -> list[Issue]:
    """Return what is wrong with a request body, each fault with its path and its kind."""
    if not isinstance(body, dict):
        return [Issue((), "the body must be a JSON object", "invalid_type")]
    lenient = flavour == "openai"
    issues = [*_model_issues(body), *item_issues(body.get("input"), lenient=lenient)]
    for name in sorted(map(str, body.keys() - {"model", "input"})):
        if name in _CHECKS:
            issues += _CHECKS[name](body[name])
        elif name not in _OPENAI_ONLY:
            issues.append(Issue((name,), "unknown field", "unrecognized_keys"))
        elif not lenient:
            issues.append(Issue((name,), "this server does not support it", "unrecognized_keys"))
    return [*issues, *_effort_issues(body.get("reasoning"), lenient), *_tools_issues(body, lenient)]


def _model_issues(body: dict[str, Any]) -> Iterator[Issue]:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        yield Issue(("model",), "must be a string that is not empty", "invalid_type")


def _within(name: str, low: float, high: float) -> Callable[[Any], Iterator[Issue]]:
    def check(value: Any) -> Iterator[Issue]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Issue((name,), f"must be a number, not {type(value).__name__}", "invalid_type")
        elif not low <= value <= high:
            yield Issue((name,), f"must be from {low} to {high}", "too_big")

    return check


def _limit_issues(value: Any) -> Iterator[Issue]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        yield Issue(("max_output_tokens",), "must be an integer of 0 or more", "invalid_type")


def _stream_issues(value: Any) -> Iterator[Issue]:
    if not isinstance(value, bool):
        yield Issue(("stream",), "must be true or false", "invalid_type")


def _instruction_issues(value: Any) -> Iterator[Issue]:
    if not isinstance(value, str | None):
        yield Issue(("instructions",), "must be a string", "invalid_type")


def _metadata_issues(value: Any) -> Iterator[Issue]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Issue(("metadata",), "must be an object", "invalid_type")
        return
    if len(value) > 16:
        yield Issue(("metadata",), "must have at most 16 items", "custom")
    for key, text in value.items():
        if len(key) > 64:
            yield Issue(("metadata", key), "the key must be at most 64 characters", "too_big")
        if not isinstance(text, str):
            yield Issue(("metadata", key), "must be a string", "invalid_type")
        elif len(text) > 512:
            yield Issue(("metadata", key), "must be at most 512 characters", "too_big")


def _reasoning_issues(value: Any) -> Iterator[Issue]:
    if not isinstance(value, dict):
        yield Issue(("reasoning",), "must be an object", "invalid_type")
        return
    for key in sorted(map(str, value.keys() - {"effort", "summary"})):
        yield Issue(("reasoning",), f"unknown key {key!r}", "unrecognized_keys")
    if value.get("summary") not in (None, "auto"):
        yield Issue(("reasoning", "summary"), "only 'auto' is supported", "invalid_enum_value")


def _effort_issues(reasoning: Any, lenient: bool) -> Iterator[Issue]:
    if isinstance(reasoning, dict) and "effort" in reasoning:
        effort = reasoning["effort"]
        if effort not in _EFFORTS and not (lenient and effort in _MORE_EFFORTS):
            message = f"must be 'low', 'medium' or 'high', not {effort!r}"
            yield Issue(("reasoning", "effort"), message, "invalid_enum_value")


def _text_issues(value: Any) -> Iterator[Issue]:
    wanted = value.get("format") if isinstance(value, dict) else None
    if not isinstance(wanted, dict):
        yield Issue(("text", "format"), "must be an object", "invalid_type")
        return
    path: Path = ("text", "format")
    kind = wanted.get("type")
    schema = {"name", "description", "schema", "strict"} if kind == "json_schema" else set()
    for key in sorted(map(str, wanted.keys() - {"type"} - schema)):
        yield Issue(path, f"unknown key {key!r}", "unrecognized_keys")
    if kind == "json_schema":
        yield from _schema_issues(wanted, path)
    elif kind not in ("text", "json_object"):
        yield Issue((*path, "type"), f"unknown type {kind!r}", "invalid_union")


def _schema_issues(wanted: dict[str, Any], path: Path) -> Iterator[Issue]:
    name = wanted.get("name")
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        message = "must be 1 to 64 letters, numbers, underscores and dashes"
        yield Issue((*path, "name"), message, "invalid_string")
    yield from _typed(wanted, path, {"schema": dict}, {"description": str, "strict": bool})


def _typed(value: dict[str, Any], path: Path, needed: dict[str, type], optional: dict[str, type]) -> Iterator[Issue]:
    """Yield the keys that are missing or hold something of another type."""
    for key, kind in {**needed, **optional}.items():
        if not isinstance(value.get(key), kind) and (key in needed or key in value):
            yield Issue((*path, key), f"must be of type {kind.__name__}", "invalid_type")


def _tools_issues(body: dict[str, Any], lenient: bool) -> Iterator[Issue]:
    if "tools" not in body:
        if "tool_choice" in body:
            yield Issue(("tool_choice",), "only allowed with tools")
        return
    tools = body["tools"]
    if not isinstance(tools, list) or not tools:
        yield Issue(("tools",), "must be a list of at least one tool, or left out", "invalid_type")
        return
    names: set[str] = set()
    for place, tool in enumerate(tools):
        yield from _tool_issues(tool, ("tools", place), names, lenient)
    yield from _choice_issues(body.get("tool_choice", "auto"), names, lenient)


def _tool_issues(tool: Any, path: Path, names: set[str], lenient: bool) -> Iterator[Issue]:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind == "mcp":
        yield from _typed(tool, path, {"server_label": str, "server_url": str}, {})
        return
    if kind != "function":
        if not (lenient and isinstance(kind, str)):
            yield Issue(path, "must be an object of type 'function' or 'mcp'", "invalid_union")
        return
    for key in sorted(map(str, tool.keys() - {"type", "name", "description", "parameters", "strict"})):
        yield Issue(path, f"unknown key {key!r}", "unrecognized_keys")
    name = tool.get("name")
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        yield Issue((*path, "name"), f"the bad name {name!r}", "invalid_string")
    elif name in names:
        yield Issue((*path, "name"), f"a second tool named {name!r}")
    else:
        names.add(name)
    yield from _typed(tool, path, {"parameters": dict}, {"description": str, "strict": bool})
    parameters = tool.get("parameters")
    if isinstance(parameters, dict) and parameters.get("type") != "object":
        yield Issue((*path, "parameters"), "must be a schema of type 'object'")


def _choice_issues(choice: Any, names: set[str], lenient: bool) -> Iterator[Issue]:
    if choice in ("auto", "none", "required") or (lenient and isinstance(choice, dict)):
        return
    if isinstance(choice, dict) and choice.keys() == {"type", "name"}:
        name = choice["name"]
        if choice["type"] == "function" and isinstance(name, str) and name in names:
            return
    message = "must be 'auto', 'none', 'required' or {type: 'function', name} of one of the tools"
    yield Issue(("tool_choice",), message, "invalid_union")


def _elsewhere(_: Any) -> Iterable[Issue]:
    """A field whose faults are told together with those of others."""
    return ()


_CHECKS: dict[str, Callable[[Any], Iterable[Issue]]] = {
    "stream": _stream_issues,
    "instructions": _instruction_issues,
    "max_output_tokens": _limit_issues,
    "temperature": _within("temperature", 0, 2),
    "top_p": _within("top_p", 0, 1),
    "metadata": _metadata_issues,
    "reasoning": _reasoning_issues,
    "text": _text_issues,
    "tools": _elsewhere,
    "tool_choice": _elsewhere,
}
