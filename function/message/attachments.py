"""What an event says of the files that go with its mail, read and judged. Pure.

A notification has attachments if its schema does: `data.attachments`, a list of objects of S3. Only a notification that
has them has this module loaded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from function.errors import InvalidEvent
from function.message.email import Attachment
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST", "MOST", "TYPES", "Reference", "make_stand_ins", "read_references"]

#: Attachments of a mail, and the bytes of all of them together.
MOST = 10
LARGEST = 10_000_000
#: What may be attached, and how the names of such files end: nothing that runs or that a browser takes for a page.
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
#: What no system takes for a part of a file's name, or what ends one in a header.
_NOT_IN_NAMES = frozenset('/\\":*?<>|;')
#: Control, format (what turns text around is of it), surrogate, private use, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that goes with a mail under this name and media type: where it lies, and the SHA-256 that it must have,
    in hexadecimal. `version` is None for the newest."""

    bucket: str
    key: str
    version: str | None
    sha256: str
    name: str
    type: str


def read_references(given: Any, buckets: frozenset[str] | None) -> tuple[Reference, ...]:
    """The objects that `data.attachments` names. Raises InvalidEvent for the first that cannot be, or lies in a bucket
    that is none of `buckets` (None: any may be)."""
    if not isinstance(given, list) or len(given) > MOST:
        raise InvalidEvent(f"attachments must be a list of {MOST} at most", "/data/attachments")
    return tuple(_read(one, f"/data/attachments/{number}", buckets) for number, one in enumerate(given))


def make_stand_ins(references: Sequence[Reference]) -> tuple[Attachment, ...]:
    """Files of the same names and types, for a mail that nobody reads: an example's objects are nowhere."""
    return tuple(Attachment(one.name, one.type, b"This file stands in for another.\r\n") for one in references)


def _read(one: Any, pointer: str, buckets: frozenset[str] | None) -> Reference:
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
        line = f"the bucket {found['bucket']} is none of those that this deployment allows (attachment_buckets)"
        raise InvalidEvent(line, f"{pointer}/url", ReasonCode.ATTACHMENT_NOT_ALLOWED)
    return Reference(found["bucket"], found["key"], found["version"], sha256, name, type_)


def _is_name(name: str, endings: Sequence[str]) -> bool:
    """One part of a path that every system can keep, and that shows how it ends."""
    stem, _, ending = name.rpartition(".")
    plain = not any(one in _NOT_IN_NAMES or unicodedata.category(one) in _UNPRINTABLE for one in name)
    return plain and len(name) <= _LONGEST_NAME and ending.lower() in endings and stem.strip(" .") == stem != ""
