"""Reading Chat Completions answers: JSON texts in, events out, a turn at the end.

A streamed chunk and a whole completion are read by the same code: a whole one is a stream of one chunk. Deltas of
the known fields are concatenated; nothing is merged generically, which would lose a delta equal to the text before.

Source of the wire format: OpenAI's Chat Completions API, and what servers that call themselves compatible send.
"""

from __future__ import annotations

from typing import Any

from chatkit._http.messages import Head, Piece
from chatkit._providers.arriving import Arriving
from chatkit._providers.notes import read_log_probs
from chatkit._providers.spoken import joined
from chatkit._providers.tail import Tail
from chatkit._turns.events import Event

# What a server says that lets the model's own last token through, which is a special one.
_LAST_TOKEN = "eos_token"


class ChatDecoder(Arriving):
    """Reads one answer.

    Args:
        head: The head of the answer.
        model: The model asked for.
    """

    def __init__(self, head: Head, model: str) -> None:
        super().__init__(head, model)
        self._tail = Tail()

    def feed(self, piece: Piece) -> list[Event]:
        """Take one piece of the answer.

        Raises:
            APIError: when it is not what an answer is made of, or reports an error.
        """
        data = piece.data
        if self.done:
            return []
        if data[:1] != "{" and (told := self._without_words(data)) is not None:
            return told
        chunk = self._object(data)
        if "choices" not in chunk or "error" in chunk or piece.event == "error":
            self._check_error(chunk, piece.event)
        return self._noted(self._chunk(chunk))

    def _check_error(self, chunk: dict[str, Any], event: str) -> None:
        from chatkit._providers.explain import is_error_payload

        if is_error_payload(chunk, event):
            raise self._reported(chunk)

    def _chunk(self, chunk: dict[str, Any]) -> list[Event]:
        if not self._model or not self._id:
            self._id = self._id or _string(chunk.get("id"))
            self._model = self._model or _string(chunk.get("model"))
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        choices = chunk.get("choices")
        if not choices:
            self._missing = self._missing or "choices"
            return []
        if not isinstance(choices, list):
            raise self._bad_event(f"choices is a JSON {type(choices).__name__} instead of a list")
        choice = _first_choice(choices)
        return self._choice(choice) if type(choice) is dict else []

    def _choice(self, choice: dict[str, Any]) -> list[Event]:
        if choice.get("finish_reason"):
            self._finish = str(choice["finish_reason"])
        delta = choice.get("delta")
        if delta is None:
            delta = choice.get("message")
            self._whole = "message" in choice
        events: list[Event] = []
        if type(delta) is dict:
            self._delta(delta, events)
        else:
            self._missing = self._missing or "choices[0].message"
        if choice.get("logprobs"):
            self._weigh(choice["logprobs"])
        if self._finish or self._whole:
            # What was held back belongs in front of the end; some servers mark it with nothing else.
            self._flush(events)
        return events

    def _flush(self, events: list[Event]) -> None:
        # Where something was struck out, "</s>" may well be the end of that.
        strip = self._finish == _LAST_TOKEN and not self._spoken.leaves_open("<s>", "</s>")
        self._say(self._tail.finish(strip=strip), events)
        super()._flush(events)

    def _say(self, text: str, events: list[Event]) -> None:
        if text:
            self._spoken.say(text, events)

    def _weigh(self, told: Any) -> None:
        if isinstance(told, dict):
            self._log_probs += read_log_probs(told.get("content"))

    def _delta(self, delta: dict[str, Any], events: list[Event]) -> None:
        content = delta.get("content")
        # What is wrong is found before anything of the chunk is kept, since nothing of it will be told.
        if content is not None and not isinstance(content, str | list):
            raise self._bad_event(f"choices[0].delta.content is a JSON {type(content).__name__} instead of text")
        more = len(delta) > 1
        fragments = self._fragments(delta) if more or content is None else ()
        thoughts = delta.get("reasoning_content") or delta.get("reasoning")
        if thoughts:
            self._spoken.think(joined(thoughts), events)
        if type(content) is str:
            self._say(self._tail.feed(content), events)
        elif isinstance(content, list):
            self._say(self._tail.finish(strip=False), events)
            self._spoken.say_parts(content, events)
        elif self._whole and content is None and not thoughts:
            self._missing = "choices[0].message.content"
        if fragments:
            # Text in front of a call is no end, whatever it looks like.
            self._say(self._tail.finish(strip=False), events)
            events += [self._calls.feed(fragment, whole=self._whole) for fragment in fragments]
        if more or content is None:
            self._seldom(delta, events)

    def _seldom(self, delta: dict[str, Any], events: list[Event]) -> None:
        """What few answers have besides their words and calls."""
        if delta.get("refusal"):
            self._refused = True
            self._spoken.text(str(delta["refusal"]), events)
        if delta.get("annotations"):
            self._cite(delta["annotations"], self._spoken.text_begins, events)

    def _fragments(self, delta: dict[str, Any]) -> list[dict[str, Any]]:
        """The pieces of tool calls in a delta; older servers send one object where a list belongs."""
        calls = delta.get("tool_calls")
        if not calls:
            legacy = delta.get("function_call")
            calls = [{"function": legacy}] if legacy else []
        fragments = calls if isinstance(calls, list) else [calls]
        for fragment in fragments:
            if not isinstance(fragment, dict) or not isinstance(fragment.get("function") or {}, dict):
                wrong = fragment.get("function") if isinstance(fragment, dict) else fragment
                raise self._bad_event(f"choices[0].delta.tool_calls holds a JSON {type(wrong).__name__}")
        return fragments


def _first_choice(choices: list[Any]) -> Any:
    return next((item for item in choices if isinstance(item, dict) and item.get("index", 0) == 0), None)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
