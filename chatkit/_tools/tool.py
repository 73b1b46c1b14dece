"""A tool: a function that a model may ask for, with the words that describe it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, overload

from chatkit._errors import ConfigError
from chatkit._tools.schema import parameters_of
from chatkit._tools.signature import read_docstring
from chatkit._turns.contents import ContentToolRequest
from chatkit._types.schema import Schema, allows_strict

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, repr=False)
class Tool:
    """A function that a model may ask for. It is still called like the function.

    Make one with `tool()`; the class itself is for tools whose schema comes from elsewhere.

    Args:
        name: What the model calls it: 1 to 64 ASCII letters, digits, "_" and "-".
        description: What it does and when to use it; the model reads this.
        parameters: JSON schema of its arguments, an object. Not to be changed.
        function: What is called, with keyword arguments; plain or async, or a generator of either kind.
        strict: True or False to ask the server for strict arguments or not; None leaves it to the provider.
        bind: Makes the function's keyword arguments out of a model's; raises `ArgumentsError`.
        annotations: Hints about what the tool does, in MCP's names; made with `tool_annotations()`.
        requires_approval: Whether a call runs only after a yes; or a function that decides so for each request.
        timeout: Seconds that a call may take; None means no limit.
        context: The parameter that is given a `ToolContext`; empty when there is none.

    Raises:
        ConfigError: when the name is not one that servers accept.
    """

    name: str
    description: str
    parameters: Schema = field(hash=False)
    function: Callable[..., Any]
    strict: bool | None = None
    bind: Callable[[Mapping[str, Any]], dict[str, Any]] = field(default=dict, compare=False)
    annotations: Mapping[str, Any] = field(default_factory=dict, hash=False)
    requires_approval: bool | Callable[[ContentToolRequest], bool] = False
    timeout: float | None = None
    context: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"{self.name!r} cannot be a tool's name.",
                hint="Give name=, made of 1 to 64 ASCII letters, digits, '_' and '-'.",
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        required = self.parameters.get("required", ())
        names = [name if name in required else f"{name}=..." for name in self.parameters.get("properties", {})]
        summary = self.description.partition("\n")[0]
        return f"<Tool {self.name}({', '.join(names)}){': ' if summary else ''}{summary}>"

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        # `inspect.signature`, and with it help() and completion in notebooks, looks here.
        return self.function

    @property
    def definition(self) -> dict[str, Any]:
        """What a model is told: name, description and the JSON schema of the parameters."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}


@overload
def tool(
    function: Callable[..., Any], *, name: str | None = None, description: str | None = None, strict: bool | None = None
) -> Tool: ...
@overload
def tool(
    function: None = None, *, name: str | None = None, description: str | None = None, strict: bool | None = None
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function; also a decorator, with or without arguments.

    The schema comes from the type hints, `Annotated[..., "description"]` and the docstring (Google, NumPy or reST).
    Keyword arguments bound by `functools.partial` are hidden from the model.

    Args:
        function: A function, bound method, `functools.partial` or callable object; or a tool, to reword it.
        name: What the model calls it; the function's own name by default.
        description: What it does; by default the docstring without its sections.
        strict: True or False to ask the server for strict arguments or not; None leaves it to the provider, unless
            the parameters include free-form objects, which strict schemas cannot express.

    Raises:
        ConfigError: when the name does not do, or a parameter lacks a type hint that a model can be told of.
    """
    if function is None:
        return functools.partial(_defined, name=name, description=description, strict=strict)
    return _defined(function, name, description, strict)


def _defined(function: Callable[..., Any], name: str | None, description: str | None, strict: bool | None) -> Tool:
    if isinstance(function, Tool):
        given: dict[str, Any] = {"name": name, "description": description, "strict": strict}
        return replace(function, **{key: value for key, value in given.items() if value is not None})
    if not callable(function):
        raise ConfigError(f"A tool is made of a function, not of {type(function).__name__}.")
    name = _own_name(function) if name is None else name
    parameters = parameters_of(function, name)
    if strict is None and not allows_strict(parameters.schema):
        strict = False
    text = read_docstring(function).description if description is None else description
    return Tool(name, text, parameters.schema, function, strict, parameters.bind)


def _own_name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial | Tool):
        function = function.function if isinstance(function, Tool) else function.func
    name: str = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        raise ConfigError("A lambda has no name that a model could use.", hint="Give name=, and type hints.")
    return name
