"""Text, put in so many words."""

from __future__ import annotations

from chatkit._errors import ConfigError
from chatkit._turns.contents import ContentText


def content_text(text: str) -> ContentText:
    """A text as a content; the same as giving the text itself.

    Args:
        text: Plain text or Markdown.

    Raises:
        ConfigError: when it is no text.
    """
    if not isinstance(text, str):
        raise ConfigError(f"`text` must be a string, not {type(text).__name__}.")
    return ContentText(str(text))
