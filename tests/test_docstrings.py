"""The docstrings of the public names tell the truth: every parameter, in order, and no name that does not exist."""

import builtins
import dataclasses
import inspect
import re
import typing

import pytest

import chatkit

# These are made by verbs of a chat or by a function, never by hand, so their docstrings tell what they do instead.
MADE_BY_OTHERS = {"Stream", "AsyncStream", "StructuredStream", "AsyncStructuredStream", "MCPConnection"}
ELSEWHERE = re.compile(r"(?:twin of|arguments are those of|with|See) `[\w.]+(?:\(\))?`")
# Of other libraries.
FOREIGN = {"asyncio.to_thread()"}


def everything():
    for name in chatkit.__all__:
        thing = getattr(chatkit, name)
        if inspect.isclass(thing):
            yield name, thing
            yield from ((f"{name}.{key}", value) for key, value in own_methods(thing))
        elif inspect.isfunction(thing):
            yield name, thing


def own_methods(cls):
    for key, value in inspect.getmembers(cls):
        static = inspect.getattr_static(cls, key)
        if not key.startswith("_") and (inspect.isfunction(value) or inspect.ismethod(value)):
            # What a sequence gets from the standard library is told there.
            if value.__module__.startswith("chatkit"):
                yield key, value
        elif not key.startswith("_") and isinstance(static, property):
            yield key, static


PUBLIC = dict(everything())
CALLED = {
    name: thing
    for name, thing in PUBLIC.items()
    if not isinstance(thing, property)
    and name not in MADE_BY_OTHERS
    and not (inspect.isclass(thing) and issubclass(thing, BaseException))
}


def section(docstring, title):
    found = re.search(rf"^{title}:\n((?: .*\n|\n)*)", f"{docstring}\n", re.MULTILINE)
    return re.findall(r"^ {4}([*\w]+)(?= ?[:(])", found[1], re.MULTILINE) if found else []


def parameters(thing):
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    if dataclasses.is_dataclass(thing) and thing.__dataclass_params__.init:
        return [field.name for field in dataclasses.fields(thing) if field.init]
    given = inspect.signature(thing).parameters.values()
    return [stars.get(item.kind, "") + item.name for item in given if item.name not in ("self", "cls")]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_that_begins_with_a_sentence(name):
    docstring = inspect.getdoc(PUBLIC[name])
    assert docstring, "no docstring"
    assert re.match(r"[A-Z0-9`].*[.:]$", docstring.split("\n\n")[0], re.DOTALL), docstring


@pytest.mark.parametrize("name", CALLED)
def test_the_args_of_a_docstring_are_the_parameters_in_their_order(name):
    docstring, expected = inspect.getdoc(CALLED[name]), parameters(CALLED[name])
    told = section(docstring, "Args")
    if told or not ELSEWHERE.search(docstring):
        assert told == expected


@pytest.mark.parametrize("name", PUBLIC)
def test_a_docstring_raises_nothing_unheard_of(name):
    for error in section(inspect.getdoc(PUBLIC[name]), "Raises"):
        assert hasattr(chatkit, error) or hasattr(builtins, error), error


KNOWN = {*dir(builtins), *dir(typing), *chatkit.__all__, *(key for cls in PUBLIC.values() for key in dir(cls))}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_names_in_a_docstring_exist(name):
    # Calls, such as `save()` and `Chat.save()`, and names of classes, such as `ToolContext`; the rest may be anything.
    quoted = re.findall(r"`([A-Za-z_][\w.]*\(\)|[A-Z]\w*[a-z]\w*(?:\.\w+)?)`", inspect.getdoc(PUBLIC[name]))
    for told in set(quoted) - FOREIGN:
        assert set(told.removesuffix("()").split(".")) <= KNOWN, told
