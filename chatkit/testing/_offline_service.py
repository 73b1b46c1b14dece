"""A Chat Completions server that answers by simple rules, for when there is no model at hand."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from ._answers import Answer, ErrorAnswer, ToolCall
from ._conversation import Conversation, find_faults
from ._delivery import Delivery
from ._offline_rules import write_answer
from ._offline_tools import choose_calls
from ._replies import Reply, Scripted, error_body, reply_to
from ._requests import RecordedRequest
from ._routes import CHAT_PATH, answer_elsewhere
from ._service import Service

MODELS = (
    "offline-chat",
    "offline-think",
    "offline-slow",
    "offline-429",
    "offline-500",
    "offline-drop",
    "offline-empty",
)

_SLOW_SECONDS = 0.5
_REFUSALS = 2
_CHARACTERS_PER_TOKEN = 4
# A word with the space behind it; a very long one comes in several deltas.
_DELTA = re.compile(r"\S{1,12}\s*|\s+")


class OfflineService(Service):
    """A deterministic stand-in for a model, on a real loopback socket.

    It is no language model and says so. It reads the whole history of every request and answers by the first
    of these rules that fits:

    | Request | Answer |
    |---|---|
    | tools are offered and the prompt asks for some | calls those not called yet |
    | the last messages are tool results | ``The tool `add` gave: 3.`` |
    | `response_format`, or "JSON schema:" in the system prompt | JSON that fits the schema, or any JSON object |
    | "how many messages" | counts them |
    | "what did I say first", "... before" | quotes that message |
    | "my name is Ada", "remember that ..." | takes note |
    | "what is my name?", "what do you remember?" | tells it from the history |
    | "who are you?", "hello" | says that it is the offline stand-in |
    | asks for a list, a table, code or Markdown | a Markdown text with those |
    | has a sum, such as `2 * (3 + 4)` | works it out |
    | anything else | quotes the prompt |

    A prompt asks for a tool when it has every telling word of its name (`get_weather`: "weather") or a sum
    for an `add`, `subtract`, `multiply` or `divide`; "use a tool" and "call ..." ask for the first, "all
    tools" for each. `tool_choice` and `parallel_tool_calls` are heeded. Arguments and JSON answers fit their
    schemas and are filled from the prompt: its numbers, quotations and capitalised names in their order,
    the enum values it mentions, and `field: value` for a field by name.

    A system prompt with the word "terse" (or brief, concise, short) cuts answers to their first sentence.
    `max_tokens` cuts at four characters a token, with finish reason `length`; `stop` is heeded. Usage is
    counted in the same way over the whole history sent.

    The model asked for decides on faults. Names that do not begin with `offline-` are served as
    `offline-chat`.

    | Model | What it does |
    |---|---|
    | `offline-chat` | answers |
    | `offline-think` | streams its reasoning first |
    | `offline-slow` | takes half a second for every delta |
    | `offline-429` | refuses twice in the life of the service, with `Retry-After: 1`, then answers |
    | `offline-500` | always fails |
    | `offline-drop` | cuts the connection in the middle of the answer |
    | `offline-empty` | says nothing at all |

    Example:
        ```python
        with OfflineService() as service:
            url = f"{service.base_url}/chat/completions"
            body = {"model": "offline-chat", "messages": [{"role": "user", "content": "1 + 2?"}]}
            reply = requests.post(url, json=body)
            assert reply.json()["choices"][0]["message"]["content"] == "1 + 2 = 3."
        ```

    Args:
        port: The port to listen on; 0 takes any free one.
        delay: Seconds between two deltas; 0.02 looks like a real model.
        host: The address to listen on.

    Attributes:
        requests: Every request received, oldest first.
    """

    def __init__(self, *, port: int = 0, delay: float = 0.0, host: str = "127.0.0.1") -> None:
        self.delay = delay
        self._refused = 0
        super().__init__(host=host, port=port)

    def _respond(self, request: RecordedRequest) -> Scripted:
        elsewhere = answer_elsewhere(request, [CHAT_PATH], MODELS)
        if elsewhere is not None:
            return elsewhere
        if faults := find_faults(request.json):
            return ErrorAnswer(422, error_body("; ".join(faults)))
        model = request.model if request.model.startswith("offline-") else MODELS[0]
        if model not in MODELS:
            there = ", ".join(MODELS)
            return ErrorAnswer(404, error_body(f"The model '{model}' does not exist. There are: {there}"))
        return self._refusal(model) or self._answer_as(model, request)

    def _refusal(self, model: str) -> ErrorAnswer | None:
        if model == "offline-500":
            return ErrorAnswer(500, error_body("offline-500 always fails.", kind="server_error"))
        if model != "offline-429":
            return None
        with self._lock:
            self._refused += 1
            if self._refused > _REFUSALS:
                return None
        body = error_body("offline-429 refuses twice, then answers.", kind="rate_limit_error")
        return ErrorAnswer(429, body, {"retry-after": "1"})

    def _answer_as(self, model: str, request: RecordedRequest) -> Scripted:
        pause = max(self.delay, _SLOW_SECONDS) if model == "offline-slow" else self.delay
        frame = Answer(model=model, fingerprint="offline-stand-in", delivery=Delivery(pause=pause))
        if model == "offline-empty":
            return frame
        answer = compose_answer(request, frame, thinks=model == "offline-think")
        return _dropped(reply_to(request, answer)) if model == "offline-drop" else answer


def compose_answer(request: RecordedRequest, frame: Answer, *, thinks: bool) -> Answer:
    """Return `frame` with what the rules say in reply to `request`."""
    conversation = Conversation(request)
    reasoning = f'The user says "{conversation.prompt[:80]}". I look for the rule that fits.' if thinks else ""
    limit = conversation.field("max_completion_tokens") or conversation.field("max_tokens")
    budget = limit * _CHARACTERS_PER_TOKEN if limit else None
    if calls := choose_calls(conversation):
        return _calling(frame, calls, reasoning, budget)
    text = _stopped(write_answer(conversation), conversation.field("stop"))
    kept_reasoning = reasoning[:budget]
    kept = text if budget is None else text[: budget - len(kept_reasoning)]
    cut = len(kept) < len(text)
    return replace(
        frame,
        text=_DELTA.findall(kept),
        reasoning=_DELTA.findall(kept_reasoning),
        finish_reason="length" if cut else "stop",
    )


def _calling(frame: Answer, calls: Sequence[ToolCall], reasoning: str, budget: int | None) -> Answer:
    kept: list[ToolCall] = []
    left = budget
    for call in calls:
        arguments = json.dumps(call.arguments)
        kept.append(replace(call, arguments=arguments[:left]))
        if left is not None and (left := left - len(arguments)) < 0:
            break
    cut = left is not None and left < 0
    return replace(
        frame,
        reasoning=_DELTA.findall(reasoning),
        tool_calls=kept,
        finish_reason="length" if cut else "tool_calls",
    )


def _stopped(text: str, stop: str | Sequence[str] | None) -> str:
    for mark in [stop] if isinstance(stop, str) else stop or ():
        text = text.partition(mark)[0] if mark else text
    return text


def _dropped(reply: Reply) -> Reply:
    pieces = list(reply.pieces)
    middle = sum(map(len, pieces)) // 2
    return replace(reply, pieces=pieces, delivery=replace(reply.delivery, cut_after=middle))
