"""The guard of the whole suite: what it refuses, and what it lets through."""

from __future__ import annotations

import asyncio
import os
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.loopback import NotLoopbackError
from tests.waiting import LIMIT

# TEST-NET-1 and the documentation prefix: nobody answers there, should the guard ever fail.
OUTSIDE = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]


@pytest.mark.parametrize(("family", "address"), OUTSIDE)
def test_a_connection_to_another_machine_is_refused(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as sock, pytest.raises(NotLoopbackError, match=address):
        sock.connect((address, 80))
    with socket.socket(family) as sock, pytest.raises(NotLoopbackError, match=address):
        sock.connect_ex((address, 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NotLoopbackError):
        sock.sendto(b"", ("192.0.2.1", 53))


@pytest.mark.parametrize("name", ["sns.us-east-1.amazonaws.com", "localhost.example.com"])
def test_a_name_is_not_even_looked_up(name: str) -> None:
    with pytest.raises(NotLoopbackError, match=name):
        socket.create_connection((name, 443), timeout=1)


def test_libraries_meet_the_guard_too() -> None:
    with ThreadPoolExecutor(1) as apart, pytest.raises(NotLoopbackError):  # Playwright leaves its loop in this thread
        apart.submit(asyncio.run, asyncio.open_connection("192.0.2.1", 80)).result()
    with pytest.raises(OSError, match="tests stay on this machine"):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)


def test_loopback_is_reached_by_address_and_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=LIMIT).close()


def test_the_developers_own_aws_settings_are_gone() -> None:
    assert not {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"} & set(os.environ)
    assert not [name for name in os.environ if name.lower().endswith("_proxy")]
    assert os.environ["AWS_CONFIG_FILE"] == os.devnull
