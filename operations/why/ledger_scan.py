"""Reads through the ledger for records by address, event id or subject: no index leads to them.

An index would cost every mail a write unit for a question that is asked now and then.
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

#: The attributes that a mail's explanation needs: all of the record, and its timeline.
STORY_ATTRIBUTES = (*RECORD_ATTRIBUTES, "timeline")
#: So many parts of the table are read at once: a million records take some half a minute.
_SEGMENTS = 4


@dataclass(frozen=True, slots=True)
class ScanPart:
    """What was found in a part of the ledger; `rest` is where to go on, None at the end."""

    items: tuple[Item, ...]
    rest: str | None


def scan_all(installation: Installation, condition: str, values: Mapping[str, object]) -> ScanPart:
    """Every record that fits: reads the whole ledger."""
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
    """The records that fit from the key `start` on (empty: from the beginning), until so many are `enough`."""
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
    """Only records of messages; `condition` spells its attributes, none of which is a reserved word."""
    return {
        "TableName": installation.ledger,
        "FilterExpression": f"begins_with(pk, :message) AND ({condition})",
        "ExpressionAttributeValues": serialize_item({":message": message_key(""), **values}),
        "ConsistentRead": True,
        **build_projection(STORY_ATTRIBUTES),
    }
