"""Answers as the fault catalogue has them, C27 to C30: redirects, empty ones, errors in disguise; and connections."""

import time

import pytest

from chatkit import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
)
from chatkit.testing import ErrorAnswer, RawAnswer


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_c27_redirects_are_not_followed(service, chat, talk, status):
    service.script(RawAnswer(status=status, headers={"location": "https://elsewhere.test/v1?key=secret"}))
    with pytest.raises(APIResponseError, match=r"redirects to https://elsewhere\.test; .* base_url") as caught:
        talk(chat, "Hi")
    assert "secret" not in str(caught.value)
    assert len(service.requests) == 1


@pytest.mark.parametrize("status", [204, 304])
def test_c28_an_answer_without_a_body_is_no_answer(service, chat, talk, status):
    service.script(RawAnswer(status=status))
    with pytest.raises(APIResponseError, match="carries no answer"):
        talk(chat, "Hi")
    assert chat.turns == []


@pytest.mark.parametrize(
    ("code", "kind"), [(429, RateLimitError), (401, AuthenticationError), (503, InternalServerError)]
)
def test_c29_an_error_in_a_body_with_status_200_is_that_error(service, make_chat, talk, code, kind):
    service.script(RawAnswer(b'{"error": {"message": "own words", "code": %d}}' % code))
    with pytest.raises(kind, match="own words"):
        talk(make_chat(max_retries=0), "Hi")


@pytest.mark.parametrize("name", ["x-request-id", "x-amzn-trace-id", "cf-ray"])
def test_c30_the_request_id_is_told(service, chat, talk, name):
    headers = {"x-request-id": "", name: "id-7"}
    service.script(ErrorAnswer(400, headers=headers))
    with pytest.raises(BadRequestError, match=r"\[request id: id-7\]") as caught:
        talk(chat, "Hi")
    assert caught.value.request_id == "id-7"


def test_a_finished_answer_keeps_its_connection_for_the_next(service, chat, talk):
    service.script("one", "two", "three")
    for _ in range(3):
        talk(chat, "Hi")
    assert service.connections == 1


def test_a_connection_that_the_server_closed_in_between_is_no_error(service, chat, talk):
    service.script("one", "two")
    talk(chat, "Hi")
    service.drop_connections()
    time.sleep(0.02)
    assert talk(chat, "Hi") == "two"


def test_a_closed_port_is_said_so_with_the_address(make_chat, talk):
    chat = make_chat(base_url="http://127.0.0.1:9/v1", max_retries=1)
    with pytest.raises(APIConnectionError, match=r"127\.0\.0\.1:9 .*after 2 attempts.*Is the server running") as caught:
        talk(chat, "Hi")
    assert isinstance(caught.value, APIError)
    assert caught.value.kind == "refused"
    assert chat.turns == []
