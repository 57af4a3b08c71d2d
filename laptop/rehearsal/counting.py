"""Counts the mails of every event, and reads the timelines of the mails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx

from function.ledger.attributes import read_value, serialize_item
from function.ledger.keys import message_key
from laptop.rehearsal.load import Published

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Count", "count", "find_sender", "read_timelines"]

#: Seconds to wait after the last expected mail, in case there are too many.
_SETTLE = 3.0
_BATCH = 100
_TOLD_BY_FEEDBACK = ("sent", "delivered")
#: Maximum number of timelines to print in full if anything is wrong.
_PRINTED = 3


@dataclass(frozen=True, slots=True)
class Count:
    """The number of mails by address, and of mails sent by each release, as their timelines tell.

    `strangers` are releases that timelines name though they cannot have sent anything; `stories` are the timelines of
    events with a wrong number of mails.
    """

    published: Sequence[Published]
    mails: Mapping[str, int]
    senders: Mapping[str, int] = field(default_factory=dict)
    strangers: Sequence[str] = ()
    stories: Sequence[str] = ()

    @property
    def missing(self) -> list[Published]:
        """The events without a mail."""
        return [one for one in self.published if not self.mails.get(one.address)]

    @property
    def doubled(self) -> list[Published]:
        """The events with more than one mail."""
        return [one for one in self.published if self.mails.get(one.address, 0) > 1]

    def violations(self) -> Iterator[str]:
        """Yield a sentence for each broken promise."""
        if self.missing:
            yield f"{len(self.missing)} events have no mail: {', '.join(one.message_id for one in self.missing[:5])}"
        if self.doubled:
            yield f"{len(self.doubled)} events have more than one mail: {self.doubled[0].message_id}"
        yield from self.stories
        if self.strangers:
            yield f"the timelines name these as senders, which can have sent nothing: {', '.join(self.strangers)}"


def count(
    inbox: str, dynamodb: DynamoDBClient, ledger: str, published: Sequence[Published], senders: set[str], seconds: float
) -> Count:
    """Wait until every event has a mail, at most `seconds`, then count.

    `senders` are the releases that may have sent mails.
    """
    deadline = time.monotonic() + seconds
    addresses = {one.address for one in published}
    while len(addresses & (mails := _count_mails(inbox)).keys()) < len(addresses) and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(_SETTLE)
    mails = _count_mails(inbox)
    senders_found: Counter[str] = Counter()
    for rows in read_timelines(dynamodb, ledger, published):
        senders_found[find_sender(rows)] += 1
    found = Count(published, mails, senders_found, sorted(senders_found.keys() - senders))
    wrong = [*found.missing, *found.doubled][:_PRINTED]
    return replace(
        found, stories=[_tell_timeline(one, rows) for one in wrong for rows in read_timelines(dynamodb, ledger, [one])]
    )


def _count_mails(inbox: str) -> Counter[str]:
    answer = httpx.get(f"{inbox}/messages", trust_env=False, timeout=300).raise_for_status().json()
    return Counter(address for mail in answer for address in mail["to"])


def find_sender(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the release that sent the mail: the one that recorded it, otherwise the one whose claim held when feedback
    came.

    The latter crashed before it could record the mail, or feedback was faster; rows from feedback name the release of
    `feedback`.
    """
    claimed = "nobody"
    for row in rows:
        if row["state"] == "sent" and "://" in row.get("provider", ""):
            return str(row["release"])
    for row in rows:
        if row["state"] == "sending":
            claimed = str(row["release"])
        elif row["state"] in _TOLD_BY_FEEDBACK:
            break
    return claimed


def _tell_timeline(event: Published, rows: Sequence[Mapping[str, Any]]) -> str:
    """Format a timeline for finding out what went wrong."""
    began = min((row["at"] for row in rows), default=0)
    steps = (
        f"+{(row['at'] - began) / 1000:.1f} s {row['state']} by {row['release']} {row.get('detail', '')}".rstrip()
        for row in rows
    )
    return f"{event.message_id}: {', then '.join(steps)}"


def read_timelines(
    dynamodb: DynamoDBClient, ledger: str, published: Sequence[Published]
) -> Iterator[list[dict[str, Any]]]:
    """Yield the timeline rows of each message that has a record."""
    for start in range(0, len(published), _BATCH):
        keys = [serialize_item({"pk": message_key(one.message_id)}) for one in published[start : start + _BATCH]]
        unprocessed: Any = {ledger: {"Keys": keys, "ConsistentRead": True}}
        while unprocessed:  # keys that did not fit into the response are requested again
            answer: Any = dynamodb.batch_get_item(RequestItems=unprocessed)
            for item in answer.get("Responses", {}).get(ledger, []):
                yield read_value(item, "timeline", [])
            unprocessed = answer.get("UnprocessedKeys")
