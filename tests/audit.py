"""Ask whether a vulnerability is known of what chatkit stands on: every package that it needs, extras included.

Run it by itself, or through `tests/check.py`. It fails when one is reported. Without the network, or where the service
does not know the packages, nothing can be said: then it says that it was skipped, and why, and does not fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "chatkit-objects"
EXTRAS = ("images", "mcp", "prices", "store")
SECONDS = 180


def pins(name: str = ROOT, extras: tuple[str, ...] = EXTRAS, known: dict[str, str] | None = None) -> dict[str, str]:
    """The packages that a package needs, all the way down, with the versions that are installed."""
    known = {} if known is None else known
    for line in distribution(name).requires or ():
        needed = Requirement(line)
        wanted = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        own = canonicalize_name(needed.name)
        if not wanted or own in known or own == ROOT:
            continue
        try:
            known[own] = distribution(needed.name).version
        except PackageNotFoundError:
            continue
        pins(needed.name, tuple(needed.extras), known)
    return known


def verdict(report: dict[str, Any] | None, complaint: str = "") -> tuple[int, str]:
    """What a report comes to: the exit code, and a text.

    Args:
        report: What pip-audit gave, or None.
        complaint: What it said instead.
    """
    if report is None:
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        return 0, f"skipped, nothing is known: no answer of the advisory service ({last[:200]})"
    asked = [item for item in report.get("dependencies", []) if "skip_reason" not in item]
    unknown = len(report.get("dependencies", [])) - len(asked)
    bad = [(item, found) for item in asked for found in item.get("vulns", [])]
    if bad:
        told = [
            f"{item['name']} {item['version']}: {found['id']}, fixed in {found['fix_versions']}" for item, found in bad
        ]
        return 1, "\n   ".join(["vulnerabilities are known:", *told])
    if not asked:
        return 0, f"skipped, nothing is known: the advisory service has none of the {unknown} packages"
    rest = f"; {unknown} could not be asked about" if unknown else ""
    return 0, f"no vulnerability is known of {len(asked)} packages{rest}"


def ask(packages: dict[str, str]) -> tuple[int, str]:
    """Ask about packages and their versions."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in sorted(packages.items())))
        command = [sys.executable, "-m", "pip_audit", "-r", str(listed), "--no-deps", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return verdict(None, f"nothing within {SECONDS} s")
    try:
        return verdict(json.loads(done.stdout))
    except ValueError:
        return verdict(None, done.stderr)


def main() -> int:
    """Ask, tell, and give the exit code."""
    packages = pins()
    code, text = ask(packages)
    print(f"{len(packages)} packages: {text}")
    return code


if __name__ == "__main__":
    sys.exit(main())
