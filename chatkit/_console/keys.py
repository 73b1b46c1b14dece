"""What the keys do at the prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatkit._console.quoting import is_open
from chatkit._console.state import Console

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


def bindings(console: Console, pressed_again: Callable[[], bool]) -> KeyBindings:
    """Enter sends, Alt-Enter and Ctrl-J begin a new line, Ctrl-C clears and then leaves.

    Args:
        console: The console.
        pressed_again: Takes note of a Ctrl-C, and tells whether it was the second.
    """
    from prompt_toolkit.application.current import get_app
    from prompt_toolkit.filters import Condition, is_searching
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    typing = ~is_searching

    def goes_on() -> bool:
        return console.multiline or is_open(get_app().current_buffer.text)

    def send_or_break(event: KeyPressEvent) -> None:
        if console.multiline:
            event.current_buffer.validate_and_handle()
        else:
            _new_line(event)

    def leave_or_clear(event: KeyPressEvent) -> None:
        if pressed_again():
            event.app.exit(exception=EOFError, style="class:exiting")
        event.current_buffer.reset()

    keys.add("enter", filter=typing & ~Condition(goes_on))(_take_or_send)
    keys.add("enter", filter=typing & Condition(goes_on))(lambda event: _break_line(console, event))
    keys.add("c-j", filter=typing)(_new_line)
    keys.add("escape", "enter", filter=typing)(send_or_break)
    keys.add("escape", "c-j", filter=typing)(send_or_break)
    keys.add("tab", filter=typing)(_complete)
    keys.add("c-c", filter=typing)(leave_or_clear)
    keys.add("<sigint>")(leave_or_clear)
    return keys


def _complete(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    state = buffer.complete_state
    if state is not None and len(state.completions) > 1:
        buffer.complete_next()
        return
    if state is not None:
        # The only candidate is taken, and what may stand behind it is listed next: a folder's files, for example.
        if state.current_completion is None:
            buffer.complete_next()
        buffer.complete_state = None
    buffer.start_completion(insert_common_part=True)


def _take_or_send(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
        # The first Enter takes what was chosen from the menu.
        buffer.complete_state = None
    else:
        buffer.validate_and_handle()


def _new_line(event: KeyPressEvent) -> None:
    event.current_buffer.newline(copy_margin=False)


def _break_line(console: Console, event: KeyPressEvent) -> None:
    text = event.current_buffer.text
    # In multi-line mode a command, which has one line, is still sent by Enter.
    if console.multiline and text.startswith("/") and not text.startswith("//") and "\n" not in text:
        _take_or_send(event)
    else:
        _new_line(event)
