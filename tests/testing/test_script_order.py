"""Scripted answers go to requests in the order in which they are numbered, however many arrive at once."""

import threading
import time
from collections import deque

import requests

from chatkit.testing import Answer, FakeService

CALLERS = 24


class SlowQueue(deque):
    """A queue from which answers are taken so slowly that others could overtake."""

    def popleft(self):
        time.sleep(0.002)
        return super().popleft()


def ask_at_once(service, path="chat/completions", **body):
    heard = {}
    barrier = threading.Barrier(CALLERS)

    def ask(name):
        barrier.wait()
        url = f"{service.base_url}/{path}"
        heard[name] = requests.post(url, json={"model": str(name), **body}, timeout=10).json()["id"]

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def test_the_request_with_a_lower_number_gets_the_earlier_answer():
    with FakeService() as service:
        service._queue = SlowQueue()
        service.script(*(Answer("a", id=f"answer {number}") for number in range(CALLERS)))
        heard = ask_at_once(service, messages=[])
        assert [heard[int(request.model)] for request in service.requests] == [
            f"answer {number}" for number in range(CALLERS)
        ]
        assert [request.number for request in service.requests] == list(range(1, CALLERS + 1))


def test_so_it_is_for_responses():
    with FakeService(strict=True) as service:
        service._queue = SlowQueue()
        service.script(*(Answer("a", id=f"answer {number}") for number in range(CALLERS)))
        heard = ask_at_once(service, "responses", input="hi")
        assert [heard[int(request.model)] for request in service.requests] == [
            f"answer {number}" for number in range(CALLERS)
        ]


def test_a_fault_of_the_rules_is_told_to_the_caller(monkeypatch):
    def broken(body):
        raise LookupError("the rules are broken")

    monkeypatch.setattr("chatkit.testing._fake_service.check_request", broken)
    with FakeService(strict=True) as service:
        response = requests.post(f"{service.base_url}/chat/completions", json={}, timeout=5)
        assert response.status_code == 500
        assert "answering request 1 raised LookupError: the rules are broken" in response.json()["error"]["message"]
        monkeypatch.undo()
        service.say("a")
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        assert requests.post(f"{service.base_url}/chat/completions", json=body, timeout=5).ok


def test_a_handler_may_take_its_time_while_others_are_answered():
    with FakeService() as service:
        waiting, free = threading.Event(), threading.Event()

        def handle(request):
            waiting.set()
            assert free.wait(5)
            return "late"

        service.on_request(handle)
        body = {"model": "m", "messages": []}
        late = threading.Thread(
            target=lambda: requests.post(f"{service.base_url}/chat/completions", json=body, timeout=9)
        )
        late.start()
        assert waiting.wait(5)
        service.say("early")
        answer = requests.post(f"{service.base_url}/chat/completions", json=body, timeout=5).json()
        free.set()
        late.join()
        assert answer["choices"][0]["message"]["content"] == "early"
