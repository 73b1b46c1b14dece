"""The door of the store: what it names, and what opening it costs."""

import subprocess
import sys

import chatkit.store

QUIET = """
import sys
before = set(sys.modules)  # who measures what is run may have some of them
import chatkit
chatkit.chat_openai_compatible("http://127.0.0.1:9/v1", model="m")
assert not {"chatkit.store", "chatkit._store.recorder", "sqlite3", "psycopg"} & (set(sys.modules) - before)
import chatkit.store
assert not {"sqlite3", "psycopg", "asyncio", "requests", "pydantic"} & (set(sys.modules) - before)
"""


def test_every_name_is_there_and_the_list_is_sorted():
    assert chatkit.store.__all__ == sorted(chatkit.store.__all__)
    for name in chatkit.store.__all__:
        assert getattr(chatkit.store, name).__doc__


def test_no_database_is_imported_before_one_is_opened():
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
