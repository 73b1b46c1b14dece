"""From a function's signature to the JSON schema that a model reads, and to what checks its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from chatkit._tools.arguments import Binder
from chatkit._tools.refs import tidied
from chatkit._tools.signature import Parameter, read_signature, refuse
from chatkit._tools.specs import read_specs, with_told
from chatkit._types.schema import Schema

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes.

    Args:
        schema: JSON schema of an object with one property per parameter.
        bind: Checks a model's arguments against it and returns them as the function declares them; raises
            `ArgumentsError`.
        context: The parameter that is given a `ToolContext`; empty when there is none.
    """

    schema: Schema
    bind: Callable[[Mapping[str, Any]], dict[str, Any]]
    context: str = ""


def parameters_of(function: Callable[..., Any], tool: str = "", arguments: Any = None) -> Parameters:
    """Derive the schema and the check of a function's arguments.

    Descriptions come from `arguments`, `Annotated[..., Field(description=...)]`, `Annotated[..., "..."]` or the
    docstring, in this order; parameters with a default are not required.

    Args:
        function: Any callable with type hints: a function, bound method, `functools.partial` or callable object.
        tool: The tool's name, for error messages.
        arguments: What is said of single parameters instead of the signature; see `tool()`.

    Raises:
        ConfigError: when a parameter has no type hint, or one that no JSON schema can express.
    """
    signature = read_signature(function, tool, read_specs(arguments, tool))
    parameters = signature.parameters
    try:
        model, schema = _modelled(parameters, tool)
    except Exception:
        # pydantic does not say which field it could not understand, so they are tried one by one.
        for parameter in parameters:
            _try_alone(parameter, tool)
        raise
    schema = with_told(schema, {one.name: one.schema for one in parameters if one.schema is not None}, tool)
    always = {f"p{index}" for index, parameter in enumerate(parameters) if parameter.always}
    names = {f"p{index}": parameter.name for index, parameter in enumerate(parameters)}
    given = dict(arguments or {})
    binder = Binder(model, names, always, schema, given, (_bound_again, (function, tool, given)))
    return Parameters(schema, binder, signature.context)


def _bound_again(function: Callable[..., Any], tool: str, arguments: Any) -> Any:
    return parameters_of(function, tool, arguments).bind


def _modelled(parameters: list[Parameter], tool: str) -> tuple[type[BaseModel], Schema]:
    from pydantic import ConfigDict, create_model
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  as pydantic declares it

    # Fields are numbered and the parameters' names are aliases: a parameter may be called `_x`, `json` or `schema`.
    fields: dict[str, Any] = {f"p{index}": _field(parameter) for index, parameter in enumerate(parameters)}
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    model = create_model(tool or "Arguments", __config__=config, **fields)
    return model, tidied(model.model_json_schema(schema_generator=Generator))


def _field(parameter: Parameter) -> tuple[Any, Any]:
    from pydantic import Field, WithJsonSchema

    given = {} if parameter.required else {"default": parameter.default}
    hint = parameter.annotation
    if parameter.schema is not None:
        hint = Annotated[hint, WithJsonSchema({})]  # told in other words; the type may have none at all
    return hint, Field(alias=parameter.name, description=parameter.description or None, **given)


def _try_alone(parameter: Parameter, tool: str) -> None:
    try:
        _modelled([parameter], tool)
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".")
    else:
        return
    refuse(tool, parameter.name, f"a model cannot be told of the type {parameter.annotation!r} ({reason})")
