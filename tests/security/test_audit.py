"""The step that asks about vulnerabilities: it fails when one is told, and says so when it could not ask."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit_step", Path(__file__).parents[1] / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FINE = {"name": "requests", "version": "2.34.2", "vulns": []}
BAD = {"name": "urllib3", "version": "2.0.0", "vulns": [{"id": "CVE-2099-1", "fix_versions": ["2.1"], "aliases": []}]}
UNKNOWN = {"name": "own", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        ({"dependencies": [FINE]}, 0, "no vulnerability is known of 1 packages"),
        ({"dependencies": [FINE, UNKNOWN]}, 0, "1 could not be asked about"),
        ({"dependencies": [UNKNOWN]}, 0, "skipped, nothing is known"),
        ({"dependencies": []}, 0, "skipped, nothing is known"),
        ({"dependencies": [FINE, BAD, UNKNOWN]}, 1, "urllib3 2.0.0: CVE-2099-1, fixed in ['2.1']"),
    ],
)
def test_a_report_is_told_as_what_it_is(audit, report, code, words):
    found, text = audit.verdict(report)
    assert (found, words in text) == (code, True)


def test_no_report_is_no_failure_and_is_not_taken_for_a_good_one(audit):
    assert audit.verdict(None, "\nConnectionError: no network\n") == (
        0,
        "skipped, nothing is known: no answer of the advisory service (ConnectionError: no network)",
    )
    assert audit.verdict(None)[1].endswith("(it said nothing)")


def test_all_that_chatkit_needs_is_asked_about(audit):
    packages = audit.pins()
    assert {"requests", "urllib3", "pydantic", "pydantic-core", "certifi", "sseclient-py"} <= set(packages)
    assert not {"pytest", "ruff", "chatkit-objects"} & set(packages)
