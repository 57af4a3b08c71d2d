"""The users of the laptop cloud, who can sign in without signing up."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ADA", "GRACE", "DemoUser"]


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user of the web app, in the laptop's user pool. The password protects nothing."""

    name: str
    email: str
    password: str


ADA = DemoUser("Ada", "ada@example.com", "Lovelace-1815")
GRACE = DemoUser("Grace", "grace@example.com", "Hopper-Navy-1906")
