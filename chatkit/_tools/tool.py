"""A tool: a function that a model may ask for, with the words that describe it."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, overload

from chatkit._errors import ConfigError
from chatkit._tools.annotations import read_annotations
from chatkit._tools.arguments import ArgumentsError, Binder, read_arguments
from chatkit._tools.schema import parameters_of
from chatkit._tools.signature import read_docstring
from chatkit._tools.specs import retold
from chatkit._turns.contents import ContentToolRequest
from chatkit._types.schema import Schema, allows_strict

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class _Wrapped:
    """The function of a tool. The class itself wraps nothing, so its own signature can be looked at."""

    def __get__(self, tool: Tool | None, owner: type[Tool]) -> Callable[..., Any]:
        if tool is None:
            raise AttributeError("__wrapped__")
        return tool.function


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
        bind: Makes the function's keyword arguments out of a model's, or raises what the model is to read.
        annotations: Hints about what the tool does, in MCP's names; made with `tool_annotations()`.
        requires_approval: Whether a call runs only after a yes; or a function that decides so for each request, which
            has the arguments as `function` would get them.
        timeout: Seconds that a call may take; None means no limit.
        context: The parameter that is given a `ToolContext`; empty when there is none.

    Raises:
        ConfigError: when the name is not one that servers accept, or a value is not one of those above.
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
        check_timeout(self.timeout)
        _check_approval(self.requires_approval, self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        required = self.parameters.get("required", ())
        names = [name if name in required else f"{name}=..." for name in self.parameters.get("properties", {})]
        summary = self.description.partition("\n")[0]
        return f"<Tool {self.name}({', '.join(names)}){': ' if summary else ''}{summary}>"

    def needs_approval(self, request: ContentToolRequest) -> bool:
        """Whether a call runs only after a yes.

        Args:
            request: What the model asked for. A rule of the tool's own gets it with the arguments as the function
                would, so that what it looks at is what would run.
        """
        rule = self.requires_approval
        if isinstance(rule, bool):
            return rule
        try:
            arguments = self.bind(read_arguments(request))
        except ArgumentsError:
            return False  # it is not called with them, and the model will be told why
        return bool(rule(replace(request, arguments=arguments, raw=None)))

    # `inspect.signature`, and with it help() and completion in notebooks, looks here.
    __wrapped__ = _Wrapped()

    @property
    def definition(self) -> dict[str, Any]:
        """What a model is told: name, description and the JSON schema of the parameters."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}


def check_timeout(timeout: Any) -> None:
    """Make sure that a time limit is None or a positive number of seconds.

    Raises:
        ConfigError: when it is not.
    """
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is not None and not (number and timeout > 0):
        raise ConfigError(f"A tool's timeout is a positive number of seconds, or None, not {timeout!r}.")


def _check_approval(rule: Any, name: str) -> None:
    if not isinstance(rule, bool) and (not callable(rule) or inspect.iscoroutinefunction(rule)):
        raise ConfigError(f"Tool {name!r}: `requires_approval` is True, False or a plain function of the request.")


@overload
def tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
    requires_approval: bool | Callable[[ContentToolRequest], bool] | None = None,
    timeout: float | None = None,
    strict: bool | None = None,
) -> Tool: ...
@overload
def tool(
    function: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
    requires_approval: bool | Callable[[ContentToolRequest], bool] | None = None,
    timeout: float | None = None,
    strict: bool | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
    requires_approval: bool | Callable[[ContentToolRequest], bool] | None = None,
    timeout: float | None = None,
    strict: bool | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function; also a decorator, with or without arguments.

    The schema comes from the type hints, `Annotated[..., "description"]` and the docstring (Google, NumPy or reST).
    Not told to the model are keyword arguments bound by `functools.partial`, parameters with the hint
    `Annotated[..., type_ignore()]`, and the one with the hint `ToolContext`.

    Args:
        function: A function, bound method, `functools.partial` or callable object, plain, async or a generator of
            either kind; or a tool, to reword it: what is not given stays as it is.
        name: What the model calls it; the function's own name by default.
        description: What it does; by default the docstring without its sections.
        arguments: What the model is told of single parameters, by name, in place of their type hints: a text is a
            description; a type or `Annotated` is a type hint; a `type_*()` value is told and checked as it says; a
            dict is a JSON schema, told as it is, while the type hint checks, if there is one. `type_ignore()` hides a
            parameter, which must have a default. Whoever has a default in the function is not required.
        annotations: Hints about what it does, made with `tool_annotations()`.
        requires_approval: Whether a call runs only after a yes, or a plain function of the request that says so. The
            request then has the arguments as the function would get them, checked; calls that do not pass are not
            asked about, since they do not run.
        timeout: Seconds that a call may take; then the model reads that it timed out. An async tool is cancelled; a
            plain one goes on in its thread, unheard, as threads cannot be stopped: it may ask
            `ToolContext.cancelled`. `math.inf` means no limit, also where the toolbox has one.
        strict: True or False to ask the server for strict arguments or not; None leaves it to the provider, unless
            the parameters include free-form objects, which strict schemas cannot express.

    Raises:
        ConfigError: when the name does not do, a parameter lacks a type hint that a model can be told of, or
            `arguments` names one that there is not.
    """
    given: dict[str, Any] = {
        "name": name,
        "description": description,
        "annotations": None if annotations is None else read_annotations(annotations),
        "requires_approval": requires_approval,
        "timeout": timeout,
        "strict": strict,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if function is None:
        return functools.partial(_defined, given=given, arguments=arguments)
    return _defined(function, given, arguments)


def _defined(function: Callable[..., Any], given: dict[str, Any], arguments: Mapping[str, Any] | None) -> Tool:
    if isinstance(function, Tool):
        return replace(function, **given, **_reworded(function, arguments))
    if isinstance(function, type):
        raise ConfigError(
            f"A tool is made of a function, not of the class {function.__name__}.",
            hint="Write a function that takes one as an argument.",
        )
    if not callable(function):
        raise ConfigError(f"A tool is made of a function, not of {type(function).__name__}.")
    name = given["name"] if "name" in given else _own_name(function)
    parameters = parameters_of(function, name, arguments)
    made = {
        "name": name,
        "parameters": parameters.schema,
        "function": function,
        "strict": None if allows_strict(parameters.schema) else False,
        "bind": parameters.bind,
        "context": parameters.context,
    }
    if "description" not in given:
        made["description"] = read_docstring(function).description
    return Tool(**{**made, **given})


def _reworded(made: Tool, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """What changes in a tool when other things are said of its arguments."""
    if not arguments:
        return {}
    if not isinstance(made.bind, Binder):
        return {"parameters": retold(made.parameters, arguments, made.name)}
    parameters = parameters_of(made.function, made.name, {**made.bind.given, **arguments})
    return {"parameters": parameters.schema, "bind": parameters.bind, "context": parameters.context}


def _own_name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial | Tool):
        function = function.function if isinstance(function, Tool) else function.func
    name: str = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        raise ConfigError("A lambda has no name that a model could use.", hint="Give name=, and type hints.")
    return name
