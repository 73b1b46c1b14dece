"""What is wrong with a request, told as servers do that check it by a schema."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault of a request.

    Args:
        path: The keys and places that lead to it, such as `("input", 0, "role")`.
        message: What is wrong there.
        code: The kind of fault, in the words of the schema checker zod.
    """

    path: Path
    message: str
    code: str = "custom"

    def __str__(self) -> str:
        place = ""
        for step in self.path:
            place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
        return f"{place}: {self.message}" if place else self.message


def refusal_body(issues: Iterable[Issue]) -> dict[str, Any]:
    """Return the body with which the Responses server of the Hugging Face router refuses a request.

    Source: huggingface/responses.js, src/middleware/validation.ts: the list of faults, twice.
    """
    told = [{"code": issue.code, "path": list(issue.path), "message": issue.message} for issue in issues]
    return {"success": False, "error": told, "details": told}
