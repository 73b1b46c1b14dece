"""The error tree: names, bases, sentences, and that every error travels."""

import copy
import pickle
import sys

import pytest

from chatkit import _errors
from chatkit._errors import APIError, APIStatusError, APITimeoutError, ChatkitError, ToolRejectError
from chatkit._warnings import ChatkitWarning


def family(root):
    return [root, *(member for child in root.__subclasses__() for member in family(child))]


ERRORS = sorted(set(family(ChatkitError)), key=lambda kind: kind.__name__)
WARNINGS = family(ChatkitWarning)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_pickles_and_copies_with_all_it_knows(kind):
    error = kind("It failed.", hint="Try again.")
    if isinstance(error, APIError):
        error.attempts, error.request_id, error.server_message = 3, "req-1", "no"
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is kind
        assert (str(twin), vars(twin)) == (str(error), vars(error))


@pytest.mark.parametrize("kind", [*ERRORS, *WARNINGS])
def test_the_tree_in_the_docstring_names_every_class(kind):
    assert kind.__name__ in sys.modules[kind.__module__].__doc__


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ConfigError", ValueError),
        ("MissingKeyError", ValueError),
        ("HistoryError", ValueError),
        ("MediaError", ValueError),
        ("ChatBusyError", RuntimeError),
        ("ToolLoopLimitError", RuntimeError),
        ("APIConnectionError", ConnectionError),
        ("APITimeoutError", TimeoutError),
        ("APITimeoutError", ConnectionError),
        ("StreamInterruptedError", ConnectionError),
    ],
)
def test_builtin_bases_make_the_usual_except_clauses_work(name, builtin):
    with pytest.raises(builtin):
        raise getattr(_errors, name)("It failed.")


@pytest.mark.parametrize("kind", ERRORS)
def test_no_class_of_an_http_library_is_among_the_bases(kind):
    assert {base.__module__ for base in kind.__mro__} <= {"builtins", "chatkit._errors"}


def test_the_text_is_what_failed_how_often_the_servers_words_a_hint_and_the_request():
    error = APIStatusError(
        "x answered 500.", status_code=500, attempts=3, server_message="boom", hint="Wait.", request_id="r1"
    )
    assert str(error) == 'x answered 500 (after 3 attempts). The server said: "boom". Wait. [request id: r1]'
    assert error.message == str(error)
    error.server_message = "It is broken."
    assert 'said: "It is broken." Wait.' in str(error)
    assert str(APIStatusError("x answered 500.")) == "x answered 500."


def test_a_detail_that_a_class_does_not_declare_is_a_mistake():
    with pytest.raises(TypeError, match="no detail 'phase'"):
        ChatkitError("It failed.", phase="idle")


def test_details_are_attributes():
    error = APITimeoutError("It took too long.", phase="idle")
    assert (error.phase, error.kind, error.args) == ("idle", "timeout", ("It took too long.",))


def test_a_rejection_has_a_reason_without_being_given_one():
    assert "disallow" in str(ToolRejectError())
    assert str(ToolRejectError("Not on Sundays.")) == "Not on Sundays."
