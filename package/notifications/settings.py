"""Reads `notification.json`, the settings of a notification, for the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from function.environment import ROLE
from function.message.from_header import from_header
from package.errors import PackageError
from package.notifications.digests import read_digest
from package.notifications.formats import PATTERNS
from package.notifications.strict_json import locate_member, read_json

__all__ = ["read_settings"]

_SETTINGS = frozenset({"category", "subscription", "max_age", "reply_to", "from", "cc", "bcc", "digest", "recipients"})
#: The most roles in `cc`, and in `bcc`, of one notification.
_MOST_ROLES = 10


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings in `path` in the catalogue's form. Raises `PackageError`."""
    wanted = '{"category": "books", "subscription": true or false, "max_age": {"days": 30} or null}'
    may = '"reply_to": "help@example.com", "from": "Orders <orders@example.com>", "cc": ["accounting"], "bcc": […]'
    must = f'must say {wanted}, and may say {may}, "recipients": true and "digest": {{"every": "day", "at": "08:00"}}'
    try:
        settings = read_json(path)
    except PackageError as error:
        raise PackageError(f"{error}; it {must}") from error
    try:
        category, max_age, subscription = (settings[name] for name in ("category", "max_age", "subscription"))
        seconds = None if max_age is None else timedelta(**max_age).total_seconds()
        sound = settings.keys() <= _SETTINGS and isinstance(subscription, bool)
        sound = sound and re.fullmatch(r"[a-z][a-z-]*", category) and (seconds is None or seconds > 0)
        reply_to = settings.get("reply_to")
        sound = sound and ("reply_to" not in settings or re.search(PATTERNS["email"], reply_to))
        sender = from_header(settings["from"]) if "from" in settings else None
        recipients = settings.get("recipients", False)
        sound = sound and isinstance(recipients, bool)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        sound = None
    if not sound:
        raise PackageError(f"{path} {must}")
    known = {"category": category, "subscription": subscription, "max_age_seconds": seconds}
    digest = {"digest": read_digest(settings["digest"], path)} if "digest" in settings else {}
    known |= _read_copies(settings, path) | ({"recipients": True} if recipients else {})
    return known | ({"reply_to": reply_to} if reply_to else {}) | ({"from": sender} if sender else {}) | digest


def _read_copies(settings: Mapping[str, Any], path: Path) -> dict[str, list[str]]:
    """Read the roles in `cc` and `bcc`.

    Raises `PackageError`, with the line, for anything but a list of roles, for a role that is named twice, and for a
    subscription: its mails have the reader's unsubscribe link, which whoever gets a copy could follow.
    """
    given = {name: settings[name] for name in ("cc", "bcc") if name in settings}
    for name, roles in given.items():
        if not isinstance(roles, list) or not 1 <= len(roles) <= _MOST_ROLES or not all(map(_is_role, roles)):
            names = f'1 to {_MOST_ROLES} roles such as ["accounting"], whose addresses the deployment declares in roles'
            raise PackageError(f"{locate_member(path, [name])}: {name} is a list of {names}")
    named = [role for roles in given.values() for role in roles]
    if twice := sorted({role for role in named if named.count(role) > 1}):
        place = locate_member(path, ["bcc" if twice[0] in given.get("bcc", ()) else "cc"])
        raise PackageError(f"{place}: {twice[0]} stands twice in cc and bcc: it gets one copy, so leave one out")
    if given and settings.get("subscription"):
        raise PackageError(
            f"{locate_member(path, [min(given, key=len)])}: a subscription has no copies, which would carry its "
            "reader's unsubscribe link: take cc and bcc away, or send the copy as a notification of its own"
        )
    return given


def _is_role(name: object) -> bool:
    return isinstance(name, str) and ROLE.fullmatch(name) is not None
