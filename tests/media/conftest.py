"""What the tests of the wing share: small images, files, and a public host that is this machine."""

from __future__ import annotations

import base64
import contextlib
import io
import socket
import threading

import pytest
from PIL import Image

from chatkit import MediaError
from chatkit._http.download import Network


@pytest.fixture
def make_image():
    """Make the bytes of an image: its size, format, mode, and what else Pillow's `save` takes."""

    def make(size=(4, 3), form="PNG", mode="RGB", **options) -> bytes:
        buffer = io.BytesIO()
        Image.new(mode, size).save(buffer, format=form, **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def opened():
    """The image in a content, as Pillow sees it."""
    return lambda content: Image.open(io.BytesIO(base64.b64decode(content.data)))


@pytest.fixture
def fault_of():
    """The message of the MediaError that a call ends in; nothing foreign is chained to it."""

    def act(call, *given, kind=MediaError, **options) -> str:
        with pytest.raises(MediaError) as caught:
            call(*given, **options)
        assert type(caught.value) is kind
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        return str(caught.value)

    return act


@pytest.fixture
def public_host(monkeypatch):
    """A public host that gives one answer to each who connects; `public_host(media_type, body)` starts it."""
    network = Network(lambda host, port: ["127.0.0.1"], lambda address: "")
    monkeypatch.setattr("chatkit._http.download.PUBLIC", network)
    with contextlib.ExitStack() as stack:

        def start(media_type: str, body: bytes) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve():
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(5)
                        connection.recv(65536)
                        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
                        connection.sendall(head.encode() + body)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            stack.callback(thread.join, 5)
            return f"http://host.test:{listener.getsockname()[1]}"

        yield start
