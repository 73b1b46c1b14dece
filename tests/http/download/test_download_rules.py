"""What may be fetched at all (row J6): the URL, the address it leads to, and that blocked targets stay untouched."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading

import pytest

from chatkit import MediaError
from chatkit._http.download import Network, download
from chatkit._http.public import closed_to_the_public, host_fault, target_of

PUBLIC_V4, PUBLIC_V6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.fixture
def listener():
    """A port of this machine that counts who connects to it."""
    visits = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    visits.append(connection)
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], visits
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join(2)


def fault_of(url, **options):
    with pytest.raises(MediaError) as caught:
        download(url, max_bytes=1000, seconds=5, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "localhost.", "LOCALHOST", "a.localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_j6_this_machine_is_not_fetched_from_and_sees_no_connection(listener, host):
    port, visits = listener
    fault = fault_of(f"http://{host}:{port}/secret?key=1")
    assert host.lower().strip("[]").removesuffix("127.0.0.1]") in fault or "::ffff:7f00:1" in fault
    assert "private address" in fault
    assert "secret" not in fault
    assert "key" not in fault
    assert visits == []


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.1.", "0x", "1.2.3.256"],
)
def test_j6_numbers_that_systems_read_as_addresses_are_not_looked_up(listener, host):
    port, visits = listener
    looked_up = []
    fault = fault_of(f"http://{host}:{port}/", network=Network(look_up=lambda *given: looked_up.append(given)))
    assert "a number in an unusual form, as a private address could be" in fault
    assert host in fault
    assert looked_up == visits == []


@pytest.mark.parametrize("host", ["example.com", "1.2.3.4", "::1", "a1", "1a", "x.7z"])
def test_names_and_plain_addresses_are_no_unusual_form(host):
    assert host_fault(host) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private network"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("100.100.100.200", "carrier-grade NAT"),
        ("127.8.9.1", "loopback"),
        ("168.63.129.16", "cloud metadata"),
        ("169.254.169.254", "cloud metadata"),
        ("169.254.1.1", "link-local"),
        ("172.31.255.255", "private network"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "reserved"),
        ("192.88.99.1", "6to4 relay"),
        ("192.168.1.1", "private network"),
        ("198.19.0.1", "reserved"),
        ("198.51.100.1", "reserved"),
        ("203.0.113.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("250.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("::ffff:10.0.0.1", "IPv4-mapped"),
        ("::ffff:93.184.215.14", "IPv4-mapped"),
        ("64:ff9b::a00:1", "NAT64"),
        ("64:ff9b:1::a00:1", "NAT64"),
        ("100::1", "reserved"),
        ("2001::1", "Teredo"),
        ("2001:20::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("2002:a00:1::", "6to4"),
        ("2600::5efe:a00:1", "ISATAP"),
        ("2600::200:5efe:a00:1", "ISATAP"),
        ("3fff::1", "reserved"),
        ("5f00::1", "reserved"),
        ("fd00:ec2::254", "private network"),
        ("fe80::1", "link-local"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
    ],
)
def test_j6_addresses_that_are_not_of_the_public_internet(address, why):
    assert closed_to_the_public(ipaddress.ip_address(address)) == why
    fault = fault_of("http://host.test/", network=Network(look_up=lambda *_: [address]))
    assert fault == f"http://host.test: not fetched, for the host has a private address ({why})."


@pytest.mark.parametrize(
    "address", [PUBLIC_V4, PUBLIC_V6, "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2600::5eff:a00:1"]
)
def test_addresses_of_the_public_internet(address):
    assert closed_to_the_public(ipaddress.ip_address(address)) == ""


def test_j6_one_private_address_among_public_ones_is_enough():
    fault = fault_of("http://host.test/", network=Network(look_up=lambda *_: [PUBLIC_V4, PUBLIC_V6, "10.0.0.1"]))
    assert "host.test: not fetched, for the host has a private address" in fault


def test_j6_an_address_with_a_zone_is_seen_as_what_it_is():
    assert "link-local" in fault_of("http://host.test/", network=Network(look_up=lambda *_: ["fe80::1%eth0"]))


def test_a_name_that_nobody_knows():
    def look_up(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert fault_of("https://x.test/a", network=Network(look_up=look_up)) == (
        "https://x.test: the host name cannot be resolved (DNS)."
    )
    assert "cannot be resolved" in fault_of("https://x.test/a", network=Network(look_up=lambda *_: []))


@pytest.mark.parametrize("scheme", ["file", "ftp", "javascript", "gopher", "data", "blob"])
def test_j5_other_schemes(scheme):
    fault = fault_of(f"{scheme}:///etc/passwd")
    assert f"scheme '{scheme}'" in fault
    assert "passwd" not in fault


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "not NoneType"),
        (b"http://x", "not bytes"),
        ("example.com/a.png", "no scheme"),
        ("", "no scheme"),
        ("//example.com/a.png", "no scheme"),
        ("http://exa mple.com/", "white space"),
        ("http://example.com/\r\nX: y", "white space"),
        ("http://example.com\\@10.0.0.1/", "a character that no URL may have"),
        ("http://", "no usable host"),
        ("http:///a", "no usable host"),
        ("http://.../", "no usable host"),
        ("http://example.com:0/", "no usable host or port"),
        ("http://example.com:99999/", "no usable host or port"),
        ("http://exam!ple.com/", "no usable host"),
        ("http://[::1/", "no usable host"),
        ("http://[fe80::1%25eth0]/", "no usable host"),
        ("http://" + "ü" * 70 + ".com/", "no usable host"),
        ("http://user@example.com/", "user name or password"),
        ("http://user:canary@example.com/", "user name or password"),
    ],
)
def test_urls_that_cannot_be_used(url, words):
    with pytest.raises(MediaError, match=words) as caught:
        target_of(url)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("http://Example.COM", "http://example.com", "/"),
        ("HTTPS://example.com:443/a?b=c#d", "https://example.com", "/a?b=c"),
        ("http://example.com:443/?x", "http://example.com:443", "/?x"),
        ("https://bücher.example/ä%20b", "https://xn--bcher-kva.example", "/%C3%A4%20b"),
        ("http://[2606:0::1]:8080/", "http://[2606::1]:8080", "/"),
        ("http://example.com./", "http://example.com.", "/"),
    ],
)
def test_urls_taken_apart(url, origin, path):
    target = target_of(url)
    assert (target.origin, target.path, target.url) == (origin, path, origin + path)
