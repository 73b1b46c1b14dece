"""What travels: time limits as they are given, and a transport that is copied and saved with its chat."""

from __future__ import annotations

import copy
import pickle

import pytest
import requests

from chatkit._errors import ConfigError
from chatkit._http.connections import LineAdapter
from chatkit._http.messages import Request, TimeLimits
from chatkit._http.opening import LazyTransport
from chatkit.testing import RawAnswer

FIELDS = ["connect", "first_byte", "idle", "progress", "total"]


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5", 1e9])
def test_a11_a_time_limit_is_a_number_of_seconds(name, value):
    with pytest.raises(ConfigError, match=f"`{name}` must be a number of seconds above 0, or None, not"):
        TimeLimits(**{name: value})


def test_a_time_limit_may_be_none():
    assert TimeLimits(*[None] * 5) == TimeLimits(**dict.fromkeys(FIELDS))


def test_a_number_of_seconds_limits_every_wait():
    assert TimeLimits.of(None) == TimeLimits()
    assert TimeLimits.of(2.5) == TimeLimits(connect=2.5, first_byte=2.5, idle=2.5)
    assert TimeLimits.of(60) == TimeLimits(connect=10.0, first_byte=60, idle=60)
    assert TimeLimits.of(TimeLimits(total=1)) == TimeLimits(total=1)


@pytest.mark.parametrize("value", [0, -5, "soon", True, [1]])
def test_a11_other_values_are_refused(value):
    with pytest.raises(ConfigError, match="must be a number of seconds above 0"):
        TimeLimits.of(value)


def test_a_request_needs_no_credentials():
    assert Request("http://x/v1", b"{}").credentials() == {}


def test_a_lazy_transport_is_shared_by_copies_and_saved_empty():
    with requests.Session() as session:
        transport = LazyTransport(session)
        assert copy.deepcopy(transport) is transport
        assert pickle.loads(pickle.dumps(transport))._session is None


# --- the adapter ----------------------------------------------------------------------------------------------------


def test_the_adapter_serves_without_a_line_as_well(service):
    service.script(RawAnswer(b'{"a": 1}'), RawAnswer(b"{}"))
    with requests.Session() as session:
        session.mount("http://", LineAdapter())
        answers = [session.post(f"{service.base_url}/chat/completions", json={}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"a": 1}, {}]
    assert service.connections == 1


def test_what_the_adapter_remembers_is_bounded_and_right():
    adapter = LineAdapter()
    for number in range(200):
        prepared = requests.Request("POST", f"http://x/v{number}").prepare()
        for proxies, path in (({}, f"/v{number}"), ({"http": "http://near:3128"}, f"http://x/v{number}")):
            assert adapter.request_url(prepared, proxies) == path
    assert len(adapter._paths) <= 64


def test_the_adapter_keeps_what_must_not_share_connections_apart():
    adapter, find = LineAdapter(), LineAdapter.get_connection_with_tls_context
    one, other = (requests.Request("POST", f"https://{host}/v1").prepare() for host in ("x", "y"))
    ways = [(one, True), (one, False), (other, True), (one, True, {"https": "http://near:3128"})]
    pools = [find(adapter, *way) for way in ways]
    assert len(set(map(id, pools))) == 4
    assert [find(adapter, *way) for way in ways] == pools
