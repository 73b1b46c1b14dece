"""`chatkit models`: which models a server has, what they can do, and what they cost."""

from __future__ import annotations

import argparse
import json
import math

from chatkit._cli.destination import key_for
from chatkit._cli.output import remark, say, width_of_stdout
from chatkit._constructors.listing import models_huggingface, models_openai_compatible
from chatkit._errors import ConfigError
from chatkit._models.lists import ModelList
from chatkit._models.showing import CAN, CAPABILITIES, CONTEXT, INPUT, NAME, OUTPUT, PRICED, STREAMED, TOLD, table_text
from chatkit._providers.addresses import check_base_url

_ORDERS = ("id", "price", "context", "throughput", "latency", "created")
_COLUMNS = (NAME, CONTEXT, INPUT, OUTPUT, *CAN)


def configure(parser: argparse.ArgumentParser) -> None:
    """Tell the parser what the command takes."""
    parser.description = (
        "List the models that Hugging Face's router serves, or those of the server at --base-url: their context, the "
        "price of the cheapest provider, and whether they take images, give typed answers, and take tools. "
        "A model that is not listed may be served all the same."
    )
    place = parser.add_argument_group("whose models")
    place.add_argument(
        "--base-url", metavar="URL", help="an OpenAI-compatible server, such as http://localhost:8080/v1"
    )
    place.add_argument("--key-from", metavar="VARIABLE", help="the environment variable with the key for --base-url")
    place.add_argument("--refresh", action="store_true", help="fetch the list even if this process has it already")
    which = parser.add_argument_group("which of them")
    which.add_argument("--search", metavar="TEXT", help="words that the name holds")
    which.add_argument("--tools", action="store_true", default=None, help="those that take tools")
    which.add_argument("--structured", action="store_true", default=None, help="those that give typed answers")
    which.add_argument("--image", action="store_true", help="those that take images")
    which.add_argument("--provider", metavar="NAME", help="those that this provider serves, such as groq")
    which.add_argument("--max-price", type=_dollars, metavar="USD", help="those that cost no more per million tokens")
    which.add_argument("--limit", type=_count, metavar="N", help="the first N of them")
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
        say(json.dumps(chosen.to_dicts(), indent=2))
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
    if arguments.key_from and not arguments.base_url:
        raise ConfigError("--key-from needs --base-url.")
    wanted = {name: getattr(arguments, name) for name in _PASSED_ON}
    wanted["modality"] = "image" if arguments.image else None
    if arguments.base_url is None:
        return models_huggingface(**wanted)
    url = check_base_url(arguments.base_url)
    return models_openai_compatible(url, credentials=key_for(url, arguments.key_from), **wanted)


_PASSED_ON = ("refresh", "search", "tools", "structured", "provider", "max_price", "sort")


def _dollars(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"must be a number of US dollars of 0 or more, not {text!r}")
    return value


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text[:9]) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text[:9])
