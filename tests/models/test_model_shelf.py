"""The lists that were fetched lately: kept by the address of the server, for an hour."""

import time

import pytest

from chatkit._models import shelf
from chatkit._models.rows import ModelInfo

ROWS = [ModelInfo("m")]

URL = "https://models.example/v1"


@pytest.fixture
def later(clock):
    """Let time pass."""
    begun = time.monotonic()

    def act(seconds):
        clock(shelf, lambda: begun + seconds)

    act(0)
    return act


def test_a_list_is_good_for_an_hour(later):
    assert (shelf.listed(URL), shelf.asked_lately(URL)) == (None, False)
    shelf.keep(URL, [ModelInfo("a")])
    later(shelf.FRESH_SECONDS - 1)
    assert (shelf.listed(URL), shelf.asked_lately(URL)) == ((ModelInfo("a"),), True)
    later(shelf.FRESH_SECONDS + 1)
    assert (shelf.listed(URL), shelf.asked_lately(URL)) == (None, False)


def test_that_a_server_has_none_is_known_for_a_minute(later):
    shelf.keep(URL, None)
    later(shelf.FAILED_SECONDS - 1)
    assert (shelf.listed(URL), shelf.asked_lately(URL)) == (None, True)
    later(shelf.FAILED_SECONDS + 1)
    assert not shelf.asked_lately(URL)


def test_an_empty_list_is_one():
    shelf.keep(URL, [])
    assert shelf.listed(URL) == ()


def test_each_server_has_its_own_and_all_can_be_forgotten():
    shelf.keep(URL, [ModelInfo("a")])
    shelf.keep("http://other.example", [ModelInfo("b")])
    assert shelf.listed(URL) == (ModelInfo("a"),)
    shelf.clear()
    assert shelf.listed(URL) is None


def test_the_shelf_does_not_grow_for_ever():
    for number in range(1000):
        shelf.keep(f"http://{number}.example", [ModelInfo("a")])
    kept = [number for number in range(1000) if shelf.listed(f"http://{number}.example")]
    assert 999 in kept
    assert len(kept) <= 32


def test_news_of_a_failure_does_not_take_away_a_fresh_list():
    shelf.keep("http://a/v1", ROWS)
    shelf.keep("http://a/v1", None)
    assert shelf.listed("http://a/v1") == tuple(ROWS)


def test_a_list_that_comes_anew_leaves_the_others_on_a_full_shelf():
    for number in range(32):
        shelf.keep(f"http://{number}/v1", ROWS)
    shelf.keep("http://31/v1", ROWS)
    assert shelf.listed("http://0/v1") == tuple(ROWS)


def test_the_first_row_of_a_name_counts():
    first, second = ModelInfo("m", owned_by="a"), ModelInfo("m", owned_by="b")
    shelf.keep("http://a/v1", [first, second])
    assert shelf.row_of("http://a/v1", "m").owned_by == "a"
    assert shelf.row_of("http://a/v1", "x") is None
    assert shelf.row_of("http://b/v1", "m") is None
