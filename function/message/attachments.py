"""Reads and validates what an event says about its attachments. Pure.

A notification has attachments if its schema has `data.attachments`, a list of S3 objects. This module is loaded only
for such a notification.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from function.errors import InvalidEvent
from function.message.email import Attachment, AttachmentReference
from function.reason_codes import ReasonCode

__all__ = ["LARGEST", "MOST", "TYPES", "make_stand_ins", "read_references"]

#: Most attachments of a mail, and most bytes of all together.
MOST = 10
LARGEST = 10_000_000
#: Allowed media types and their file name extensions: nothing that can be executed or that a browser renders as a page.
TYPES: Mapping[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "text/calendar": ("ics",),
    "text/csv": ("csv",),
    "text/plain": ("txt",),
}
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and .../object-keys.html
_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^\x00-\x1f\x7f]+?)"
    r"(?:\?versionId=(?P<version>[A-Za-z0-9._~-]{1,1024}))?"
)
_LONGEST_KEY = 1024
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 120
#: Characters that some system does not allow in a file name, or that end a file name in a header.
_NOT_IN_NAMES = frozenset('/\\":*?<>|;')
#: Control, format (including bidirectional), surrogate and private-use characters, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def read_references(given: Any, buckets: frozenset[str] | None) -> tuple[AttachmentReference, ...]:
    """Return the objects that `data.attachments` names. Raises InvalidEvent for the first that is invalid or in a
    bucket not among `buckets` (None: any bucket is allowed)."""
    if not isinstance(given, list) or len(given) > MOST:
        raise InvalidEvent(f"attachments must be a list of {MOST} at most", "/data/attachments")
    return tuple(_read(one, f"/data/attachments/{number}", buckets) for number, one in enumerate(given))


def make_stand_ins(references: Sequence[AttachmentReference]) -> tuple[Attachment, ...]:
    """Return files with the same names and types, for a synthetic mail: an example's objects do not exist."""
    return tuple(Attachment(one.name, one.type, b"This file stands in for another.\r\n") for one in references)


def _read(one: Any, pointer: str, buckets: frozenset[str] | None) -> AttachmentReference:
    values: Mapping[str, Any] = one if isinstance(one, dict) else {}
    url, sha256, name, type_ = (values.get(each) for each in ("url", "sha256", "name", "type"))
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    if not found or len(found["key"].encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
        raise InvalidEvent("an attachment's url must be s3://BUCKET/KEY, perhaps with ?versionId=…", f"{pointer}/url")
    if not isinstance(sha256, str) or not _HASH.fullmatch(sha256):
        raise InvalidEvent("an attachment's sha256 must be 64 hexadecimal digits in small letters", f"{pointer}/sha256")
    if not isinstance(type_, str) or type_ not in TYPES:
        line = f"an attachment's type must be one of {', '.join(TYPES)}"
        raise InvalidEvent(line, f"{pointer}/type", ReasonCode.ATTACHMENT_NOT_ALLOWED)
    if not isinstance(name, str) or not _is_name(name, TYPES[type_]):
        line = f"an attachment's name must be a plain file name that ends with .{' or .'.join(TYPES[type_])}"
        raise InvalidEvent(f"{line}, of {_LONGEST_NAME} characters at most", f"{pointer}/name")
    if buckets is not None and found["bucket"] not in buckets:
        line = f"the bucket {found['bucket']} is not one that this deployment allows (attachment_buckets)"
        raise InvalidEvent(line, f"{pointer}/url", ReasonCode.ATTACHMENT_NOT_ALLOWED)
    return AttachmentReference(found["bucket"], found["key"], found["version"], sha256, name, type_)


def _is_name(name: str, endings: Sequence[str]) -> bool:
    """Whether this is a file name that every system accepts, with one of these extensions."""
    stem, _, ending = name.rpartition(".")
    plain = not any(one in _NOT_IN_NAMES or unicodedata.category(one) in _UNPRINTABLE for one in name)
    return plain and len(name) <= _LONGEST_NAME and ending.lower() in endings and stem.strip(" .") == stem != ""
