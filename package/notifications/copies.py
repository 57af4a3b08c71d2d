"""What a notification says of copies of its mails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from function.environment import ROLE
from package.errors import PackageError
from package.notifications.documents import where

__all__ = ["read_copies"]

#: Roles of one notification.
_MOST = 10


def read_copies(settings: Mapping[str, Any], path: Path) -> dict[str, list[str]]:
    """The roles in `cc` and `bcc`, as the catalogue has them.

    Raises `PackageError`, with the line, for what is no list of roles, for a role that stands there twice, and for a
    subscription: its mails carry the link by which their reader unsubscribes, and whoever gets a copy could follow it.
    """
    given = {name: settings[name] for name in ("cc", "bcc") if name in settings}
    for name, roles in given.items():
        if not isinstance(roles, list) or not 1 <= len(roles) <= _MOST or not all(map(_is_role, roles)):
            names = f'1 to {_MOST} roles such as ["accounting"], whose addresses the deployment declares in roles'
            raise PackageError(f"{where(path, [name])}: {name} is a list of {names}")
    named = [role for roles in given.values() for role in roles]
    if twice := sorted({role for role in named if named.count(role) > 1}):
        place = where(path, ["bcc" if twice[0] in given.get("bcc", ()) else "cc"])
        raise PackageError(f"{place}: {twice[0]} stands twice in cc and bcc: it gets one copy, so leave one out")
    if given and settings.get("subscription"):
        raise PackageError(
            f"{where(path, [min(given, key=len)])}: a subscription has no copies, which would carry its reader's "
            "unsubscribe link: take cc and bcc away, or send the copy as a notification of its own"
        )
    return given


def _is_role(name: object) -> bool:
    return isinstance(name, str) and ROLE.fullmatch(name) is not None
