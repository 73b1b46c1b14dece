"""All that a change must pass, in one command: format, lint, types, layers, advisories, sizes, tests and coverage.

Run it from the project's root: `.venv/bin/python tests/check.py`. Further arguments go to pytest.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Tested wherever there is a server, which is not everywhere.
PARTLY = "chatkit/_store/postgres.py"
# Lines of a file, by its path; lines of a function.
MAX_FILE, MAX_FILES = 300, {"chatkit/__init__.py": 400, "chatkit/_errors.py": 380}
MAX_FUNCTION = 40
# A public function's docstring tells its arguments, one by one; only what runs counts for the limit.
FULL_COVERAGE = ",".join(
    f"chatkit/{wing}/*"
    for wing in (
        "_turns",
        "_types",
        "_media",
        "_render",
        "_record",
        "_tools",
        "_mcp",
        "_providers",
        "_models",
        "_store",
        "store",
        "_engine",
    )
)


def steps(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """The checks in order: a title and a command each."""
    return [
        ("format", ["ruff", "format", "--check", "."]),
        ("lint", ["ruff", "check", "."]),
        ("types", ["mypy"]),
        ("layers", ["lint-imports"]),
        # Says so where it had to be skipped, for want of the network or of an answer.
        ("advisories", ["python", "tests/audit.py"]),
        ("tests", ["coverage", "run", "-m", "pytest", *arguments]),
        ("gather coverage", ["coverage", "combine", "--quiet"]),
        (
            "coverage of the core",
            ["coverage", "report", f"--include={FULL_COVERAGE}", f"--omit={PARTLY}", "--fail-under=100"],
        ),
        ("coverage of all", ["coverage", "report", "--fail-under=95"]),
    ]


def oversized() -> Iterator[str]:
    """Files and functions of the package that outgrew the house rules."""
    for path in sorted(ROOT.glob("chatkit/**/*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        limit = MAX_FILES.get(name, MAX_FILE)
        if (count := len(text.splitlines())) > limit:
            yield f"{name}: {count} lines, {limit} at most"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := body_lines(node)) > MAX_FUNCTION:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines, {MAX_FUNCTION} at most"


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring apart."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def run(title: str, command: list[str]) -> bool:
    """Run one check and say how it went."""
    print(f"== {title}: {' '.join(command)}", flush=True)
    begun = time.monotonic()
    program, *arguments = command
    code = subprocess.run([str(BIN / program), *arguments], cwd=ROOT, check=False).returncode
    print(
        f"== {title}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - begun:.0f} s", flush=True
    )
    return code == 0


def main(arguments: list[str]) -> int:
    """Run every check, also after one failed, and give the exit code."""
    subprocess.run([str(BIN / "coverage"), "erase"], cwd=ROOT, check=True)
    failed = [title for title, command in steps(arguments) if not run(title, command)]
    if sizes := list(oversized()):
        print("== sizes: FAILED", *sizes, sep="\n   ")
        failed.append("sizes")
    print("All checks passed." if not failed else f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
