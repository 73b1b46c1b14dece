"""Servers as people run them at home, played on free ports of this machine."""

import dataclasses
import json
import socket

import pytest

from chatkit._http.messages import TimeLimits
from chatkit._providers import local_looking, local_servers
from chatkit.testing import ErrorAnswer, FakeService, RawAnswer


def raw(value) -> RawAnswer:
    """A whole JSON body, as it is."""
    return RawAnswer(json.dumps(value).encode(), content_type="application/json")


def listing(*names, owner="me", **more) -> dict:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner, **more} for name in names]}


class Played:
    """A server that answers GETs from a table and chats from a script.

    Args:
        paths: What each path gives; a path that is not there is a 404.
        elsewhere: What any other path gives.
        options: For `FakeService`.
    """

    def __init__(self, paths, elsewhere=None, **options):
        self.paths = paths
        self.elsewhere = elsewhere if elsewhere is not None else ErrorAnswer(404, {"error": "not found"})
        self.service = FakeService(paths=None, **options)
        self.service.on_request(self._answer)

    @property
    def port(self):
        return int(self.service.origin.rpartition(":")[2])

    @property
    def asked(self):
        """The paths asked, in order."""
        return [request.path for request in self.service.requests]

    def _answer(self, request):
        if request.method == "POST":
            return f"{request.model} says hi"
        answer = self.paths.get(request.path, self.elsewhere)
        return raw(answer) if isinstance(answer, dict) else answer


KINDS = {
    "ollama": {
        "/v1/models": listing("nomic-embed-text:latest", "qwen3:8b", "llama3.2:3b", owner="library"),
        "/api/version": {"version": "0.12.3"},
        "/api/ps": {"models": [{"name": "llama3.2:3b", "model": "llama3.2:3b", "size_vram": 3}]},
    },
    "llamacpp": {
        "/v1/models": {
            "models": [{"name": "tiny.gguf"}],
            **listing("tiny.gguf", owner="llamacpp", meta={"n_ctx_train": 4096}),
        },
        "/props": {"default_generation_settings": {}, "total_slots": 1, "chat_template": "..."},
    },
    "lmstudio": {
        "/v1/models": listing("text-embedding-nomic", "qwen2-vl", "llama-3.1-8b", owner="organization_owner"),
        "/api/v0/models": {
            "object": "list",
            "data": [
                {"id": "text-embedding-nomic", "object": "model", "type": "embeddings", "state": "loaded"},
                {"id": "qwen2-vl", "object": "model", "type": "vlm", "state": "not-loaded"},
                {"id": "llama-3.1-8b", "object": "model", "type": "llm", "state": "loaded"},
            ],
        },
    },
    "vllm": {"/v1/models": listing("org/big", owner="vllm", max_model_len=4096), "/version": {"version": "0.11.0"}},
    "tgi": {
        "/v1/models": listing("org/tgi-model", owner="org/tgi-model"),
        "/info": {"model_id": "org/tgi-model", "max_total_tokens": 4096, "router": "text-generation-router"},
    },
}


@pytest.fixture
def hurry(monkeypatch):
    """Have what is asked at an address with these words in it given up soon."""
    hasty = []

    def get(url):
        limits = TimeLimits(connect=5, first_byte=30, idle=30, total=30)
        if any(words in url for words in hasty):
            limits = TimeLimits(connect=5, first_byte=0.2, idle=0.2, total=0.2)
        return dataclasses.replace(look_up(url), limits=limits)

    look_up = local_looking._get
    monkeypatch.setattr(local_looking, "_get", get)
    return hasty.append


@pytest.fixture(autouse=True)
def _with_patience(monkeypatch, hurry):
    # A second is plenty for a server at home, and not for one that shares a slow machine with other tests.
    monkeypatch.setattr("chatkit._constructors.local._PATIENCE", 60)


@pytest.fixture
def free_port():
    """A port at which nothing listens: it is taken, but nobody accepts."""
    taken = []

    def make() -> int:
        # Bound, not listening: a connection is refused, and nobody else can get the port meanwhile.
        taken.append(socket.socket())
        taken[-1].bind(("127.0.0.1", 0))
        return taken[-1].getsockname()[1]

    yield make
    for held in taken:
        held.close()


@pytest.fixture
def usual(monkeypatch, free_port):
    """Move the usual ports: keywords are servers and their ports; the others lie where nothing listens."""

    def act(**ports) -> None:
        moved = tuple(
            dataclasses.replace(server, port=ports.get(server.name) or free_port()) for server in local_servers.SERVERS
        )
        monkeypatch.setattr(local_servers, "SERVERS", moved)
        monkeypatch.setattr(local_looking, "SERVERS", moved)

    act()
    return act


@pytest.fixture
def play():
    """Run a server."""
    running = []

    def act(paths, elsewhere=None, **options) -> Played:
        running.append(Played(KINDS[paths] if isinstance(paths, str) else paths, elsewhere, **options))
        return running[-1]

    yield act
    for played in running:
        played.service.close()
