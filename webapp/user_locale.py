"""A user's locale: the language of the pages, and the time zone.

The account's choice comes first, then the browser's, then the issuer's.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

__all__ = ["LANGUAGES", "UTC_NAME", "UserLocale", "find_zone_name", "list_zone_names", "negotiate_language"]

#: The languages of the pages, each by its own name.
LANGUAGES = {"en": "English", "de": "Deutsch"}
UTC_NAME = "UTC"
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
#: More language ranges than any browser sends.
_MOST_RANGES = 30
#: Files that systems keep in the time zone folder and that are not IANA time zones.
_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})


@dataclass(frozen=True, slots=True)
class UserLocale:
    """A language of the pages, and the IANA name of a time zone."""

    language: str = "en"
    zone: str = UTC_NAME

    def to_local(self, milliseconds: int) -> datetime:
        """Convert epoch milliseconds to this reader's local time."""
        return datetime.fromtimestamp(milliseconds / 1000, _load(self.zone))


def negotiate_language(accept_language: str) -> str | None:
    """Return the pages' language that `Accept-Language` prefers; None if it asks for none of them.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    wanted: dict[str, float] = {}
    for text in accept_language.split(",")[:_MOST_RANGES]:
        match = _RANGE.fullmatch(text)
        if match is not None and (language := match[1].lower()) in LANGUAGES:
            wanted[language] = max(wanted.get(language, 0.0), float(match[2] or 1))
    best = max(wanted, key=lambda language: wanted[language], default=None)
    return best if best is not None and wanted[best] > 0 else None


def find_zone_name(name: str) -> str | None:
    """Return the IANA name of this time zone, whatever its letter case; None if there is no such zone."""
    return _index_by_folded_name().get(name.strip().casefold())


def list_zone_names() -> list[str]:
    """Return the zone names to choose from: UTC, and those of places."""
    return [UTC_NAME, *sorted(name for name in _index_by_folded_name().values() if "/" in name and name[:4] != "Etc/")]


@lru_cache(maxsize=1)
def _index_by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in zoneinfo.available_timezones() - _NO_ZONES}


@lru_cache(maxsize=200)
def _load(name: str) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # the name comes from a machine with other zones
        return UTC
