"""What is given up when a server refuses it, once, and what never is."""

from __future__ import annotations

import pytest

from chatkit._errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ContextLengthError,
    InternalServerError,
    UnprocessableEntityError,
)
from chatkit._providers.concessions import conceded_profile
from chatkit._providers.profiles import PROFILES, Profile

ALL = Profile("all", strict_tools=True)
COMPLETION = Profile("completion", {"max_tokens": "max_completion_tokens"})
REFUSALS = [
    ("Unrecognized request argument supplied: stream_options", None, ALL, {"stream_options": False}),
    ("extra fields not permitted", "stream_options", ALL, {"stream_options": False}),
    ("Extra inputs are not permitted: body.stream_options.include_usage", None, ALL, {"stream_options": False}),
    ("Unknown parameter: tools[0].function.strict", None, ALL, {"strict_tools": False}),
    ("property 'strict' is not supported", None, ALL, {"strict_tools": False}),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        Profile("x", {"max_tokens": "max_tokens", "seed": "seed"}),
        {"fields": {"max_tokens": "max_completion_tokens", "seed": "seed"}},
    ),
    ("Unknown field max_completion_tokens", None, COMPLETION, {"fields": {"max_tokens": "max_tokens"}}),
    ("bad field", "max_completion_tokens", COMPLETION, {"fields": {"max_tokens": "max_tokens"}}),
]


def refusal(words, param=None, kind=BadRequestError):
    return kind("x answered 400.", server_message=words, param=param)


@pytest.mark.parametrize(("words", "param", "profile", "changes"), REFUSALS)
@pytest.mark.parametrize("kind", [BadRequestError, UnprocessableEntityError])
def test_what_is_refused_is_given_up_and_nothing_else(words, param, profile, changes, kind):
    conceded = conceded_profile(refusal(words, param, kind), profile)
    names = Profile.__dataclass_fields__
    assert {name: getattr(conceded, name) for name in names} == {
        name: changes.get(name, getattr(profile, name)) for name in names
    }


@pytest.mark.parametrize(("words", "param", "profile", "changes"), REFUSALS)
def test_it_is_given_up_once(words, param, profile, changes):
    error = refusal(words, param)
    conceded = conceded_profile(error, profile)
    if "max" not in words + str(param):
        assert conceded_profile(error, conceded) is None


def test_several_things_are_given_up_one_by_one():
    error = refusal("stream_options and strict are unknown")
    first = conceded_profile(error, ALL)
    assert (first.stream_options, first.strict_tools) == (False, True)
    second = conceded_profile(error, first)
    assert (second.stream_options, second.strict_tools) == (False, False)
    assert conceded_profile(error, second) is None


@pytest.mark.parametrize(
    ("words", "profile"),
    [
        ("The request is bad.", ALL),
        ("The instructions are too strictly worded", ALL),
        ("restrict", ALL),
        ("strict", Profile("lax")),
        ("stream_options", PROFILES["mistral"]),
        ("max_tokens must be at most 4096", ALL),
        ("max_completion_tokens", ALL),
        ("max_completion_tokens", Profile("none", {})),
        ("max_tokens: use max_completion_tokens", Profile("none", {})),
    ],
)
def test_what_is_not_about_a_quirk_is_not_conceded(words, profile):
    assert conceded_profile(refusal(words), profile) is None


@pytest.mark.parametrize("kind", [AuthenticationError, InternalServerError, APIStatusError, APIConnectionError])
def test_only_a_refusal_of_the_request_is_conceded(kind):
    error = kind("x", server_message="stream_options")
    assert conceded_profile(error, ALL) is None


def test_a_context_that_is_too_long_is_not_conceded_by_accident():
    error = ContextLengthError("x", server_message="maximum context length is 8192 tokens; reduce max_tokens")
    assert conceded_profile(error, ALL) is None


def test_a_server_that_wants_neither_name_is_not_asked_for_ever():
    # Back and forth is all there is; the loop bounds it.
    error = refusal("'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
    there = conceded_profile(error, Profile("x", {"max_tokens": "max_tokens"}))
    assert there.fields == {"max_tokens": "max_completion_tokens"}
