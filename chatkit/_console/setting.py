"""Commands that set something: the model, the system prompt, what Enter does."""

from __future__ import annotations

from chatkit._console.models import known_models
from chatkit._console.state import Console
from chatkit._display.sanitize import one_line
from chatkit._errors import ConfigError


def model(console: Console, rest: str) -> None:
    """Tell the model, or talk on with another one. No name is checked, since lists are never complete."""
    name = rest.strip()
    if name:
        console.chat.model = name
        console.note(f"Talking to {name}.{_advice(console, name)}")
    else:
        console.tell(one_line(console.chat.model) or "The server chooses the model.")


def _advice(console: Console, name: str) -> str:
    listed = known_models(console.chat)
    if not listed:
        return ""
    from chatkit._engine.missing_model import advice_on

    advice = advice_on(name, listed)
    return f" The server does not list it. {advice}" if advice else ""


def system(console: Console, rest: str) -> None:
    """Tell the system prompt, or set it."""
    text = rest.strip()
    if not text:
        console.tell(console.chat.system_prompt or "There is no system prompt.")
    elif text in ('""', "''"):
        console.chat.system_prompt = None
        console.note("There is no system prompt any more.")
    else:
        console.chat.system_prompt = text
        console.note("The system prompt counts from the next message on.")


def multiline(console: Console, rest: str) -> None:
    """Have Enter begin a new line, or send."""
    wanted = rest.strip().lower()
    if wanted not in ("", "on", "off"):
        raise ConfigError(f"{wanted[:40]!r} is not understood.", hint="Usage: /multiline, or /multiline on, or off")
    console.multiline = wanted == "on" if wanted else not console.multiline
    if console.multiline:
        console.note("Enter begins a new line; Alt-Enter sends.")
    else:
        console.note("Enter sends; Alt-Enter begins a new line.")
