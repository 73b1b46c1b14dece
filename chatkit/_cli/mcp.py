"""`chatkit mcp`: offers Python functions as tools to programs that speak the Model Context Protocol."""

from __future__ import annotations

import argparse
import sys

from chatkit._cli.functions import functions_at
from chatkit._cli.help import describe
from chatkit._cli.output import complain
from chatkit._mcp.serving import serve_mcp


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "Offer Python functions as tools to a program that speaks the Model Context Protocol, such as an editor or a "
        "desktop assistant. By default over standard input and output, for the program that starts this command; "
        "with --http for programs on this machine, until Ctrl-C. The functions need type hints; their docstrings "
        "describe them. Modules are looked for in the current directory first.",
        "chatkit mcp tools:search tools:open_page --name library",
        "chatkit mcp tools:search --http 8765",
    )
    parser.add_argument(
        "tools",
        nargs="+",
        metavar="MODULE:FUNCTION",
        help="a function, what tool() made of one, or a list of them; as in my.tools:search",
    )
    parser.add_argument("--http", type=_port, metavar="PORT", help="serve over HTTP at this port; 0 takes a free one")
    parser.add_argument("--name", default="chatkit", help="what the server calls itself (default: %(default)s)")
    parser.add_argument(
        "--allow-approval-tools",
        action="store_true",
        help="also offer tools that require approval, although nobody is asked",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until the client leaves, or Ctrl-C.

    Raises:
        ConfigError: when a function cannot be found or offered.
        MCPError: when serving broke down.
    """
    tools = functions_at(arguments.tools)
    if arguments.http is None and sys.stdin is not None and sys.stdin.isatty():
        complain("waiting for a client on standard input; this is meant to be started by one (see --help)")
    serve_mcp(
        tools,
        name=arguments.name,
        transport="stdio" if arguments.http is None else "http",
        port=arguments.http or 0,
        allow_approval_tools=arguments.allow_approval_tools,
        ready=_announce,
    )
    return 0


def _announce(url: str) -> None:
    if url:
        complain(f"serving at {url}; Ctrl-C ends it")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 65535, not {text!r}")
    return int(text)
