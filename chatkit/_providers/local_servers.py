"""The model servers that people run on their own machine: where they listen, and how to tell which one answers.

Sources: Ollama's docs/api.md and openai/openai.go (`owned_by`, `/api/version`, `/api/ps`), llama.cpp's
tools/server/README.md (`owned_by`, `/props`, `status`), LM Studio's REST API v0 (`/api/v0/models`), vLLM's
protocol.py (`owned_by`) and TGI's router (`/info`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatkit._errors import ConfigError


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A kind of server.

    Args:
        name: What users and profiles call it.
        title: What messages call it.
        port: Where it listens when nobody says otherwise.
        start: The command that starts it.
        fetch: The command that gives it a model.
    """

    name: str
    title: str
    port: int
    start: str
    fetch: str


SERVERS = (
    LocalServer("ollama", "Ollama", 11434, "ollama serve", "ollama pull llama3.2"),
    LocalServer("llamacpp", "llama.cpp", 8080, "llama-server -m model.gguf", "llama-server -m model.gguf"),
    LocalServer("lmstudio", "LM Studio", 1234, "lms server start", "lms get qwen3-4b"),
    LocalServer("vllm", "vLLM", 8000, "vllm serve org/name", "vllm serve org/name"),
    LocalServer(
        "tgi",
        "TGI",
        8080,
        "text-generation-launcher --model-id org/name --port 8080",
        "text-generation-launcher --model-id org/name --port 8080",
    ),
)
"""In the order in which they are looked for."""

OTHER = LocalServer("generic", "OpenAI-compatible server", 8000, "", "")
"""What answers as a model server does, without saying which it is."""

_OWNERS = {"llamacpp": "llamacpp", "vllm": "vllm", "organization_owner": "lmstudio", "library": "ollama"}
_ALIASES = {"llama.cpp": "llamacpp", "llama-server": "llamacpp", "lm studio": "lmstudio", "lm-studio": "lmstudio"}
# Where a server may be asked what it is, when its models do not tell. Every one wants a field of its own: some servers
# answer 200 to any path.
SIGNS = {"ollama": "/api/version", "llamacpp": "/props", "lmstudio": "/api/v0/models", "tgi": "/info"}
# What a server has in memory right now.
LOADED = {"ollama": "/api/ps", "lmstudio": "/api/v0/models"}

_NO_CHAT = re.compile(
    r"embed|rerank|colbert|sentence-transformers|(?:^|[/_.:-])(?:bge|e5|gte|minilm|whisper|clip|tts)(?:[/_.:-]|$)", re.I
)
# Ollama lists models that run elsewhere: asked for by name they are fine, but "local" must not choose them.
_ELSEWHERE = re.compile(r"[:-]cloud$", re.I)


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model of a local server.

    Args:
        name: Its name.
        loaded: Whether it is in memory.
        chats: Whether it answers chats, and does so on this machine.
    """

    name: str
    loaded: bool = False
    chats: bool = True


def server_named(name: Any) -> LocalServer:
    """The server that a user named.

    Raises:
        ConfigError: when there is none of this name; it lists those there are.
    """
    plain = name.strip().lower() if isinstance(name, str) else ""
    plain = _ALIASES.get(plain, plain)
    for server in SERVERS:
        if server.name == plain:
            return server
    known = ", ".join(server.name for server in SERVERS)
    raise ConfigError(
        f"`server` must be one of {known}, not {name!r}.", hint="Others are reached by their port=, if it is unusual."
    )


def usual_ports() -> list[int]:
    """The ports at which servers are looked for, in order, each once."""
    return list(dict.fromkeys(server.port for server in SERVERS))


def listed(value: Any) -> list[Mapping[str, Any]] | None:
    """The entries of a list of models in OpenAI's format; None when it is none. Ollama's is null when it is empty."""
    if not isinstance(value, Mapping) or "data" not in value:
        return None
    data = value["data"] if value["data"] is not None else []
    if not isinstance(data, list):
        return None
    return [item for item in data if isinstance(item, Mapping) and _text(item.get("id")).strip()]


def owner(entries: list[Mapping[str, Any]]) -> str:
    """The server that the entries of a list say they belong to; empty when they do not."""
    return next((_OWNERS[kind] for item in entries if (kind := _text(item.get("owned_by"))) in _OWNERS), "")


def shows(name: str, value: Any) -> bool:
    """Whether what came from a server's sign (`SIGNS`) is what that server says there.

    Args:
        name: The server.
        value: What came, read as JSON.
    """
    if not isinstance(value, Mapping):
        return False
    if name == "ollama":
        return isinstance(value.get("version"), str)
    if name == "llamacpp":
        return "default_generation_settings" in value or "chat_template" in value
    if name == "lmstudio":
        return isinstance(value.get("data"), list)
    return isinstance(value.get("model_id"), str) and "max_total_tokens" in value


def models_of(entries: list[Mapping[str, Any]], memory: Any = None) -> list[LocalModel]:
    """The models of a server.

    Args:
        entries: The entries of its list.
        memory: What came from where it says what is loaded (`LOADED`), read as JSON.
    """
    known = {**{item["id"]: item for item in entries}, **{item["id"]: item for item in listed(memory) or ()}}
    loaded = set(_running(memory))
    return [
        LocalModel(name, name in loaded or _is_loaded(item), _chats(name, item.get("type")))
        for name, item in known.items()
    ]


def chosen(models: Iterable[LocalModel]) -> str | None:
    """The model to use when none is named: the first that chats, those in memory before the others."""
    ready = sorted((model for model in models if model.chats), key=lambda model: not model.loaded)
    return ready[0].name if ready else None


def _running(memory: Any) -> Iterator[str]:
    """The names in Ollama's list of what runs."""
    models = memory.get("models") if isinstance(memory, Mapping) else None
    for item in models if isinstance(models, list) else ():
        if isinstance(item, Mapping):
            yield _text(item.get("name"))


def _is_loaded(item: Mapping[str, Any]) -> bool:
    status = item.get("status")
    return item.get("state") == "loaded" or (isinstance(status, Mapping) and status.get("value") == "loaded")


def _chats(name: str, kind: Any) -> bool:
    if kind in ("llm", "vlm"):
        return True
    return kind not in ("embeddings", "embedding") and not _NO_CHAT.search(name) and not _ELSEWHERE.search(name)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
