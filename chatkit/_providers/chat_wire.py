"""The Chat Completions wire: OpenAI's older, widely copied format.

Source of the wire format: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import Any

from chatkit._http.messages import Head
from chatkit._providers.decode import ChatDecoder
from chatkit._providers.encode import WordingRules, word_tools
from chatkit._providers.profiles import Profile, body_params
from chatkit._providers.wording import Asked


class ChatWire:
    """Chat Completions."""

    path = "/chat/completions"
    turns_field = "messages"

    def rules(self, profile: Profile, preserve_thinking: bool) -> WordingRules:
        """See `Wire.rules`."""
        return WordingRules(profile.parts, profile.thinking_field if preserve_thinking else None)

    def body(self, asked: Asked) -> dict[str, Any]:
        """See `Wire.body`."""
        body: dict[str, Any] = {"model": asked.model, self.turns_field: []}
        body |= body_params(asked.params, asked.profile, asked.warned)
        body["stream"] = asked.stream
        if asked.stream and asked.profile.stream_options:
            body["stream_options"] = {"include_usage": True}
        if asked.tools:
            body["tools"] = word_tools(asked.tools, asked.profile)
            if choice := asked.tool_choice:
                named = choice not in ("auto", "none", "required")
                body["tool_choice"] = {"type": "function", "function": {"name": choice}} if named else choice
        if asked.wanted is not None:
            from chatkit._providers.wanted import add_wanted

            add_wanted(body, asked.wanted, asked.profile)
        return body

    def decoder(self, head: Head, model: str) -> ChatDecoder:
        """See `Wire.decoder`."""
        return ChatDecoder(head, model)
