"""The official `mcp` package, opened only when a server is connected or served."""

from __future__ import annotations

import logging

from chatkit._errors import ConfigError


def require_mcp() -> None:
    """Make sure that the package is there.

    Raises:
        ConfigError: when it is not, or is too old; the hint says how to get it.
    """
    if not _is_there():
        raise ConfigError("This needs the `mcp` package, version 2.", hint="pip install 'chatkit-objects[mcp]'")
    # What the package logs is for those who configured logging; else Python would print it over the conversation.
    for name in ("mcp", "client"):
        log = logging.getLogger(name)
        if not log.handlers:
            log.addHandler(logging.NullHandler())


def _is_there() -> bool:
    try:
        from mcp import Client  # noqa: F401  version 1 has none
    except ImportError:
        return False
    return True
