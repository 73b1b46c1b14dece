"""Whole processes: what importing costs, and importing and getting a first reply."""

from __future__ import annotations

import os
import subprocess
import sys
from resource import struct_rusage
from statistics import median

from answers import QUESTION, REPLY

_TIMES = 5
_IMPORTS = {
    "raw": "import http.client, json",
    "stack": "import requests, sseclient, json",
    "chatkit": "import chatkit",
}
_MAKES = {
    **_IMPORTS,
    "chatkit": 'import chatkit; chatkit.chat_openai_compatible("{url}", model="m", credentials=lambda: "key")',
}
_REPLIES = {
    "raw": """
import http.client, json
connection = http.client.HTTPConnection("127.0.0.1", {port})
body = {{"model": "benchmark", "messages": [{{"role": "user", "content": "{question}"}}]}}
headers = {{"Content-Type": "application/json", "Authorization": "Bearer key"}}
connection.request("POST", "/whole/v1/chat/completions", json.dumps(body).encode(), headers)
reply = json.loads(connection.getresponse().read())["choices"][0]["message"]["content"]
""",
    "stack": """
import requests, sseclient, json
body = {{"model": "benchmark", "messages": [{{"role": "user", "content": "{question}"}}]}}
headers = {{"Authorization": "Bearer key"}}
response = requests.Session().post("{url}/chat/completions", json=body, headers=headers)
reply = json.loads(response.content)["choices"][0]["message"]["content"]
""",
    "chatkit": """
from chatkit import chat_openai_compatible
chat = chat_openai_compatible("{url}", model="benchmark", credentials=lambda: "key", echo="none")
reply = chat.chat("{question}")
""",
}
PROGRAMS = {"imports": _IMPORTS, "makes": _MAKES, "first_reply": _REPLIES}


def run_cold(contender: str, measure: str, port: int, core: int, environ: dict[str, str]) -> dict[str, float]:
    """Run a program in new processes; gives the CPU ms and the peak memory in MB of the one in the middle."""
    url = f"http://127.0.0.1:{port}/whole/v1"
    program = PROGRAMS[measure][contender].format(url=url, port=port, question=QUESTION)
    if measure == "first_reply":
        program += f"\nassert reply == {REPLY!r}"
    used = [_used_by(program, core, environ) for _ in range(_TIMES)]
    return {
        "cpu": median((use.ru_utime + use.ru_stime) * 1e3 for use in used),
        "memory": median(use.ru_maxrss / 1024 for use in used),
    }


def _used_by(program: str, core: int, environ: dict[str, str]) -> struct_rusage:
    """What a process took from its start to its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environ, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"this failed:\n{program}")
    return used
