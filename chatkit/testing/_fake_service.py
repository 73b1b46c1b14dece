"""A Chat Completions server that says what a test has written down for it."""

import re
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ._answers import Answer, ErrorAnswer
from ._replies import Scripted, error_body
from ._request_rules import check_request
from ._requests import RecordedRequest
from ._routes import CHAT_PATH, Model, answer_elsewhere
from ._service import Service


class FakeService(Service):
    """A scripted Chat Completions server on a real loopback socket.

    It listens as soon as it is made. Use it as a context manager, or call `close()`.

    Example:
        ```python
        with FakeService() as service:
            service.say("Hello ", "world")
            reply = requests.post(f"{service.base_url}/chat/completions", json={"model": "m", "messages": []})
            assert reply.json()["choices"][0]["message"]["content"] == "Hello world"
            assert service.requests[0].messages == []
        ```

    Args:
        strict: Refuse, with status 400, every request that the strictest endpoint would refuse; see
            `check_request()`. A refused request uses up no answer. Can be changed later.
        paths: The paths at which the script plays; None is every path and method.
        models: The models listed at `/v1/models`: ids, or whole entries.
        port: The port to listen on; 0 takes any free one.
        tls: A server-side `ssl.SSLContext`, to speak https.

    Attributes:
        requests: Every request received, of whatever kind, oldest first.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        paths: Sequence[str] | None = (CHAT_PATH,),
        models: Sequence[Model] = ("fake-model",),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.strict = strict
        self._paths = paths
        self._queue: deque[Scripted] = deque()
        self._handler: Callable[[RecordedRequest], Scripted] | None = None
        super().__init__(port=port, tls=tls)
        self.models = models

    @property
    def unsaid(self) -> int:
        """How many scripted answers have not been asked for yet."""
        return len(self._queue)

    def say(self, *deltas: str, **fields: Any) -> None:
        """Queue an answer of words.

        Args:
            *deltas: The words; each argument is one streamed delta.
            **fields: Any other field of `Answer`.
        """
        self.script(Answer(deltas, **fields))

    def script(self, *answers: Scripted) -> None:
        """Queue answers; each is given to one request, in the order in which requests arrive."""
        self._queue.extend(answers)

    def on_request(self, handler: Callable[[RecordedRequest], Scripted]) -> None:
        """Let a function answer whatever is not queued.

        Args:
            handler: Takes the request and returns any answer. It runs in the connection's thread, so for
                simultaneous requests at the same time. What it raises is answered with status 500.
        """
        self._handler = handler

    def _respond(self, request: RecordedRequest) -> Scripted:
        if self._paths is not None:
            elsewhere = answer_elsewhere(request, self._paths, self.models)
            if elsewhere is not None:
                return elsewhere
        if self.strict and request.path.endswith("/chat/completions"):
            problems = check_request(request.json)
            if problems:
                param = re.split(r"\W", problems[0])[0]
                return ErrorAnswer(400, error_body("; ".join(problems), param=param))
        return self._next(request)

    def _next(self, request: RecordedRequest) -> Scripted:
        try:
            return self._queue.popleft()
        except IndexError:
            if self._handler is not None:
                return self._handler(request)
        message = f"FakeService: no answer is scripted for request {request.number}"
        return ErrorAnswer(500, error_body(message, kind="server_error"))
