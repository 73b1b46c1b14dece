"""A Chat Completions and Responses server that says what a test has written down for it."""

import re
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from ._answers import Answer, ErrorAnswer
from ._issues import refusal_body
from ._replies import Scripted, error_body
from ._request_rules import check_request
from ._requests import RecordedRequest
from ._responses import responses_answer
from ._responses_rules import Flavour, request_issues
from ._routes import CHAT_PATH, RESPONSES_PATH, Model, answer_elsewhere
from ._service import Service


class FakeService(Service):
    """A scripted server of Chat Completions, and of Responses, on a real loopback socket.

    It listens as soon as it is made. Use it as a context manager, or call `close()`. What is asked at
    `/v1/chat/completions` is answered in the words of Chat Completions, what is asked at `/v1/responses` in those of
    Responses; both take the same script.

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
            `check_request()` and `check_responses_request()`. A refused request uses up no answer. Can be
            changed later.
        paths: The paths at which the script plays; None is every path and method.
        models: The models listed at `/v1/models`: ids, or whole entries.
        port: The port to listen on; 0 takes any free one.
        tls: A server-side `ssl.SSLContext`, to speak https.
        responses: Whose Responses server it plays. `"huggingface"`, the router's: `data:` lines only, no token
            counts but those that a provider volunteers, `completed` even for an answer that was cut short, refusals
            worded by its schema checker. `"openai"`: `event:` lines, token counts, `response.incomplete`,
            annotations, thoughts as a summary.

    Attributes:
        requests: Every request received, of whatever kind, oldest first.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        paths: Sequence[str] | None = (CHAT_PATH, RESPONSES_PATH),
        models: Sequence[Model] = ("fake-model",),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        responses: Flavour = "huggingface",
    ) -> None:
        self.strict = strict
        self._responses = responses
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

    def _claim(self, request: RecordedRequest) -> Scripted | None:
        if self._paths is not None:
            elsewhere = answer_elsewhere(request, self._paths, self.models)
            if elsewhere is not None:
                return elsewhere
        refused = self._refusal(request) if self.strict else None
        if refused is not None:
            return refused
        return self._queue.popleft() if self._queue else None

    def _respond(self, request: RecordedRequest) -> Scripted:
        if self._handler is not None:
            return self._handler(request)
        message = f"FakeService: no answer is scripted for request {request.number}"
        return ErrorAnswer(500, error_body(message, kind="server_error"))

    def _worded(self, request: RecordedRequest, scripted: Scripted) -> Scripted:
        if not request.path.endswith("/responses") or not isinstance(scripted, str | Answer):
            return scripted
        answer = Answer(scripted) if isinstance(scripted, str) else scripted
        return responses_answer(answer, request, self._responses)

    def _refusal(self, request: RecordedRequest) -> ErrorAnswer | None:
        if request.path.endswith("/chat/completions"):
            return _refused(check_request(request.json))
        if not request.path.endswith("/responses"):
            return None
        issues = request_issues(request.json, self._responses)
        if self._responses == "openai":
            return _refused([str(issue) for issue in issues])
        return ErrorAnswer(400, refusal_body(issues)) if issues else None


def _refused(problems: list[str]) -> ErrorAnswer | None:
    if not problems:
        return None
    return ErrorAnswer(400, error_body("; ".join(problems), param=re.split(r"\W", problems[0])[0]))
