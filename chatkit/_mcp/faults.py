"""What goes wrong between client and server, in chatkit's own words."""

from __future__ import annotations

from chatkit._errors import MCPError

_CLOSED, _TIMED_OUT = -32000, -32001


def first_of(error: BaseException) -> BaseException:
    """The exception that task groups wrapped in groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def start_failed(
    error: BaseException, server: str, *, timeout: float, printed: str = "", noise: bool = False, status: str = ""
) -> MCPError:
    """Say why a server could not be connected.

    Args:
        error: What was raised.
        server: What the server is called.
        timeout: Seconds it was given.
        printed: The last lines of its standard error.
        noise: Whether it wrote to its standard output what is no message.
        status: The HTTP status that it last answered with, if that says that something is wrong.
    """
    cause = first_of(error)
    text = f"The MCP server {server!r} {_reason(cause, timeout, status)}"
    if noise:
        text += " It writes lines to its standard output that are no messages of the protocol."
    if printed:
        text += f" The last it wrote to its standard error:\n{printed}"
    return MCPError(text, server=server, cause_type=type(cause).__name__)


def _reason(cause: BaseException, timeout: float, status: str) -> str:
    if status:
        return f"could not be used: it answered with HTTP {status}."
    if isinstance(cause, FileNotFoundError | NotADirectoryError):
        return "could not be started: there is no such command or directory."
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        return f"could not be started: {cause.strerror or cause}."
    if isinstance(cause, TimeoutError):
        return f"did not answer within {timeout:g} seconds."
    if getattr(cause, "code", None) == _CLOSED:
        return "ended before it was ready."
    return f"could not be used: {in_a_line(cause)}"


def call_failed(error: BaseException, server: str) -> MCPError:
    """Say why a call was not answered; the model reads this, so nothing of the server's log is in it."""
    cause = first_of(error)
    if getattr(cause, "code", None) == _CLOSED:
        return gone(server, type(cause).__name__)
    return MCPError(
        f"The MCP server {server!r} gave an error: {in_a_line(cause)}", server=server, cause_type=type(cause).__name__
    )


def gone(server: str, cause_type: str | None = None) -> MCPError:
    """Say that there is no connection any more."""
    return MCPError(
        f"The connection to the MCP server {server!r} is closed, or the server has ended.",
        server=server,
        cause_type=cause_type,
    )


def in_a_line(cause: BaseException) -> str:
    """What an exception says, or what it is when it says nothing."""
    text = " ".join(str(cause).split()) or type(cause).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
