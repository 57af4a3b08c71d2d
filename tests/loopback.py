"""Refuses every connection that would leave this machine, so that no test can reach a real service."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["NotLoopbackError", "guard"]


class NotLoopbackError(OSError):
    """A test tried to reach an address outside this machine."""


def guard(patch: pytest.MonkeyPatch) -> None:
    """Make the calls that reach out raise `NotLoopbackError` for all but loopback."""
    for name, position in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        patch.setattr(socket.socket, name, _check(getattr(socket.socket, name), position))
    patch.setattr(socket, "getaddrinfo", _check_lookup(socket.getaddrinfo))


def _check(method: Callable[..., Any], position: int) -> Callable[..., Any]:
    def call(sock: socket.socket, *args: Any) -> Any:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            _require_loopback(args[position][0])
        return method(sock, *args)

    return call


def _check_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def call(host: object, *args: Any, **kwargs: Any) -> Any:
        if host is not None:
            _require_loopback(host)
        return lookup(host, *args, **kwargs)

    return call


def _require_loopback(host: object) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name == "localhost" or name.endswith(".localhost"):
        return
    try:
        inside = ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise NotLoopbackError(f"tests stay on this machine, and {name} is not a loopback address")
