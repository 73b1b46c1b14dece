"""A conversation as plain text: what was said, without media, tools and thinking."""

from __future__ import annotations

from chatkit._render.subject import Subject, said, voice
from chatkit._turns.contents import Content, ContentJson, ContentText


def contents_text(x: Subject, *, include_system_prompt: bool = False) -> str:
    """The plain text of contents, turns, rounds or a chat.

    Text and typed answers have a text; thinking, media, tool calls and tool results have none. The texts of one turn
    are joined as they are, as in `turn.text`. In a round, in several turns and in a chat each turn stands between
    tags of its role (`<user>` and `</user>`), and a turn without text is left out. Nothing is escaped: this is for
    people and for prompts, see `contents_html()` for what a browser may show.

    Args:
        x: A content, a turn, a round, a chat, or a sequence of contents or of turns and rounds.
        include_system_prompt: Whether a chat's system prompt is in it.

    Returns:
        The text; empty when there is none.

    Raises:
        ConfigError: when `x` is something else.
    """
    contents, turns = said(x, include_system_prompt)
    spoken = [f"<{voice(turn)}>\n{turn.text}\n</{voice(turn)}>" for turn in turns if turn.text]
    return "\n\n".join(spoken) if turns else "".join([_text(item) for item in contents])


def _text(content: Content) -> str:
    return content.text if isinstance(content, ContentText | ContentJson) else ""
