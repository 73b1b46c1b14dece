"""What the strictest Chat Completions endpoint demands of a request."""

from typing import Any

from ._history_rules import TOOL_NAME, check_history


def check_request(body: Any) -> list[str]:
    """Return what a strict endpoint would refuse in a request body; an empty list when there is nothing.

    Besides the history, see `check_history()`, it looks at the model's name, `stream` and `stream_options`,
    the tools and `tool_choice`, and `response_format`.

    Args:
        body: The request body, as parsed from JSON.

    Returns:
        One sentence per fault, beginning with the place, such as `"tools[0]: ..."`.
    """
    if not isinstance(body, dict):
        return ["the body must be a JSON object"]
    return [
        *_model_faults(body),
        *check_history(body.get("messages")),
        *_stream_faults(body),
        *_tools_faults(body),
        *_format_faults(body),
    ]


def _model_faults(body: dict[str, Any]) -> list[str]:
    model = body.get("model")
    return [] if isinstance(model, str) and model else ["model: must be a string that is not empty"]


def _stream_faults(body: dict[str, Any]) -> list[str]:
    faults = []
    if not isinstance(body.get("stream", False), bool):
        faults.append("stream: must be true or false")
    if "stream_options" in body:
        if body.get("stream") is not True:
            faults.append("stream_options: only allowed when stream is true")
        if not isinstance(body["stream_options"], dict):
            faults.append("stream_options: must be an object")
    return faults


def _tools_faults(body: dict[str, Any]) -> list[str]:
    if "tools" not in body:
        return ["tool_choice: only allowed with tools"] if "tool_choice" in body else []
    tools = body["tools"]
    if not isinstance(tools, list) or not tools:
        return ["tools: must be a list of at least one tool, or left out"]
    faults, names = [], set()
    for place, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            faults.append(f"tools[{place}]: must be an object of type 'function'")
            continue
        faults += [f"tools[{place}]: {fault}" for fault in _function_faults(function)]
        if str(function.get("name")) in names:
            faults.append(f"tools[{place}]: a second tool named {function.get('name')!r}")
        names.add(str(function.get("name")))
    return faults + _choice_faults(body.get("tool_choice", "auto"), names)


def _choice_faults(choice: Any, names: set[str]) -> list[str]:
    if choice in ("auto", "none", "required"):
        return []
    function = choice.get("function") if isinstance(choice, dict) and choice.get("type") == "function" else None
    if isinstance(function, dict) and function.get("name") in names:
        return []
    return ["tool_choice: must be 'auto', 'none', 'required' or name one of the tools"]


def _function_faults(function: dict[str, Any]) -> list[str]:
    faults = []
    name, parameters = function.get("name"), function.get("parameters", {"type": "object"})
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        faults.append(f"the bad name {name!r}")
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        faults.append("parameters must be a schema of type 'object'")
    elif not isinstance(parameters.get("properties", {}), dict):
        faults.append("the properties of its parameters must be an object")
    return faults


def _format_faults(body: dict[str, Any]) -> list[str]:
    if "response_format" not in body:
        return []
    wanted = body["response_format"]
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind not in ("text", "json_object", "json_schema"):
        return [f"response_format: unknown type {kind!r}"]
    if kind != "json_schema":
        return []
    described = wanted.get("json_schema")
    described = described if isinstance(described, dict) else {}
    name = described.get("name")
    schema = described.get("schema")
    if not (isinstance(name, str) and TOOL_NAME.fullmatch(name) and isinstance(schema, dict)):
        return ["response_format: json_schema needs a name and a schema"]
    if not described.get("strict"):
        return []
    if schema.get("type") != "object":
        return ["response_format: the schema must be of type 'object'"]
    return _strict_faults(schema, "$")


def _strict_faults(schema: Any, place: str) -> list[str]:
    """What strict mode refuses in a schema: open objects, optional properties and keys beside a reference."""
    if isinstance(schema, list):
        return [fault for part in schema for fault in _strict_faults(part, place)]
    if not isinstance(schema, dict):
        return []
    faults = []
    if "$ref" in schema and len(schema) > 1:
        faults.append(f"response_format: at {place}, $ref must stand alone")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            faults.append(f"response_format: at {place}, additionalProperties must be false")
        if sorted(schema.get("required", ())) != sorted(schema.get("properties", {})):
            faults.append(f"response_format: at {place}, required must list all properties")
    for key, part in schema.items():
        faults += _strict_faults(part, f"{place}.{key}")
    return faults
