"""The Chat Completions wire: OpenAI's older, widely copied format.

Source of the wire format: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import Any

from chatkit._http.messages import Head
from chatkit._providers.decode import ChatDecoder
from chatkit._providers.encode import WordingRules, word_tools
from chatkit._providers.profiles import Profile, body_params, warn_once
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
            body |= _tools(asked)
        elif asked.tool_choice == "none" and "tools" in body:
            # Those that the user added in the server's own form are ruled out too.
            body["tool_choice"] = "none"
        if asked.wanted is not None:
            from chatkit._providers.wanted import add_wanted

            add_wanted(body, asked.wanted, asked.profile)
        return body

    def decoder(self, head: Head, model: str) -> ChatDecoder:
        """See `Wire.decoder`."""
        return ChatDecoder(head, model)


def _tools(asked: Asked) -> dict[str, Any]:
    """The fields that offer tools; `tool_choice` without any tools is refused by many servers."""
    choice, heeded, tools = asked.tool_choice, asked.profile.tool_choice, asked.tools
    named = choice not in (None, "auto", "none", "required")
    if heeded == "ignored" and choice == "none":
        return {}
    if heeded == "words" and named:
        choice, tools, named = "required", [tool for tool in tools if tool.name == choice], False
    if heeded == "ignored" and choice == "auto":
        choice = None
    elif heeded == "ignored" and choice is not None:
        warn_once("tool_choice", "may not be heeded", asked.profile, asked.warned)
    body: dict[str, Any] = {"tools": word_tools(tools, asked.profile)}
    if choice is not None:
        body["tool_choice"] = {"type": "function", "function": {"name": choice}} if named else choice
    return body
