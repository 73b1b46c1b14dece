"""What is Hugging Face's own: the router's address and the model of ellmer's page."""

from __future__ import annotations

BASE_URL = "https://router.huggingface.co/v1"
DEFAULT_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
