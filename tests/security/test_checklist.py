"""Every risk of the security list has its checks, by name; so that none is lost when tests are moved."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent

# The risks in our own words, and the tests that look for them: a file, and how the names begin.
CHECKS = {
    "keys: logs at level 1": ["security/test_keys_kept_out.py::test_logs_at_level_1", "faults/test_rows_c.py::test_c3"],
    "keys: repr, vars, copies": ["security/test_keys_kept_out.py::test_objects_show_it_nowhere"],
    "keys: pickles": [
        "security/test_keys_kept_out.py::test_a_pickle_is_without_it",
        "faults/test_rows_i.py::test_i10_a_copy_in_the_middle_of_a_stream",
    ],
    "keys: exceptions, with cause, context and captured locals": [
        "security/test_keys_echoed.py::test_no_error_shows",
        "security/test_keys_kept_out.py::test_every_error_pickles",
        "http/test_key_stays_hidden.py::test_g7_an_interruption_shows_no_key",
    ],
    "keys: text that cannot be sent": ["faults/test_rows_a.py::test_a3", "http/test_key_stays_hidden.py::test_a3"],
    "keys: header injection": ["security/test_network.py::test_no_setting_can_add_a_header"],
    "keys: user and password in addresses": ["faults/test_rows_a.py::test_a7"],
    "keys: .netrc": [
        "security/test_network.py::test_what_a_netrc_says",
        "http/test_environment.py::test_a_netrc_entry_does_not_replace_the_key",
    ],
    "keys: repeated by the server": ["security/test_keys_echoed.py::test_", "http/test_key_stays_hidden.py::test_c3"],
    "keys: exports, saved files, pages": ["security/test_keys_kept_out.py::test_files_and_pages"],
    "keys: files of our own are for their owner": ["record/test_record_files.py::test_a_new_file_"],
    "network: redirects": [
        "security/test_network.py::test_neither_keys_nor_words_follow_a_redirect",
        "http/test_not_answers.py::test_c27",
    ],
    "network: keys in the clear": ["chat/test_constructors.py::test_a_key_over_plain_http"],
    "network: proxies": ["faults/test_rows_b.py::test_b13", "faults/test_rows_b.py::test_b15"],
    "network: TLS": ["faults/test_rows_b.py::test_b11", "http/test_environment.py::test_verify_false_stays_false"],
    "network: bombs": ["security/test_network.py::test_a_decompression_bomb", "faults/test_rows_d.py::test_d9"],
    "network: endless bodies": ["security/test_network.py::test_an_endless_answer", "faults/test_rows_e.py::test_e9"],
    "network: requests to private addresses": [
        "faults/test_rows_j.py::test_j6",
        "http/download/test_download_rules.py::",
    ],
    "network: local files": [
        "security/test_network.py::test_nothing_that_is_said_is_opened",
        "faults/test_rows_j.py::test_j1",
        "faults/test_rows_j.py::test_j5",
    ],
    "network: data: URLs": ["faults/test_rows_j.py::test_j4"],
    "output: escapes on a terminal": ["faults/test_rows_k.py::test_k1", "display/test_sanitize.py::test_K1"],
    "output: approvals that hide something": ["display/test_approving.py::test_nothing_in_a_call_can_hide"],
    "output: HTML and Markdown": ["faults/test_rows_k.py::test_k6", "render/test_render_attacks.py::test_k6"],
    "output: images that report home": ["render/test_render_attacks.py::test_k6"],
    "tools: arguments": ["faults/test_rows_h.py::test_h5", "faults/test_rows_h.py::test_h4"],
    "tools: approvals played again": [
        "chat/test_approval_safety.py::test_a_yes_to_one_of_two_calls",
        "faults/test_rows_i.py::test_i9",
    ],
    "tools: names": ["security/test_network.py::test_only_a_tool_of_that_very_name"],
    "tools: what they give back": ["faults/test_rows_h.py::test_h9", "faults/test_rows_h.py::test_h11"],
    "tools: for ever": ["faults/test_rows_h.py::test_h13", "faults/test_rows_h.py::test_h16"],
    "data: nothing is made of what is read": [
        "record/test_record_hostile.py::test_nothing_in_chatkit_could_run",
        "record/test_record_hostile.py::test_names_of_classes",
        "faults/test_rows_i.py::test_i6",
    ],
    "data: hostile files": ["faults/test_rows_i.py::test_i4", "faults/test_rows_i.py::test_i5"],
    "data: pictures that unfold": ["faults/test_rows_j.py::test_j3_a_pixel_bomb"],
    "data: regular expressions": ["security/test_regular_expressions.py::test_a_regular_expression"],
    "supply: advisories": ["security/test_audit.py::test_a_report_is_told"],
    "supply: importing touches nothing": ["test_front_door.py::test_importing_opens_no_socket"],
}

# What comes with another part: which, and what it is about.
WAITING = {
    "keys and words in spans": "part 5, OpenTelemetry",
    "web page: hosts, origins, types, tokens, policies": "part 7, the web page",
    "chat titles as file names": "part 7, the web page; nothing makes a path of a title so far",
}


def named_in(path):
    return [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


@pytest.mark.parametrize("risk", CHECKS)
def test_every_risk_has_its_checks(risk):
    for check in CHECKS[risk]:
        file, _, begin = check.partition("::")
        found = [name for name in named_in(TESTS / file) if name.startswith(begin)]
        assert found, f"{check} is not there"


def test_what_waits_says_for_what():
    assert all(reason.startswith("part ") for reason in WAITING.values())
