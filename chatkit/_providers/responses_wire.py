"""The Responses wire: OpenAI's newer format, as the Hugging Face router speaks it.

Nothing is kept on the server's side: the whole conversation is sent every time, as with Chat Completions.

Source of the wire format: https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from chatkit._errors import ConfigError
from chatkit._http.messages import Head
from chatkit._providers.chat_wire import ChatWire
from chatkit._providers.params import Params
from chatkit._providers.profiles import Profile
from chatkit._providers.responses_decode import ResponsesDecoder
from chatkit._providers.responses_encode import ItemRules
from chatkit._providers.wording import Asked
from chatkit._warnings import UnsupportedParameterWarning

_FIELDS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
}
_LOG_PROBS = "message.output_text.logprobs"
_MOST_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512


class ResponsesWire:
    """Responses."""

    path = "/responses"
    turns_field = "input"

    def rules(self, profile: Profile, preserve_thinking: bool) -> ItemRules:
        """See `Wire.rules`."""
        if preserve_thinking:
            warnings.warn(
                "`preserve_thinking` was left out: the Responses format has no place for thoughts in plain text.",
                UnsupportedParameterWarning,
                stacklevel=2,
            )
        return ItemRules("Hugging Face", only_images=True) if profile.name == "huggingface" else ItemRules()

    def body(self, asked: Asked) -> dict[str, Any]:
        """See `Wire.body`."""
        params, added, strict = _own(asked.params, asked.profile)
        # What is asked for is said once, in the words of Chat Completions; here it only gets another form.
        told = ChatWire().body(replace(asked, params=params, profile=_known_here(asked.profile, strict)))
        body: dict[str, Any] = {"model": told.pop("model"), self.turns_field: told.pop(ChatWire.turns_field), **told}
        body |= {name: value for name, value in added.items() if name not in body}
        if asked.tools or asked.wanted is not None:
            _flatten_tools(body, params.extra.get("tools"))
        if asked.wanted is not None:
            _flatten_format(body, params.extra.get("text"), bool(strict and asked.wanted.strict))
        return body

    def decoder(self, head: Head, model: str) -> ResponsesDecoder:
        """See `Wire.decoder`."""
        return ResponsesDecoder(head, model)


def _known_here(profile: Profile, strict: bool | None) -> Profile:
    """The profile with what this format knows of the fields that the server knows."""
    return replace(
        profile,
        name=f"{profile.name} (Responses)",
        fields={name: path for name, path in _FIELDS.items() if name in profile.fields},
        strict_answers=profile.strict_answers if strict is None else strict,
        stream_options=False,
    )


def _own(params: Params, profile: Profile) -> tuple[Params, dict[str, Any], bool | None]:
    """What this format has of its own: parameters without it, fields to add, and whether schemas are strict.

    Raises:
        ConfigError: when one of them cannot be used.
    """
    extra = dict(params.extra)
    strict = extra.pop("strict_json_schema", None)
    if strict is not None and not isinstance(strict, bool):
        raise ConfigError(f"`strict_json_schema` must be True or False, not {strict!r}.")
    if not isinstance(extra.get("instructions", ""), str):
        raise ConfigError(f"`instructions` must be a text, not {type(extra['instructions']).__name__}.")
    _check_metadata(extra.get("metadata", {}))
    added: dict[str, Any] = {}
    if profile.name == "openai":
        # chatkit sends the whole conversation every time, so there is no need for a copy on the server.
        added["store"] = False
        if params.log_probs is not None:
            if params.log_probs:
                included = extra.pop("include", [])
                added["include"] = [*(included if isinstance(included, list) else []), _LOG_PROBS]
            params = replace(params, log_probs=None)
    return replace(params, extra=extra), added, strict


def _check_metadata(metadata: Any) -> None:
    """Hold metadata to what the format allows, before a server refuses it.

    Source: https://platform.openai.com/docs/api-reference/responses/create#responses_create-metadata
    """
    trouble = ""
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        trouble = "must be a dict of texts"
    elif len(metadata) > _MOST_PAIRS:
        trouble = f"may have {_MOST_PAIRS} entries, not {len(metadata)}"
    elif long := [key for key in metadata if len(key) > _LONGEST_KEY]:
        trouble = f"may have keys of {_LONGEST_KEY} characters, not {len(long[0])}"
    elif long := [key for key, value in metadata.items() if len(value) > _LONGEST_VALUE]:
        trouble = f"may have values of {_LONGEST_VALUE} characters, not {len(metadata[long[0]])} as under {long[0]!r}"
    if trouble:
        raise ConfigError(f"`metadata` {trouble}.")


def _flatten_tools(body: dict[str, Any], others: Any) -> None:
    """Bring tools, and the one that must be called, into the form that they have here.

    Args:
        body: The body.
        others: Tools that the user added in the server's own form, such as those of remote MCP servers.
    """
    if "tools" in body:
        own = [_tool(tool["function"]) for tool in body["tools"] if "function" in tool]
        body["tools"] = own + (others if isinstance(others, list) else [])
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and "function" in choice:
        body["tool_choice"] = {"type": "function", "name": choice["function"]["name"]}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    # Without a word about it a tool is taken for strict here, and without parameters it is refused.
    empty = {"type": "object", "properties": {}}
    return {"type": "function", "parameters": empty, "strict": False, **function}


def _flatten_format(body: dict[str, Any], text: Any, strict: bool) -> None:
    """Bring the form of the answer into the place that it has here.

    Args:
        body: The body.
        text: What else the user said under `text`.
        strict: Whether the server must keep to the schema, even where its wording may have to be another one.
    """
    told = body.pop("response_format", None)
    if told is None:
        return
    schema = told.get("json_schema", {})
    how = {"type": told["type"], **schema}
    if schema:
        how["strict"] = strict or schema.get("strict", False)
    body["text"] = {**(text if isinstance(text, dict) else {}), "format": how}
