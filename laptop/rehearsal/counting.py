"""Every event's mails counted, and every mail's timeline read."""

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

#: Seconds to wait after the last mail for one too many.
_SETTLE = 3.0
_BATCH = 100
_TOLD_BY_FEEDBACK = ("sent", "delivered")
#: Timelines that are printed in full, if anything is wrong.
_PRINTED = 3


@dataclass(frozen=True, slots=True)
class Count:
    """`mails` by address; `senders` is how many of them each release sent, by their timelines."""

    published: Sequence[Published]
    mails: Mapping[str, int]
    senders: Mapping[str, int] = field(default_factory=dict)
    strangers: Sequence[str] = ()
    stories: Sequence[str] = ()

    @property
    def missing(self) -> list[Published]:
        """Events without a mail."""
        return [one for one in self.published if not self.mails.get(one.address)]

    @property
    def doubled(self) -> list[Published]:
        """Events with more than one."""
        return [one for one in self.published if self.mails.get(one.address, 0) > 1]

    def violations(self) -> Iterator[str]:
        """What was promised of the mails and not kept."""
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
    """Wait until every event has its mail, or so many seconds; then count. `senders` are the releases that may have
    sent any."""
    deadline = time.monotonic() + seconds
    addresses = {one.address for one in published}
    while len(addresses & (mails := _count_mails(inbox)).keys()) < len(addresses) and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(_SETTLE)
    mails = _count_mails(inbox)
    said: Counter[str] = Counter()
    for rows in read_timelines(dynamodb, ledger, published):
        said[find_sender(rows)] += 1
    found = Count(published, mails, said, sorted(said.keys() - senders))
    wrong = [*found.missing, *found.doubled][:_PRINTED]
    return replace(
        found, stories=[_tell_timeline(one, rows) for one in wrong for rows in read_timelines(dynamodb, ledger, [one])]
    )


def _count_mails(inbox: str) -> Counter[str]:
    answer = httpx.get(f"{inbox}/messages", trust_env=False, timeout=300).raise_for_status().json()
    return Counter(address for mail in answer for address in mail["to"])


def find_sender(rows: Sequence[Mapping[str, Any]]) -> str:
    """The release that sent the mail: as it says itself, or else whose claim it was when feedback reported the mail.
    It crashed before it could say so, or feedback was faster; feedback's rows name the release of feedback."""
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
    """What the timeline says, for finding out what went wrong."""
    began = min((row["at"] for row in rows), default=0)
    told = (
        f"+{(row['at'] - began) / 1000:.1f} s {row['state']} by {row['release']} {row.get('detail', '')}".rstrip()
        for row in rows
    )
    return f"{event.message_id}: {', then '.join(told)}"


def read_timelines(
    dynamodb: DynamoDBClient, ledger: str, published: Sequence[Published]
) -> Iterator[list[dict[str, Any]]]:
    """The rows of each message that has a record."""
    for start in range(0, len(published), _BATCH):
        keys = [serialize_item({"pk": message_key(one.message_id)}) for one in published[start : start + _BATCH]]
        asked: Any = {ledger: {"Keys": keys, "ConsistentRead": True}}
        while asked:  # what one answer has no room for is to be asked for again
            answer: Any = dynamodb.batch_get_item(RequestItems=asked)
            for item in answer.get("Responses", {}).get(ledger, []):
                yield read_value(item, "timeline", [])
            asked = answer.get("UnprocessedKeys")
