"""Numbers as they are typed on the command line."""

from __future__ import annotations

import argparse
import math


def count(text: str) -> int:
    """A whole number of 1 or more."""
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text[:9])


def number(text: str, low: float, high: float, what: str) -> float:
    """A number within bounds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"must be {what}, not {text!r}")
    return value
