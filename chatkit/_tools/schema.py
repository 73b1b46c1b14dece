"""From a function's signature to the JSON schema that a model reads, and to what checks its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from chatkit._tools.arguments import Binder
from chatkit._tools.signature import Parameter, read_parameters, refuse

if TYPE_CHECKING:
    from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions"})
_IN_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_ALONE = frozenset({"items", "additionalProperties", "contains", "not"})
_SAYS_WHAT = frozenset({"type", "enum", "const", "$ref", *_IN_LISTS})


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes.

    Args:
        schema: JSON schema of an object with one property per parameter.
        bind: Checks a model's arguments against it and returns them as the function declares them; raises
            `ArgumentsError`.
    """

    schema: Schema
    bind: Callable[[Mapping[str, Any]], dict[str, Any]]


def parameters_of(function: Callable[..., Any], tool: str = "") -> Parameters:
    """Derive the schema and the check of a function's arguments.

    Descriptions come from `Annotated[..., Field(description=...)]`, `Annotated[..., "..."]` or the docstring, in
    this order; parameters with a default are not required.

    Args:
        function: Any callable with type hints: a function, bound method, `functools.partial` or callable object.
        tool: The tool's name, for error messages.

    Raises:
        ConfigError: when a parameter has no type hint, or one that no JSON schema can express.
    """
    parameters = read_parameters(function, tool)
    try:
        model, schema = _modelled(parameters, tool)
    except Exception:
        # pydantic does not say which field it could not understand, so they are tried one by one.
        for parameter in parameters:
            _try_alone(parameter, tool)
        raise
    always = {f"p{index}" for index, parameter in enumerate(parameters) if parameter.required}
    names = {f"p{index}": parameter.name for index, parameter in enumerate(parameters)}
    return Parameters(schema, Binder(model, names, always, schema))


def _modelled(parameters: list[Parameter], tool: str) -> tuple[type[BaseModel], Schema]:
    from pydantic import ConfigDict, create_model
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  as pydantic declares it

    # Fields are numbered and the parameters' names are aliases: a parameter may be called `_x`, `json` or `schema`.
    fields: dict[str, Any] = {f"p{index}": _field(parameter) for index, parameter in enumerate(parameters)}
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    model = create_model(tool or "Arguments", __config__=config, **fields)
    return model, rewritten(model.model_json_schema(schema_generator=Generator), _without_title)


def _field(parameter: Parameter) -> tuple[Any, Any]:
    from pydantic import Field

    given = {} if parameter.required else {"default": parameter.default}
    return parameter.annotation, Field(alias=parameter.name, description=parameter.description or None, **given)


def _try_alone(parameter: Parameter, tool: str) -> None:
    try:
        _modelled([parameter], tool)
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        refuse(tool, parameter.name, f"a model cannot be told of the type {parameter.annotation!r} ({reason})")


def rewritten(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """Copy a JSON schema, applying `change` to every schema in it, innermost first; the input is not touched."""
    if not isinstance(schema, dict):
        return schema
    copy = dict(schema)
    for key, value in schema.items():
        if key in _BY_NAME:
            copy[key] = {name: rewritten(part, change) for name, part in value.items()}
        elif key in _IN_LISTS:
            copy[key] = [rewritten(part, change) for part in value]
        elif key in _ALONE:
            copy[key] = rewritten(value, change)
    return change(copy)


def _without_title(schema: Schema) -> Schema:
    schema.pop("title", None)
    return schema


def strict_schema(schema: Schema) -> Schema:
    """Reword a schema for servers whose tools are strict; the input is not touched.

    There every object is closed and lists all its properties as required, so what was optional becomes nullable.

    Source: https://platform.openai.com/docs/guides/function-calling#strict-mode
    """
    return dict(rewritten(schema, _strict))


def allows_strict(schema: Schema) -> bool:
    """Whether the strict wording can say the same: no free-form objects and no values of any type in it."""
    found: list[Schema] = []

    def note(part: Schema) -> Schema:
        free = part.get("type") == "object" and part.get("additionalProperties", "properties" not in part)
        if free or _SAYS_WHAT.isdisjoint(part):
            found.append(part)
        return part

    rewritten(schema, note)
    return not found


def _strict(schema: Schema) -> Schema:
    schema.pop("default", None)
    if schema.get("type") != "object" and "properties" not in schema:
        return schema
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    schema["properties"] = {name: part if name in required else _nullable(part) for name, part in properties.items()}
    schema["required"] = list(properties)
    schema["additionalProperties"] = False
    return schema


def _nullable(schema: Any) -> Any:
    if not isinstance(schema, dict) or _SAYS_WHAT.isdisjoint(schema):
        return schema  # anything goes, null included
    if "anyOf" in schema:
        return _with_null_branch(schema)
    if "const" not in schema and ("type" in schema or "enum" in schema):
        return _with_null_value(schema)
    return _wrapped(schema)


def _with_null_branch(schema: Schema) -> Schema:
    branches = schema["anyOf"]
    if any(isinstance(part, dict) and part.get("type") == "null" for part in branches):
        return schema
    return {**schema, "anyOf": [*branches, {"type": "null"}]}


def _wrapped(schema: Schema) -> Schema:
    # The description stays outside, where a model looks for it.
    inner = {key: value for key, value in schema.items() if key != "description"}
    outer = {key: value for key, value in schema.items() if key == "description"}
    return {"anyOf": [inner, {"type": "null"}], **outer}


def _with_null_value(schema: Schema) -> Schema:
    copy = dict(schema)
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        copy["type"] = types if "null" in types else [*types, "null"]
    if "enum" in schema and None not in schema["enum"]:
        # A nullable type whose enum lacks null is a contradiction: one server answers 400, another invents a value.
        copy["enum"] = [*schema["enum"], None]
    return copy
