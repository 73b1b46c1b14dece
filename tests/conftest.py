"""What all tests share: none of them sees the keys, proxies and settings of the machine it runs on."""

import os

import hypothesis
import pytest

# Sockets and threads take the time they take; a slow machine is no fault of the code.
hypothesis.settings.register_profile(
    "chatkit", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], derandomize=True
)
hypothesis.settings.load_profile("chatkit")

_PREFIXES = ("OPENAI_", "HF_", "HUGGING", "CHATKIT_ECHO")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith(_PREFIXES) or name.upper() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_lists_of_models(monkeypatch):
    # They are kept by the address of the server, and ports come again.
    monkeypatch.setattr("chatkit._models.shelf._kept", {})
