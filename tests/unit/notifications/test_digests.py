"""When the windows of digests end, and what a notification may say of one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from function.message.digest import compose, find_ends, load_zone
from package import PackageError
from package.notifications.digests import read_digest

_DAILY = {"every": "day", "hour": 8, "minute": 0, "weekday": 0, "most": 2}


def ends(rule: dict[str, Any], timezone: str, now: str, count: int = 3) -> list[str]:
    moment = int(datetime.fromisoformat(now).timestamp() * 1000)
    found = islice(find_ends(rule, load_zone(timezone), moment), count)
    return [f"{datetime.fromtimestamp(end / 1000, UTC):%m-%d %H:%M}" for end in found]


@pytest.mark.parametrize(
    ("rule", "timezone", "now", "expected"),
    [
        ({}, "Europe/Berlin", "2026-11-20T07:00:00Z", ["11-21 07:00", "11-22 07:00", "11-23 07:00"]),
        ({}, "Asia/Kolkata", "2026-11-20T02:29:59Z", ["11-20 02:30", "11-21 02:30", "11-22 02:30"]),
        ({}, "Pacific/Kiritimati", "2026-11-20T00:00:00Z", ["11-20 18:00", "11-21 18:00", "11-22 18:00"]),
        ({}, "Europe/Berlin", "2026-03-28T07:00:00Z", ["03-29 06:00", "03-30 06:00", "03-31 06:00"]),
        # Skipped in spring, there twice in autumn.
        (
            {"hour": 2, "minute": 30},
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            ["03-29 01:30", "03-30 00:30", "03-31 00:30"],
        ),
        (
            {"hour": 2, "minute": 30},
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            ["10-25 00:30", "10-26 01:30", "10-27 01:30"],
        ),
        (
            {"every": "week", "weekday": 4},
            "No/Such",
            "2026-11-20T08:00:00Z",
            ["11-27 08:00", "12-04 08:00", "12-11 08:00"],
        ),
        ({"every": "hour"}, "Asia/Kolkata", "2026-11-20T08:00:00Z", ["11-20 08:30", "11-20 09:30", "11-20 10:30"]),
        ({"every": "hour"}, "Europe/Berlin", "2026-10-24T23:59:00Z", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
    ],
)
def test_windows_end_at_the_time_of_the_readers_day(
    rule: dict[str, Any], timezone: str, now: str, expected: list[str]
) -> None:
    assert ends(_DAILY | rule, timezone, now) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "/digest is no object"),
        ({"every": "month", "at": "08:00"}, "/digest/every must be hour, day or week"),
        ({"every": "day"}, "/digest/at must be a time of day"),
        ({"every": "day", "at": "24:00"}, "/digest/at must be a time of day"),
        ({"every": "hour", "at": "08:00"}, "/digest/at must be left out"),
        ({"every": "week", "at": "08:00"}, "/digest/on must be a day"),
        ({"every": "day", "at": "08:00", "on": "monday"}, "/digest/on must be a day"),
        ({"every": "day", "at": "08:00", "most": 0}, "/digest/most must be a whole number"),
        ({"every": "day", "at": "08:00", "most": True}, "/digest/most must be a whole number"),
        ({"every": "day", "at": "08:00", "limit": 3}, "/digest/limit is not known"),
    ],
)
def test_what_is_no_digest_is_refused_in_a_line_that_says_what_one_is(value: object, said: str) -> None:
    with pytest.raises(PackageError, match=re.escape(said)) as error:
        read_digest(value, Path("notification.json"))
    assert "\n" not in str(error.value)
    assert '{"every": "day", "at": "08:00"}' in str(error.value)


def test_a_digest_tells_the_oldest_first_and_counts_what_is_beyond() -> None:
    bodies = [
        json.dumps(
            {
                "source": "s",
                "id": str(day),
                "time": f"2026-11-0{day}T00:00:00Z",
                "data": {"recipient": {"n": day}, "d": day},
            }
        )
        for day in (3, 1, 2)
    ]
    event = json.loads(compose(_DAILY, "comments", "digest-1", "urn:x", 1_795_248_000_000, bodies))
    assert event["data"] == {"recipient": {"n": 3}, "items": [{"d": 1}, {"d": 2}], "more": 1}
    assert event["time"] == event["sendat"] == "2026-11-21T08:00:00Z"


def test_a_digest_is_never_larger_than_an_event_may_be() -> None:
    bodies = [
        json.dumps(
            {"source": "s", "id": str(n), "time": "2026-11-01T00:00:00Z", "data": {"recipient": {}, "d": "x" * 25_000}}
        )
        for n in range(5)
    ]
    body = compose(_DAILY | {"most": 100}, "comments", "digest-1", "urn:x", 1, bodies)
    assert len(body.encode()) < 64 * 1024
    assert [len(json.loads(body)["data"]["items"]), json.loads(body)["data"]["more"]] == [2, 3]
