"""What the tests of the store share: the databases it can be in, and chats to keep.

Every behaviour is tested in each database. PostgreSQL takes part where the machine has its programs and psycopg is
installed; a private server is started for the tests, which listens at no port.
"""

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from chatkit import ContentImageInline, TimeLimits, UserTurn, chat_openai_compatible
from chatkit.store import ConversationStore
from chatkit.testing import FakeService

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


def _programs():
    for place in _PLACES:
        for folder in sorted(Path("/").glob(place[1:]), reverse=True):
            if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
                return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("pg_ctl") else None


class PostgresServer:
    """A server of PostgreSQL for one run of the tests."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # The path of its socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ckpg-", dir="/tmp"))
        # It refuses to run as root.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        self._numbers = itertools.count(1)
        self._run(
            "initdb", "-D", self.folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        settings = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", settings, "start")

    def _run(self, program, *arguments):
        command = [self._programs / program, *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=100, **self._user)

    def url(self, database="postgres"):
        return f"postgresql://tester@/{database}?host={self.folder}"

    def new(self):
        """The URL of a new and empty database."""
        import psycopg

        name = f"d{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def stop(self):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def restart(self):
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "fast", "-l", self.folder / "log", "restart")


@pytest.fixture(scope="session")
def postgres():
    programs = _programs()
    if programs is None:
        pytest.skip("this machine has no PostgreSQL (initdb and pg_ctl)")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: pip install 'chatkit-objects[store]'")
    server = PostgresServer(programs)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request, tmp_path):
    """Where a new store can be: a path or a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return request.getfixturevalue("postgres").new()


@pytest.fixture
def open_store():
    """Open stores that are closed at the end."""
    opened = []

    def act(place):
        opened.append(ConversationStore(place))
        return opened[-1]

    yield act
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store, where):
    return open_store(where)


@pytest.fixture
def service():
    with FakeService(strict=True) as running:
        yield running


@pytest.fixture
def make_chat(service, canary):
    def make(**options):
        options.setdefault("credentials", canary.credentials)
        options.setdefault("timeout", TimeLimits(connect=5, first_byte=5, idle=5))
        options.setdefault("max_retries", 0)
        return chat_openai_compatible(service.base_url, model="m", echo="none", **options)

    return make


@pytest.fixture
def chat(make_chat):
    return make_chat()


@pytest.fixture
def seen(where, open_store, canary):
    """What another process would find: the chat as a second store, opened anew, reads it."""

    def act(id, **options):
        return open_store(where).load(id, attach=False, credentials=canary.credentials, **options)

    return act


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def filled(path, chat):
    """A store with a conversation, closed."""
    with ConversationStore(path) as store:
        store.attach(chat, id="a")
        chat.add_turn(UserTurn(["look at this", ContentImageInline("image/png", "QUJD" * 1000)]), "nice " * 500)
        chat.add_turn("2", "two " * 500)
    return path


@pytest.fixture
def seen_at(open_store, canary):
    """`seen`, for a store at a path."""
    return lambda path, id: open_store(path).load(id, attach=False, credentials=canary.credentials)
