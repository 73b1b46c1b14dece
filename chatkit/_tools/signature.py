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
from chatkit._tools.context import ToolContext
from chatkit._tools.specs import Spec, refuse_unknown
from chatkit._types.kinds import TypeIgnore
from chatkit._types.schema import Schema

_KINDS_IN_WORDS = {
    inspect.Parameter.VAR_POSITIONAL: "a model cannot fill *{name}; name each parameter",
    inspect.Parameter.VAR_KEYWORD: "a model cannot fill **{name}; name each parameter",
    inspect.Parameter.POSITIONAL_ONLY: "it is positional-only, and a model passes arguments by name",
}
_GATHERING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_HIDDEN = object()
_UNTYPED = "it has no type hint; write for example `{name}: str`"
_UNBOUND = "a method needs its object; make the tool of the bound method, such as `tool(thing.method)`"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that the model fills.

    Args:
        name: Its name.
        annotation: Its type, resolved, `Annotated` kept.
        default: What the model is told as its default, or `inspect.Parameter.empty`.
        description: What it is for; empty when nobody said.
        always: Whether it is passed even when the model does not give it, as the function has no default.
        schema: What the model is told of it instead of what the type says, or None.
    """

    name: str
    annotation: Any
    default: Any
    description: str
    always: bool = True
    schema: Schema | None = None

    @property
    def required(self) -> bool:
        """Whether the model must give it."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes.

    Args:
        parameters: Those that the model fills.
        context: The name of the one that is given a `ToolContext`; empty when there is none.
    """

    parameters: list[Parameter]
    context: str


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
    """Read a docstring in the Google, NumPy, reST or Epydoc style; that of a callable object's class helps out."""
    core = _core(function)
    found = _parsed(underlying(core).__doc__)
    if inspect.isroutine(core):
        return found
    outer = _parsed(type(core).__doc__)
    return Docstring(found.description or outer.description, {**outer.arguments, **found.arguments})


def _parsed(text: str | None) -> Docstring:
    if not text:
        return Docstring()
    import docstring_parser

    parsed = docstring_parser.parse(text)
    parts = [parsed.short_description, parsed.long_description]
    arguments = {entry.arg_name: " ".join((entry.description or "").split()) for entry in parsed.params}
    return Docstring("\n\n".join(part.strip() for part in parts if part), arguments)


def read_signature(function: Callable[..., Any], tool: str, specs: Mapping[str, Spec]) -> Signature:
    """Tell what a function takes.

    Keywords bound by `functools.partial` are left out: whoever binds one wants to keep it from the model.

    Args:
        function: Any callable.
        tool: The tool's name, for error messages.
        specs: What was said of its parameters besides the signature.

    Raises:
        ConfigError: when a parameter has no usable type hint, or cannot be passed by name.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError, NameError) as error:
        reason = str(error)
    else:
        return _signature(function, signature, tool, specs)
    raise ConfigError(f"Tool {tool!r} has no readable signature: {reason}.")


def _signature(
    function: Callable[..., Any], signature: inspect.Signature, tool: str, specs: Mapping[str, Spec]
) -> Signature:
    bound = function.keywords if isinstance(function, functools.partial) else {}
    open_ = {name: parameter for name, parameter in signature.parameters.items() if name not in bound}
    scope = getattr(underlying(function), "__globals__", {})
    annotations = {
        name: _annotation(parameter, scope, specs.get(name, Spec()), tool) for name, parameter in open_.items()
    }
    context = _the_context([name for name, hint in annotations.items() if _is_context(hint)], tool)
    told = [name for name, hint in annotations.items() if name != context and hint is not _HIDDEN]
    refuse_unknown(specs, (name for name in open_ if name != context), tool)
    described = read_docstring(function).arguments
    return Signature(
        [_parameter(open_[name], annotations[name], specs.get(name, Spec()), described.get(name, "")) for name in told],
        context,
    )


def _annotation(parameter: inspect.Parameter, scope: dict[str, Any], spec: Spec, tool: str) -> Any:
    """The type of a parameter, resolved; `_HIDDEN` for one that the model is not told of."""
    name = parameter.name
    if spec.hidden:
        return _hidden(parameter, tool)
    if parameter.kind in _KINDS_IN_WORDS:
        refuse(tool, name, _KINDS_IN_WORDS[parameter.kind].format(name=name))
    if spec.typed:
        return spec.annotation
    if parameter.annotation is inspect.Parameter.empty:
        if spec.schema is None:
            refuse(tool, name, _UNBOUND if name in ("self", "cls") else _UNTYPED.format(name=name))
        return Any
    annotation = _resolved(parameter.annotation, scope, name, tool)
    if any(isinstance(note, TypeIgnore) for note in getattr(annotation, "__metadata__", ())):
        return _hidden(parameter, tool)
    return annotation


def _hidden(parameter: inspect.Parameter, tool: str) -> Any:
    # *args and **kwargs need no default: nothing is passed then.
    if parameter.default is inspect.Parameter.empty and parameter.kind not in _GATHERING:
        refuse(tool, parameter.name, "type_ignore() hides it from the model, but it has no default")
    return _HIDDEN


def _is_context(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated or origin in (types.UnionType, typing.Union):
        return any(_is_context(part) for part in typing.get_args(annotation))
    return annotation is ToolContext


def _the_context(names: list[str], tool: str) -> str:
    if len(names) > 1:
        refuse(tool, names[1], f"{names[0]!r} is given the ToolContext already")
    return names[0] if names else ""


def _parameter(parameter: inspect.Parameter, annotation: Any, spec: Spec, description: str) -> Parameter:
    default = parameter.default
    if type(default).__module__ == "pydantic.fields":
        # `city: str = Field("Oslo")`: the function has no default that is usable without pydantic.
        annotation, default = typing.Annotated[annotation, default], inspect.Parameter.empty
    always = default is inspect.Parameter.empty
    if always and not spec.required:
        default = None
    text = spec.description or _own_description(annotation) or description
    if default is None and annotation is not Any:
        annotation = typing.Optional[annotation]  # noqa: UP045  `city: str = None` means that None will do
    return Parameter(parameter.name, annotation, default, text, always, spec.schema)


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
