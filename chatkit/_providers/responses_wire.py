"""The Responses wire: OpenAI's newer format, as the Hugging Face router speaks it.

Source of the wire format: https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from typing import Any

from chatkit._http.messages import Head
from chatkit._providers.profiles import Profile
from chatkit._providers.provider import Decoder
from chatkit._providers.wording import Asked, Rules


class ResponsesWire:
    """Responses."""

    path = "/responses"
    turns_field = "input"

    def rules(self, profile: Profile, preserve_thinking: bool) -> Rules:
        """See `Wire.rules`."""
        raise NotImplementedError

    def body(self, asked: Asked) -> dict[str, Any]:
        """See `Wire.body`."""
        raise NotImplementedError

    def decoder(self, head: Head, model: str) -> Decoder:
        """See `Wire.decoder`."""
        raise NotImplementedError
