"""One measure of one client, in a process of its own: `client.py CONTENDER MEASURE PORT CORE QUICK` prints figures."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import measures


def main() -> None:
    """Pin the process, measure and print."""
    contender, measure, port, core, quick = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    make = import_module(f"{contender}_client").Client
    figures = getattr(measures, measure)(measures.Lab(contender, make, int(port), quick == "1"))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
