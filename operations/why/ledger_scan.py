"""Scans the ledger for records by address, event id or subject, for which there is no index.

An index would cost every mail a write unit for a rare question.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from function.ledger.attributes import deserialize, serialize_item
from function.ledger.keys import message_key
from operations.installation import RECORD_ATTRIBUTES, Installation, build_projection

__all__ = ["STORY_ATTRIBUTES", "ScanPart", "scan_all", "scan_from"]

Item = Mapping[str, Any]

#: The attributes that explaining a mail needs: the whole record and its timeline.
STORY_ATTRIBUTES = (*RECORD_ATTRIBUTES, "timeline")
#: How many segments of the table are scanned in parallel: a million records take about half a minute.
_SEGMENTS = 4


@dataclass(frozen=True, slots=True)
class ScanPart:
    """What was found in a part of the ledger; `rest` is the key to continue from, None at the end."""

    items: tuple[Item, ...]
    rest: str | None


def scan_all(installation: Installation, condition: str, values: Mapping[str, object]) -> ScanPart:
    """Return every matching record; scans the whole ledger."""
    with ThreadPoolExecutor(_SEGMENTS) as pool:
        parts = pool.map(lambda segment: _scan_segment(installation, condition, values, segment), range(_SEGMENTS))
        found = {deserialize(item["pk"]): item for part in parts for item in part}
    return ScanPart(tuple(found.values()), None)


def scan_from(
    installation: Installation,
    condition: str,
    values: Mapping[str, object],
    start: str,
    enough: Callable[[int], bool],
) -> ScanPart:
    """Return the matching records from the key `start` on (empty: from the beginning), until `enough` accepts their
    number."""
    found: list[Item] = []
    key = start
    while True:
        more: dict[str, Any] = {"ExclusiveStartKey": serialize_item({"pk": key})} if key else {}
        page = installation.dynamodb.scan(**_request(installation, condition, values), **more)
        found += page.get("Items", [])
        last = page.get("LastEvaluatedKey")
        if last is None or enough(len(found)):
            return ScanPart(tuple(found), deserialize(last["pk"]) if last else None)
        key = deserialize(last["pk"])


def _scan_segment(
    installation: Installation, condition: str, values: Mapping[str, object], segment: int
) -> Iterator[Item]:
    pages = installation.dynamodb.get_paginator("scan").paginate(
        **_request(installation, condition, values), Segment=segment, TotalSegments=_SEGMENTS
    )
    return iter([item for page in pages for item in page.get("Items", [])])


def _request(installation: Installation, condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Return the arguments of a scan for message items; `condition` uses attribute names directly, none of which is a
    reserved word."""
    return {
        "TableName": installation.ledger,
        "FilterExpression": f"begins_with(pk, :message) AND ({condition})",
        "ExpressionAttributeValues": serialize_item({":message": message_key(""), **values}),
        "ConsistentRead": True,
        **build_projection(STORY_ATTRIBUTES),
    }
