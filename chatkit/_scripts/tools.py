"""Tools by their place, such as `module:function`, found from a script's folder or the current one."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from chatkit._errors import ConfigError


def tools_at(place: str, folder: Path | None = None) -> list[Callable[..., Any]]:
    """The tools at a place: a function, what `tool()` made of one, or a list of them.

    The module runs when it is imported, as every import does.

    Args:
        place: `module:function`.
        folder: Where modules are looked for first; then in the current directory, and where Python looks.

    Raises:
        ConfigError: when nothing is found there.
    """
    module, colon, path = place.partition(":")
    if not (module and colon and path):
        raise ConfigError(f"{place!r} names no function.", hint="Write module:function, as in my.tools:search.")
    fault = ""
    try:
        value: Any = _module(module, folder)
        for name in path.split("."):
            value = getattr(value, name)
    except (Exception, SystemExit) as error:  # a module may be a program that ends itself
        fault = f"{type(error).__name__}: {error}"
    if fault:
        raise ConfigError(f"{place!r} cannot be found: {fault}.")
    return list(value) if isinstance(value, list | tuple) else [value]


def _module(name: str, folder: Path | None) -> ModuleType:
    folders = [Path.cwd()] if folder is None else [folder.resolve(), Path.cwd()]
    for place in folders:
        file = place / f"{name}.py"
        if file.is_file():
            with _searched(folders):
                return _of_file(name, file)
    with _searched(folders):
        return importlib.import_module(name)


def _of_file(name: str, file: Path) -> ModuleType:
    # Two folders may each have a `tools.py`; Python itself would give the first for both.
    own = f"chatkit script {file.parent}.{name}"
    if own in sys.modules:
        return sys.modules[own]
    spec = importlib.util.spec_from_file_location(own, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[own] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[own]
        raise
    return module


@contextlib.contextmanager
def _searched(folders: list[Path]) -> Iterator[None]:
    added = [str(folder) for folder in folders]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)
