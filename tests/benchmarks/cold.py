"""Whole processes: what importing costs, and importing and getting a first reply."""

from __future__ import annotations

import os
import subprocess
import sys

from answers import QUESTION, REPLY

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
    """Run a program in a new process; gives its CPU ms and peak memory in MB, from its start to its end."""
    url = f"http://127.0.0.1:{port}/whole/v1"
    program = PROGRAMS[measure][contender].format(url=url, port=port, question=QUESTION)
    if measure == "first_reply":
        program += f"\nassert reply == {REPLY!r}"
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environ, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{measure} of {contender} failed")
    return {"cpu": (used.ru_utime + used.ru_stime) * 1e3, "memory": used.ru_maxrss / 1024}
