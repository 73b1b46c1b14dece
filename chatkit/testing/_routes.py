"""Which requests are for the chat, and what the others are answered."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._answers import ErrorAnswer, RawAnswer
from ._events import json_text
from ._replies import error_body
from ._requests import RecordedRequest

CHAT_PATH = "/v1/chat/completions"
RESPONSES_PATH = "/v1/responses"
MODELS_PATH = "/v1/models"

Model = str | Mapping[str, Any]


def answer_elsewhere(
    request: RecordedRequest, paths: Sequence[str], models: Sequence[Model]
) -> RawAnswer | ErrorAnswer | None:
    """Answer a request that is not for one of `paths`, or is no JSON; return None when it is for them."""
    if request.path == MODELS_PATH or request.path.startswith(f"{MODELS_PATH}/"):
        return _list_models(models, request)
    if request.path not in paths:
        return ErrorAnswer(404, error_body(f"Unknown request URL: {request.method} {request.path}"))
    if request.method != "POST":
        return ErrorAnswer(405, error_body(f"Not allowed: {request.method}"), {"allow": "POST"})
    if not isinstance(request.json, dict):
        return ErrorAnswer(400, error_body("The body is not a JSON object."))
    return None


def _list_models(models: Sequence[Model], request: RecordedRequest) -> RawAnswer | ErrorAnswer:
    if request.method != "GET":
        return ErrorAnswer(405, error_body(f"Not allowed: {request.method}"), {"allow": "GET"})
    entries = [_entry(model) for model in models]
    if request.path == MODELS_PATH:
        return RawAnswer(json_text({"object": "list", "data": entries}).encode())
    name = request.path.removeprefix(f"{MODELS_PATH}/")
    for entry in entries:
        if entry.get("id") == name:
            return RawAnswer(json_text(entry).encode())
    return ErrorAnswer(404, error_body(f"The model '{name}' does not exist"))


def _entry(model: Model) -> dict[str, Any]:
    if isinstance(model, str):
        return {"id": model, "object": "model", "created": 0, "owned_by": "chatkit"}
    return dict(model)
