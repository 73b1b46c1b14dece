"""Wording turns as the Responses format has them.

Sources of the wire format: https://platform.openai.com/docs/api-reference/responses/create, in the subset that the
Hugging Face router takes (https://github.com/huggingface/responses.js).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatkit._errors import MediaError
from chatkit._providers.encode import WordingRules
from chatkit._turns.turns import Turn

_IN_PARTS = WordingRules(parts=True)


@dataclass(frozen=True, slots=True)
class ItemRules:
    """How turns are worded for one server.

    Args:
        service: What messages call the server.
        only_images: Whether it takes no attachments but images, and those without `detail`.
    """

    service: str = ""
    only_images: bool = False

    def messages(self, turn: Turn) -> Iterator[dict[str, Any]]:
        """The input items that a turn becomes."""
        # Said once, in the words of Chat Completions; here they only get other clothes.
        for message in _IN_PARTS.messages(turn):
            yield from self._items(message)

    def _items(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        role, content = message["role"], message.get("content", ())
        if role == "tool":
            yield {"type": "function_call_output", "call_id": message["tool_call_id"], "output": content}
        elif role == "system":
            yield {"role": role, "content": content}
        elif role == "user":
            yield {"role": role, "content": [self._part(part) for part in content]}
        else:
            if content:
                parts = [{"type": "output_text", "text": part["text"]} for part in content]
                yield {"role": role, "content": parts}
            for call in message.get("tool_calls", ()):
                yield {"type": "function_call", "call_id": call["id"], **call["function"]}

    def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        match part["type"]:
            case "text":
                return {"type": "input_text", "text": part["text"]}
            case "image_url":
                image = part["image_url"]
                detail = {} if self.only_images else {"detail": image["detail"]}
                return {"type": "input_image", "image_url": image["url"], **detail}
            case kind if self.only_images:
                raise self._no_place(kind, part[kind])
            case "file":
                return {"type": "input_file", **_file(part["file"])}
            case kind:
                return dict(part)

    def _no_place(self, kind: str, told: Mapping[str, Any]) -> MediaError:
        what = f"the document {told['filename']!r}" if kind == "file" else "sound"
        return MediaError(
            f"The Responses format of {self.service} takes text and images, but not {what}.",
            hint='Ask by api="chat_completions" instead, or give the text of documents as text.',
        )


def _file(told: Mapping[str, str]) -> dict[str, str]:
    data = told["file_data"]
    return dict(told) if data.startswith("data:") else {"file_url": data}
