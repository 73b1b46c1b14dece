"""The tools of a server as tools of a chat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatkit._errors import ConfigError, MCPError
from chatkit._mcp.names import names_for
from chatkit._mcp.results import result_from, text_of
from chatkit._mcp.session import Progress, Session
from chatkit._tools.arguments import ArgumentsError
from chatkit._tools.tool import Tool
from chatkit._turns.characters import whole_characters
from chatkit._turns.contents import ContentToolResult

if TYPE_CHECKING:
    import mcp_types

# No server's parameter: a model's arguments cannot stand in the way of it.
_CONTEXT = "chatkit context"


@dataclass(frozen=True, slots=True)
class RemoteFunction:
    """A tool of a server, called like a function with keyword arguments.

    Args:
        session: The connection.
        name: What the server calls it.
    """

    session: Session
    name: str

    def __call__(self, /, **arguments: Any) -> ContentToolResult:
        """Call it and wait.

        Raises:
            MCPError: when it failed, with the server's own words; or the server is gone.
            ArgumentsError: when the arguments cannot be sent.
        """
        context = arguments.pop(_CONTEXT, None)
        sent = as_json(arguments)
        if context is None:
            result = self.session.call(self.name, sent)
        else:
            result = self.session.call(
                self.name, sent, cancelled=lambda: bool(context.cancelled), progress=_reporter(context)
            )
        if result.is_error:
            words = text_of(result) or "The tool failed without saying why."
            raise MCPError(words, server=self.session.name)
        return result_from(result)

    def __copy__(self) -> RemoteFunction:
        return self

    def __deepcopy__(self, memo: object) -> RemoteFunction:
        return self


def tools_of(session: Session, names: Sequence[str], prefix: str) -> list[Tool]:
    """Make tools of some of a server's.

    Args:
        session: The connection.
        names: The server's own names of those wanted.
        prefix: What the new names begin with.

    Raises:
        ConfigError: when a tool's parameters are no object.
    """
    # A name that is listed twice means the same tool to the server.
    listed = {tool.name: tool for tool in reversed(session.tools)}
    new = names_for(names, prefix)
    return [_tool(listed[name], new[name], session) for name in names]


def _tool(listed: mcp_types.Tool, name: str, session: Session) -> Tool:
    about = listed.description or listed.title or ""
    hints = listed.annotations.model_dump(by_alias=True, exclude_none=True) if listed.annotations else {}
    return Tool(
        name,
        about,
        _parameters(listed.input_schema, listed.name),
        RemoteFunction(session, listed.name),
        # A server's schema was not written for strict mode, where every property is required.
        strict=False,
        context=_CONTEXT,
        annotations=hints,
    )


def _parameters(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    if schema.get("type", "object") != "object":
        raise ConfigError(f"The parameters of the MCP tool {name!r} are no object.", hint="Leave it out with exclude=.")
    kept = {key: value for key, value in schema.items() if key not in ("$schema", "title")}
    return {"type": "object", "properties": {}, **kept}


def as_json(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as they can be sent: what cannot would end the whole connection.

    Raises:
        ArgumentsError: when that is not possible.
    """
    from pydantic_core import to_json

    try:
        text = whole_characters(json.dumps(arguments, allow_nan=False, ensure_ascii=False))
        checked: dict[str, Any] = json.loads(text)
        to_json([[[[checked]]]])  # as deep as it will lie in the message, and a little more
    except (ValueError, TypeError, RecursionError) as error:
        fault = str(error)
    else:
        return checked
    raise ArgumentsError(f"- arguments: {fault}")


def _reporter(context: Any) -> Progress:
    def report(done: float, total: float | None, message: str | None) -> None:
        context.report({"progress": done, "total": total, "message": message})

    return report
