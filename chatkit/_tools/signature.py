"""What a function says of itself: its parameters, their types, and what its docstring tells of them."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from chatkit._errors import ConfigError

_KINDS_IN_WORDS = {
    inspect.Parameter.VAR_POSITIONAL: "a model cannot fill *{name}; name each parameter",
    inspect.Parameter.VAR_KEYWORD: "a model cannot fill **{name}; name each parameter",
    inspect.Parameter.POSITIONAL_ONLY: "it is positional-only, and a model passes arguments by name",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that the model fills.

    Args:
        name: Its name.
        annotation: Its type, resolved, `Annotated` kept.
        default: Its default, or `inspect.Parameter.empty`.
        description: What it is for; empty when nobody said.
    """

    name: str
    annotation: Any
    default: Any
    description: str

    @property
    def required(self) -> bool:
        """Whether the function cannot be called without it."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says: the description, and a text per argument."""

    description: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


def refuse(tool: str, parameter: str, reason: str) -> NoReturn:
    """Raise the ConfigError for a parameter that cannot be offered to a model."""
    raise ConfigError(f"Tool {tool!r}, parameter {parameter!r}: {reason}.")


def underlying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Find the function that was written: inside partials, decorators, bound methods and callable objects."""
    core = _core(function)
    return core if inspect.isroutine(core) else _core(_call_method(core))


def _core(function: Any) -> Any:
    while isinstance(function, functools.partial) or hasattr(function, "__wrapped__"):
        function = function.func if isinstance(function, functools.partial) else function.__wrapped__
    return function


def _call_method(instance: object) -> Any:
    return type(instance).__call__  # what the parentheses of a callable object call


def read_docstring(function: Callable[..., Any]) -> Docstring:
    """Read a docstring in the Google, NumPy, reST or Epydoc style."""
    core = _core(function)
    text = underlying(core).__doc__ or ("" if inspect.isroutine(core) else type(core).__doc__)
    if not text:
        return Docstring()
    import docstring_parser

    parsed = docstring_parser.parse(text)
    parts = [parsed.short_description, parsed.long_description]
    arguments = {entry.arg_name: " ".join((entry.description or "").split()) for entry in parsed.params}
    return Docstring("\n\n".join(part.strip() for part in parts if part), arguments)


def read_parameters(function: Callable[..., Any], tool: str) -> list[Parameter]:
    """List the parameters that a model has to fill.

    Keywords bound by `functools.partial` are not among them: whoever binds one wants to keep it from the model.

    Raises:
        ConfigError: when a parameter has no usable type hint, or cannot be passed by name.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError, NameError) as error:
        raise ConfigError(f"Tool {tool!r} has no readable signature: {error}.") from None
    bound = function.keywords if isinstance(function, functools.partial) else {}
    described = read_docstring(function).arguments
    scope = getattr(underlying(function), "__globals__", {})
    return [
        _parameter(parameter, scope, described.get(name, ""), tool)
        for name, parameter in signature.parameters.items()
        if name not in bound
    ]


def _parameter(parameter: inspect.Parameter, scope: dict[str, Any], description: str, tool: str) -> Parameter:
    name = parameter.name
    if parameter.kind in _KINDS_IN_WORDS:
        refuse(tool, name, _KINDS_IN_WORDS[parameter.kind].format(name=name))
    if parameter.annotation is inspect.Parameter.empty:
        refuse(tool, name, f"it has no type hint; write for example `{name}: str`")
    annotation = _resolved(parameter.annotation, scope, name, tool)
    default = parameter.default
    if type(default).__module__ == "pydantic.fields":
        # `city: str = Field("Oslo")`: the function has no default that is usable without pydantic.
        annotation, default = typing.Annotated[annotation, default], inspect.Parameter.empty
    own = _own_description(annotation)
    if default is None and annotation is not Any:
        annotation = typing.Optional[annotation]  # noqa: UP045  `city: str = None` means that None will do
    return Parameter(name, annotation, default, own or description)


def _resolved(annotation: Any, scope: dict[str, Any], name: str, tool: str) -> Any:
    # One at a time, so that the error can name the parameter, and a return type that exists only for the type
    # checker does no harm.
    holder = types.SimpleNamespace(__annotations__={name: annotation})
    try:
        return typing.get_type_hints(holder, globalns=scope, include_extras=True)[name]
    except Exception as error:
        refuse(tool, name, f"its type hint {annotation!r} cannot be resolved ({error})")


def _own_description(annotation: Any) -> str:
    notes = getattr(annotation, "__metadata__", ())
    described = [text for note in notes if isinstance(text := getattr(note, "description", None), str)]
    return next(iter(described + [note for note in notes if isinstance(note, str)]), "")
