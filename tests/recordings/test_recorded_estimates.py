"""The estimate of tokens against what servers really counted, as far as recordings of them are at hand."""

import json
import os
import re
from pathlib import Path

import pytest

from chatkit._providers.openai_messages import from_messages
from chatkit._turns.estimating import estimate_tokens

FOLDER = Path(os.environ.get("CHATKIT_FIXTURES") or Path(__file__).parents[3] / "shared" / "fixtures")
MOST_TOO_HIGH, MOST_TOO_LOW = 8, 37


def counted():
    """Pairs of messages and the tokens that a server counted for them; without tools and schemas."""
    for path in sorted(FOLDER.glob("*_exchanges.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            exchange = json.loads(line or "{}")
            counts = re.findall(r'"prompt_tokens":\s*(\d+)', exchange.get("response_body") or "")
            if counts and exchange["url"].endswith("/chat/completions"):
                body = json.loads(exchange["request_body"])
                if not body.get("tools") and "response_format" not in body:
                    yield body["messages"], int(counts[-1])


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings in {FOLDER}; set CHATKIT_FIXTURES")
def test_the_estimate_is_as_near_as_its_documentation_says():
    errors = [estimate_tokens(from_messages(messages)) - real for messages, real in counted()]
    assert len(errors) >= 30
    assert -MOST_TOO_LOW <= min(errors) <= max(errors) <= MOST_TOO_HIGH
