"""A list of models such as a router gives, made for the tests."""

import json

import pytest

from chatkit._models.lists import ModelList
from chatkit._models.reading import read_models

ROWS = [
    {
        "id": "acme/small-8B",
        "object": "model",
        "created": 1700000000,
        "owned_by": "acme",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "providers": [
            {
                "provider": "groq",
                "status": "live",
                "context_length": 8192,
                "pricing": {"input": 0.05, "output": 0.08},
                "supports_tools": True,
                "supports_structured_output": False,
                "throughput": 900.5,
                "first_token_latency_ms": 120,
                "is_model_author": False,
            },
            {
                "provider": "novita",
                "status": "staging",
                "context_length": 16384,
                "pricing": {"input": 0.02, "output": 0.05},
                "supports_tools": False,
                "supports_structured_output": True,
                "throughput": 80,
                "first_token_latency_ms": 700,
                "is_model_author": False,
            },
        ],
    },
    {
        "id": "Zeta/See-72B",
        "object": "model",
        "created": 1750000000,
        "owned_by": "Zeta",
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "providers": [
            {
                "provider": "together",
                "status": "live",
                "context_length": 131072,
                "pricing": {"input": 1.2, "output": 3},
                "supports_tools": True,
                "supports_structured_output": True,
                "is_model_author": False,
            },
            {"provider": "Zeta", "status": "live", "is_model_author": True},
        ],
    },
    {
        "id": "bits/plain",
        "object": "model",
        "created": 1600000000,
        "owned_by": "bits",
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "providers": [{"provider": "publicai", "status": "error", "is_model_author": False, "is_free": True}],
    },
    {"id": "unsaid", "object": "model"},
]


@pytest.fixture
def rows():
    return json.loads(json.dumps(ROWS))


@pytest.fixture
def models():
    return ModelList(read_models(json.dumps({"object": "list", "data": ROWS})))


@pytest.fixture
def read():
    """Read rows as those of a server."""
    return lambda *given: read_models(json.dumps({"data": list(given)}))
