"""What is refused before anything is started or sent, and small rules that need no server."""

import base64
import logging
import subprocess
import sys
import threading

import mcp_types
import pytest

from chatkit import ConfigError, ContentAudio, ContentDocument, ContentImageInline, MCPError, PlainHttpWarning
from chatkit._mcp import faults, names, results
from chatkit._mcp.connection import connect_mcp
from chatkit._mcp.log_tail import LogTail
from chatkit._mcp.package import require_mcp
from chatkit._mcp.source import Address, Command, read_source
from chatkit._mcp.tools import _parameters


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("", {}, "program's name"),
        ([], {}, "program's name"),
        ([" "], {}, "program's name"),
        (["x", 3], {}, "program's name"),
        (["x\0"], {}, "program's name"),
        (3, {}, "a command or a URL, not int"),
        ("echo 'open", {}, "cannot be split into words: No closing quotation"),
        ("x", {"headers": {}}, "headers= is for servers at a URL"),
        ("http://h/mcp", {"env": {}}, "env= and cwd= are for servers that are started"),
        ("http://h/mcp", {"cwd": "."}, "env= and cwd= are for servers that are started"),
        ("x", {"env": {"A": 1}}, "'A' does not"),
        ("x", {"env": {1: "A"}}, "1 does not"),
        ("x", {"env": {"A=": "B"}}, "'A='"),
        ("x", {"env": {"": "B"}}, "''"),
        ("x", {"env": {"A": "\0"}}, "'A'"),
        ("http://h/mcp", {"headers": {"A b": "c"}}, "'A b'"),
        ("http://h/mcp", {"headers": {1: "c"}}, "1"),
        ("http://h/mcp", {"headers": {"A": "secret\r\nB: c"}}, "'A' must be a text"),
        ("http://h/mcp", {"headers": {"A": 1}}, "'A' must be a text"),
        ("ftp://h/mcp", {}, "must begin with http:// or https://, not ftp://"),
        ("http://u:secret@h/mcp", {}, "must not hold a user name or password"),
        ("http:///mcp", {}, "no usable host"),
        ("http://h:0/mcp", {}, "no usable host or port"),
        ("http://h:x/mcp", {}, "no usable host or port"),
        ("http://[h/mcp", {}, "no usable host or port"),
        ("http://h/a b", {}, "white space"),
        ("x", {"namespace": "a.b"}, "'a.b' cannot be the namespace"),
        ("x", {"namespace": ""}, "'' cannot be the namespace"),
        ("x", {"namespace": "a" * 33}, "cannot be the namespace"),
        ("x", {"namespace": 1}, "1 cannot be the namespace"),
        ("x", {"timeout": 0}, "`timeout` must be"),
        ("x", {"timeout": float("inf")}, "`timeout` must be"),
        ("x", {"timeout": True}, "`timeout` must be"),
        ("x", {"timeout": "1"}, "`timeout` must be"),
    ],
)
def test_what_cannot_be_used_is_refused(source, options, words):
    with pytest.raises(ConfigError) as caught:
        connect_mcp(source, **options)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_command_and_an_address_are_told_apart():
    command = read_source("npx -y 'a server'", env={"KEY": "secret"})
    assert command == Command(("npx", "-y", "a server"), {"KEY": "secret"})
    assert command.label == "npx"
    address = read_source(" https://h:8/mcp?key=secret ", headers={"A": "secret"})
    assert isinstance(address, Address) and address.label == "h:8"
    assert "secret" not in repr(command) + repr(address)


def test_headers_that_travel_unencrypted_are_warned_of():
    for url, exposed in [
        ("http://10.0.0.1/", True),
        ("http://[::1]/", False),
        ("https://h/", False),
        ("http://h", True),
    ]:
        assert read_source(url, headers={"A": "b"}).is_exposed is exposed
        assert not read_source(url).is_exposed
    with pytest.warns(PlainHttpWarning, match="unencrypted"), pytest.raises(MCPError):
        connect_mcp("http://host.invalid/mcp", headers={"Authorization": "Bearer x"}, timeout=5)


def test_patterns_must_be_texts(kit):
    with pytest.raises(ConfigError, match="include= takes names"):
        names.chosen(["a"], [1], None)
    with pytest.raises(ConfigError, match="exclude= takes names"):
        names.chosen(["a"], None, [1])


def test_many_tools_are_not_all_listed():
    with pytest.raises(ConfigError, match=r"t19 and 5 more\."):
        names.chosen([f"t{n}" for n in range(25)], "x", None)


def test_a_name_of_a_tool_with_brackets_is_no_pattern():
    assert names.chosen(["a[1]", "a1"], ["a[1]"], None) == ["a[1]", "a1"]
    assert names.chosen(["a[1]"], ["a[1]"], None) == ["a[1]"]


def test_names_that_need_no_change_keep_theirs():
    made = names.names_for(["a.b", "a_b", "ä", "...", "x" * 70, "\ud800"])
    assert made["a_b"] == "a_b" and made["ä"] == "a"
    assert made["a.b"].startswith("a_b_") and made["a.b"] != "a_b"
    assert made["..."].startswith("tool_")
    assert len(made["x" * 70]) == 64
    assert len(set(made.values())) == 6
    assert names.names_for(["a.b", "a_b"])["a.b"] == made["a.b"]


def test_a_long_prefix_leaves_room():
    made = names.names_for(["y" * 64, "z" * 64], "n" * 32 + "__")
    assert all(len(name) <= 64 for name in made.values()) and len(set(made.values())) == 2


def test_parameters_that_are_no_object_are_refused():
    with pytest.raises(ConfigError, match="'odd' are no object"):
        _parameters({"type": "array"}, "odd")
    assert _parameters({}, "odd") == {"type": "object", "properties": {}}


# What a result becomes


def block(kind, media_type, content):
    data = content if isinstance(content, str) else base64.b64encode(content).decode()
    made = {"image": mcp_types.ImageContent, "audio": mcp_types.AudioContent}[kind]
    return made(mime_type=media_type, data=data)


def blob(media_type, content, uri="file:///x.bin"):
    contents = mcp_types.BlobResourceContents(uri=uri, mime_type=media_type, blob=base64.b64encode(content).decode())
    return mcp_types.EmbeddedResource(resource=contents)


def made(*blocks):
    return results.result_from(mcp_types.CallToolResult(content=list(blocks)))


PNG = b"\x89PNG\r\n\x1a\n..."


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (block("image", "image/jpeg", PNG), ContentImageInline),
        (blob("image/png", PNG), ContentImageInline),
        (block("audio", "audio/wav", b"RIFF....WAVE"), ContentAudio),
        (blob("application/pdf", b"%PDF-1.7"), ContentDocument),
        (blob("text/markdown; charset=utf-8", b"# Title"), ContentDocument),
        (blob(None, b"plain words"), ContentDocument),
    ],
)
def test_what_models_take_is_attached(given, kind):
    (attached,) = made(given).attachments
    assert type(attached) is kind


def test_bytes_count_and_not_what_the_server_says():
    assert made(block("image", "image/jpeg", PNG)).attachments[0].media_type == "image/png"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (block("image", "image/svg+xml", b"<svg>"), "[image (image/svg+xml) was left out: an SVG drawing"),
        (block("image", "image/png", "no base64!"), "[image (image/png) was left out: no valid base64]"),
        (block("audio", "audio/midi", b"MThd"), "[audio (audio/midi) was left out: nothing that chatkit knows"),
        (blob("application/zip", b"PK\x03\x04", "file:///a/b.zip"), "[b.zip (application/zip) was left out: "),
        (blob(None, b"\xff\xfe\0", "no-path:"), "[document (application/octet-stream) was left out: "),
    ],
)
def test_what_models_do_not_take_is_left_out_and_said(given, words):
    result = made(mcp_types.TextContent(text=""), given)
    assert result.attachments == ()
    assert result.text.startswith(words)


def test_what_is_too_large_is_left_out(monkeypatch):
    monkeypatch.setattr(results, "_LARGEST", 8)
    assert made(block("image", "image/png", PNG)).text == "[image (image/png) was left out: too large]"


def test_base64_with_line_breaks_is_cleaned():
    data = base64.encodebytes(PNG * 10).decode()
    assert "\n" not in made(block("image", "image/png", data)).attachments[0].data


# What goes wrong, in words


def test_other_faults_of_the_system_are_told():
    error = faults.start_failed(OSError("odd"), "s", timeout=1)
    assert str(error) == "The MCP server 's' could not be started: odd."
    assert faults.in_a_line(ValueError()) == "ValueError."
    assert faults.in_a_line(ValueError("a\n b?")) == "a b?"
    assert (
        str(faults.call_failed(ExceptionGroup("g", [KeyError("x")]), "s")) == "The MCP server 's' gave an error: 'x'."
    )


def test_the_last_lines_are_kept_and_logged(caplog):
    caplog.set_level(logging.DEBUG, "chatkit")
    log = LogTail("noisy")
    log.writer.write("".join(f"line {n}\n" for n in range(20)) + "\n" + "x" * 30_000 + "\n\x1b[2J\n")
    log.close()
    lines = log.text(patience=5).splitlines()
    assert len(lines) == 8
    assert lines[-1] == "\u241b[2J" and all(len(line) <= 300 for line in lines)
    assert "MCP server noisy: line 3" in caplog.messages
    assert log.text() == "\n".join(lines)
    assert not any(thread.name == "chatkit-mcp-log" and thread is log._thread for thread in threading.enumerate())


# The package


HIDDEN = """
import sys
sys.modules["mcp"] = None
import chatkit
from chatkit._mcp.connection import connect_mcp
from chatkit._mcp.serving import serve_mcp
for attempt in (lambda: connect_mcp("x"), lambda: serve_mcp(len_of)):
    def len_of(text: str) -> int: return len(text)
    try:
        attempt()
    except chatkit.ConfigError as error:
        print(error)
"""


def test_without_the_package_the_error_says_how_to_install_it():
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, timeout=30)
    line = "This needs the `mcp` package, version 2. pip install 'chatkit-objects[mcp]'"
    assert done.stdout.splitlines() == [line, line], done.stderr


def test_without_the_package_nothing_is_started(monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigError, match="version 2"):
        connect_mcp("x")


def test_the_packages_own_log_is_left_alone_where_it_is_set_up():
    log = logging.getLogger("mcp")
    before, mine = list(log.handlers), logging.NullHandler()
    log.handlers[:] = [mine]
    try:
        require_mcp()
        assert log.handlers == [mine]
    finally:
        log.handlers[:] = before


def test_the_package_is_imported_only_when_it_is_needed():
    code = (
        "import sys, chatkit, chatkit._mcp.connection, chatkit._mcp.serving; "
        "print({'mcp', 'mcp_types', 'asyncio', 'uvicorn', 'anyio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "set()\n", done.stderr
