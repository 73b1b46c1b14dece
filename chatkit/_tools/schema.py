"""From a function's signature to the JSON schema that a model reads, and to what checks its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatkit._tools.arguments import Binder
from chatkit._tools.signature import Parameter, read_parameters, refuse
from chatkit._types.schema import Schema, rewritten

if TYPE_CHECKING:
    from pydantic import BaseModel


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


def _without_title(schema: Schema) -> Schema:
    schema.pop("title", None)
    return schema
