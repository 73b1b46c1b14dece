"""Every error of chatkit, in one tree.

```
ChatkitError(Exception)
├── ConfigError(ValueError)                  bad URL, key text, header, parameter or tool definition
│   ├── MissingKeyError                      no credentials where the service needs them
│   └── ScriptError                          a scripted conversation that cannot be run; path, line, column
├── ChatBusyError(RuntimeError)              the chat is in the middle of another call
├── HistoryError(ValueError)                 turns that cannot be a conversation
├── MediaError(ValueError)                   an attachment or its download
│   └── MissingFileError(FileNotFoundError)      no file at the path given
├── APIError                                 anything about talking to the server
│   ├── APIConnectionError(ConnectionError)      kind: dns, refused, reset, tls, proxy, protocol
│   │   └── APITimeoutError(TimeoutError)        phase: connect, headers, idle, progress, total
│   ├── APIStatusError                           status_code, body
│   │   ├── BadRequestError 400 ── ContextLengthError
│   │   ├── AuthenticationError 401  PermissionDeniedError 403  NotFoundError 404
│   │   ├── ConflictError 409  UnprocessableEntityError 422  RateLimitError 429
│   │   └── InternalServerError 5xx
│   ├── APIResponseError                         a 2xx or 3xx that is no answer (alias: APIResponseValidationError)
│   └── StreamError                              after the first event; .partial holds the turn
│       ├── StreamInterruptedError(ConnectionError)
│       └── APIStreamError                       the server reported an error inside the stream
├── IncompleteOutputError                    the answer ended before it could be used
│   └── LengthFinishReasonError  ContentFilterFinishReasonError  RefusalError
├── StructuredOutputError(ValueError)        no answer of the type asked for could be had
├── ToolRejectError                          raised by you, to refuse a tool call politely
├── LimitError(RuntimeError)                 a limit that was set on a call or a chat is reached
│   └── ToolLoopLimitError                       the model kept asking for tools
├── MCPError                                 a server of the Model Context Protocol failed
├── StoreError                               a conversation could not be kept, or not be had from the store
└── Cancelled                                a blocking call was cancelled
```

Where openai-python has a name for the same thing, the name is the same. Builtin bases such as `ValueError` make the
usual `except` clauses work; no class of an HTTP library is among them. Every error pickles.
"""

from __future__ import annotations

from typing import Any

from chatkit._rooms import opened


class ChatkitError(Exception):
    """The root of all errors of chatkit.

    Args:
        summary: One sentence: what failed, and where.
        **details: Values for the attributes that the class declares, such as `status_code` or `hint`.

    Attributes:
        summary: The sentence given.
        hint: What the user can do about it; empty when there is no good advice.
    """

    hint: str = ""

    def __init__(self, summary: str = "", **details: Any) -> None:
        super().__init__(summary)
        self.summary = summary
        for name, value in details.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no detail {name!r}")
            setattr(self, name, value)

    def __str__(self) -> str:
        return " ".join(part for part in self._sentences() if part)

    def _sentences(self) -> list[str]:
        return [self.summary, self.hint]

    @property
    def message(self) -> str:
        """The whole text: what failed, the server's words, one hint."""
        return str(self)

    def _render_traceback_(self) -> list[str]:  # what IPython shows instead of all the frames
        return list(opened("traceback_lines")(self))

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception with keyword arguments does not unpickle by itself; in a worker that kills the pool.
        return _restore, (type(self), self.summary, dict(self.__dict__))


def _restore(kind: type[ChatkitError], summary: str, state: dict[str, Any]) -> ChatkitError:
    error = kind(summary)
    error.__dict__.update(state)
    return error


class ConfigError(ChatkitError, ValueError):
    """Something given to chatkit cannot be used: a URL, a key's text, a header, a parameter, a tool."""


class MissingKeyError(ConfigError):
    """The service needs a key and none was found; the message names every place looked at."""


class ScriptError(ConfigError):
    """A script, or the rows for one, is broken at a place of a file (`path`, `line`, `column`); nothing was sent."""

    path: str = ""
    line: int = 0
    column: int = 0

    def _sentences(self) -> list[str]:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return [f"{place}: {self.summary}" if place else self.summary, self.hint]


class ChatBusyError(ChatkitError, RuntimeError):
    """The chat is in the middle of another call; that call goes on unharmed."""


class HistoryError(ChatkitError, ValueError):
    """Turns that do not form a conversation, or a saved one that cannot be read."""


class MediaError(ChatkitError, ValueError):
    """An attachment cannot be used, or its download failed."""


class MissingFileError(MediaError, FileNotFoundError):
    """There is no file at the path that was given for an attachment."""


class APIError(ChatkitError):
    """Anything that went wrong while talking to the server.

    Attributes:
        server_message: The server's own words, at most 500 characters, keys masked.
        model: The model asked for.
        url: Scheme, host and path of the request; never its query.
        request_id: What the server calls this request, if it said.
        attempts: How many requests were sent before giving up.
        retryable: Whether sending the same request again may help.
        retry_after: Seconds the server asked to wait, if it did.
        partial: The partial assistant turn, when text had already arrived.
        cause_type: Name of the underlying exception's class, when there was one.
    """

    server_message: str = ""
    model: str | None = None
    url: str | None = None
    request_id: str | None = None
    attempts: int = 1
    retryable: bool = False
    retry_after: float | None = None
    partial: Any = None
    cause_type: str | None = None

    def _sentences(self) -> list[str]:
        tries = f" (after {self.attempts} attempts)." if self.attempts > 1 else ""
        what = self.summary.removesuffix(".") + tries if tries else self.summary
        said = self.server_message
        words = f'The server said: "{said}"{"" if said.endswith((".", "!", "?")) else "."}' if said else ""
        return [what, words, self.hint, f"[request id: {self.request_id}]" if self.request_id else ""]


class APIConnectionError(APIError, ConnectionError):
    """The server could not be reached, or the connection broke before an answer began.

    Attributes:
        kind: "dns", "refused", "reset", "tls", "proxy" or "protocol".
    """

    kind: str = "reset"


class APITimeoutError(APIConnectionError, TimeoutError):
    """A time limit ran out.

    Attributes:
        phase: "connect", "headers", "idle", "progress" or "total".
    """

    kind = "timeout"
    phase: str = "idle"


class APIStatusError(APIError):
    """The server answered with an error status.

    Attributes:
        status_code: The HTTP status.
        body: The decoded body as far as it was read (JSON value or text), keys masked.
        code: The server's own error code, when it gave one.
        param: The parameter that the server blames, when it named one.
    """

    status_code: int = 0
    body: Any = None
    code: str | None = None
    param: str | None = None


class BadRequestError(APIStatusError):
    """400: the server does not accept the request as it is."""


class ContextLengthError(BadRequestError):
    """The conversation is longer than the model's context."""


class AuthenticationError(APIStatusError):
    """401: the key is missing or wrong."""


class PermissionDeniedError(APIStatusError):
    """403: the key is right, but not allowed to do this."""


class NotFoundError(APIStatusError):
    """404: no such model, or no such path."""


class ConflictError(APIStatusError):
    """409: a conflict on the server's side."""


class UnprocessableEntityError(APIStatusError):
    """422: the request is well formed but makes no sense to the server."""


class RateLimitError(APIStatusError):
    """429: too many requests, or a quota is used up."""


class InternalServerError(APIStatusError):
    """5xx: the server failed."""


class APIResponseError(APIError):
    """A 2xx or 3xx that is no answer: a web page, a redirect, an empty or unreadable body.

    Attributes:
        kind: "empty", "content_type", "redirect", "encoding", "too_large", "bad_json" or "missing_field".
        status_code: The HTTP status.
    """

    kind: str = "content_type"
    status_code: int = 200


APIResponseValidationError = APIResponseError  # the name that openai-python has for it


class StreamError(APIError):
    """The answer broke after it had begun; `partial` holds what had arrived.

    Attributes:
        kind: "interrupted", "reported", "bad_json", "bad_event" or "too_large".
    """

    kind: str = "bad_event"


class StreamInterruptedError(StreamError, ConnectionError):
    """The stream ended or the connection broke before the answer was finished."""

    kind = "interrupted"


class APIStreamError(StreamError):
    """The server reported an error inside the stream.

    Attributes:
        code: The server's own error code, when it gave one.
    """

    kind = "reported"
    code: str | None = None


class IncompleteOutputError(ChatkitError):
    """The answer ended in a way that leaves it unusable for what was asked.

    Attributes:
        turn: The assistant turn as it stands in the history.
    """

    turn: Any = None


class LengthFinishReasonError(IncompleteOutputError):
    """The answer was cut off at `max_tokens` (or the context's end) where a whole one was needed."""


class ContentFilterFinishReasonError(IncompleteOutputError):
    """The server's content filter ended an answer where a whole one was needed."""


class RefusalError(IncompleteOutputError):
    """The model refused to answer; the summary has its words."""


class StructuredOutputError(ChatkitError, ValueError):
    """No answer of the type asked for could be had, after all ways and repairs; the history is as it was.

    Attributes:
        raw: The last answer's text.
        errors: What is wrong with it: a text per JSON path, such as `{"$.age": "must be an integer"}`.
        turn: The last assistant turn, which is not in the history.
        usage: The tokens of all attempts.
    """

    raw: str = ""
    errors: Any = None
    turn: Any = None
    usage: Any = None


class ToolRejectError(ChatkitError):
    """Raise this in a tool or in `on_tool_request` to refuse a call politely: the model is told, and goes on."""

    def __init__(self, reason: str = "The user has chosen to disallow the tool call.", **details: Any) -> None:
        super().__init__(reason, **details)


class LimitError(ChatkitError, RuntimeError):
    """A limit that was set on a call or on a chat is reached; the history is valid and can go on.

    Attributes:
        name: Which limit: "rounds", "tool_calls", "tokens", "cost" or "seconds".
        scope: Whose limit it is: "call" or "chat".
        limit: What is allowed.
        used: What was used when it was noticed; None when that is unknown, as a cost without a price is.
        turn: The last assistant turn, if there is one.
    """

    name: str = ""
    scope: str = "call"
    limit: float = 0
    used: float | None = None
    turn: Any = None


class ToolLoopLimitError(LimitError):
    """The model kept asking for tools beyond the limit of rounds; the calls of `turn` were not run."""

    name = "rounds"


class MCPError(ChatkitError):
    """A server of the Model Context Protocol could not be started or reached, or answered with an error.

    Attributes:
        server: What the server is called.
        cause_type: Name of the underlying exception's class, when there was one.
    """

    server: str = ""
    cause_type: str | None = None


class StoreError(ChatkitError):
    """A conversation could not be kept, or one that is kept could not be had; what is in memory is whole.

    Attributes:
        kind: "busy" (another one writes it), "missing", "exists", "locked", "full", "io", "unreachable", "corrupt",
            "foreign" (not a store's), "version" or "closed".
        conversation: The id of the conversation, where it is about one.
    """

    kind: str = "io"
    conversation: str | None = None


class Cancelled(ChatkitError):
    """A blocking call ended because `cancel()` was called.

    Attributes:
        reason: The reason given to `cancel()`.
        partial: The partial assistant turn, when text had already arrived.
    """

    reason: str = "cancelled"
    partial: Any = None
