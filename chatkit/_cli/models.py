"""`chatkit models`: which models a server has, what they can do, and what they cost."""

from __future__ import annotations

import argparse
import math

from chatkit._cli.destination import key_for, wanted
from chatkit._cli.help import describe
from chatkit._cli.numbers import count, number
from chatkit._cli.output import remark, say, say_json, width_of_stdout
from chatkit._constructors.listing import models_huggingface, models_openai_compatible
from chatkit._constructors.local import chat_local
from chatkit._models.lists import ModelList
from chatkit._models.showing import CAN, CAPABILITIES, CONTEXT, INPUT, NAME, OUTPUT, PRICED, STREAMED, TOLD, table_text
from chatkit._providers.addresses import check_base_url
from chatkit._settings.reading import settings

_ORDERS = ("id", "price", "context", "throughput", "latency", "created")
_COLUMNS = (NAME, CONTEXT, INPUT, OUTPUT, *CAN)


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    describe(
        parser,
        "List the models that Hugging Face's router serves, or those of another server: their context, the price of "
        "the cheapest provider, and whether they take images, give typed answers, and take tools. A model that is not "
        "listed may be served all the same.",
        "chatkit models --tools --sort price --limit 10",
        "chatkit models --search llama --max-price 0.5",
        "chatkit models --local",
        "chatkit models --base-url http://localhost:8080/v1 --json",
    )
    place = parser.add_argument_group("whose models")
    one = place.add_mutually_exclusive_group()
    one.add_argument("--huggingface", action="store_true", help="those of Hugging Face, whatever is settled")
    one.add_argument("--base-url", metavar="URL", help="those of an OpenAI-compatible server")
    one.add_argument("--local", action="store_true", help="those of the model server that runs on this machine")
    place.add_argument("--key-from", metavar="VARIABLE", help="the environment variable with the key for --base-url")
    place.add_argument("--refresh", action="store_true", help="fetch the list even if this process has it already")
    which = parser.add_argument_group("which of them")
    which.add_argument("--search", metavar="TEXT", help="words that the name holds")
    which.add_argument("--tools", action="store_true", default=None, help="those that take tools")
    which.add_argument("--structured", action="store_true", default=None, help="those that give typed answers")
    which.add_argument("--image", action="store_true", help="those that take images")
    which.add_argument("--provider", metavar="NAME", help="those that this provider serves, such as groq")
    which.add_argument("--max-price", type=_dollars, metavar="USD", help="those that cost no more per million tokens")
    which.add_argument("--limit", type=count, metavar="N", help="the first N of them")
    shape = parser.add_argument_group("how they are shown")
    shape.add_argument("--sort", choices=_ORDERS, help="the best first (default: as the server lists them)")
    shape.add_argument("--capabilities", action="store_true", help="what they can do, without context and prices")
    shape.add_argument("--json", action="store_true", help="one JSON object for each model and provider, in a list")


def run(arguments: argparse.Namespace) -> int:
    """Fetch the list and print what was asked for.

    Raises:
        ChatkitError: when the list cannot be had.
    """
    models = _models(arguments)
    chosen = models[: arguments.limit]
    if arguments.json:
        say_json(chosen.to_dicts())
        return 0
    if not models:
        remark("No model in the list fits.")
        return 0
    columns = CAPABILITIES if arguments.capabilities else _COLUMNS
    say(table_text(chosen, columns, width_of_stdout()))
    if len(chosen) < len(models):
        remark(f"... and {len(models) - len(chosen):,} more.")
    for note in (STREAMED, TOLD) if arguments.capabilities else (PRICED, STREAMED, TOLD):
        remark(note)
    return 0


def _models(arguments: argparse.Namespace) -> ModelList:
    choice = {name: getattr(arguments, name) for name in _PASSED_ON}
    choice["modality"] = "image" if arguments.image else None
    where = wanted(argparse.Namespace(**(vars(arguments) | {"offline": False, "model": None})), settings())
    if where.place == "local":
        return chat_local().models(**choice)
    if where.place != "server":
        return models_huggingface(**choice)
    url = check_base_url(where.url or "")
    return models_openai_compatible(url, credentials=key_for(url, where.key_from), **choice)


_PASSED_ON = ("refresh", "search", "tools", "structured", "provider", "max_price", "sort")


def _dollars(text: str) -> float:
    return number(text, 0, math.inf, "a number of US dollars of 0 or more")
