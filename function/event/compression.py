"""Long events made short, for letters and records that have a largest size."""

from __future__ import annotations

import base64
import binascii
import zlib

__all__ = ["compress", "compress_for_record", "decompress", "decompress_base64"]

_LARGEST_UNPACKED = 2 * 1024 * 1024
#: What a ledger record can keep of an event, under DynamoDB's 400 KB for an item.
_LARGEST_KEPT = 350_000
_SHORT = 4_000


def compress(text: str) -> bytes:
    """`text` as zlib; half characters, which JSON allows, are kept."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 9)


def decompress(data: bytes) -> str:
    """The text in what `compress` made. Raises ValueError if it is not that, or more than 2 MiB."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(data, _LARGEST_UNPACKED)
    except zlib.error as error:
        raise ValueError("not a compressed event") from error
    if reader.unconsumed_tail:
        raise ValueError("a compressed event is larger than any event can be")
    if not reader.eof:
        raise ValueError("a compressed event is cut short")
    return text.decode("utf-8", "surrogatepass")


def decompress_base64(packed: str) -> str | None:
    """The text in a letter's base64 of what `compress` made, or None if it is none."""
    try:
        return decompress(base64.b64decode(packed, validate=True))
    except (ValueError, binascii.Error):
        return None


def compress_for_record(body: str) -> str | bytes | None:
    """The event as a record keeps it while it waits for a person: compressed if long; None if even that is too long."""
    if len(body) <= _SHORT and body.isascii():
        return body
    packed = compress(body)
    return packed if len(packed) <= _LARGEST_KEPT else None
