"""Approvals: a tool call that waits for a yes, bound to exactly what would run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatkit._turns.contents import ContentToolRequest


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A tool call that runs only after a yes.

    Args:
        request: What the model asked for.
    """

    request: ContentToolRequest

    @property
    def id(self) -> str:
        """The id of the request."""
        return self.request.id

    @property
    def name(self) -> str:
        """The name of the tool."""
        return self.request.name

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments that the tool would get; empty when the model's could not be read."""
        return self.request.arguments or {}

    @property
    def token(self) -> str:
        """The id with a fingerprint of name and arguments: what an approval that travels should carry."""
        return f"{self.id}:{fingerprint(self.request)}"


def fingerprint(request: ContentToolRequest) -> str:
    """A digest of the name and the canonical arguments of a request: equal only for the same call."""
    # An array has no ambiguity about where one part ends and the next begins.
    parts = [request.id, request.name, request.arguments, request.raw]
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
