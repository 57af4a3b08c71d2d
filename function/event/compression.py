"""Compresses long events for dead letters and records, whose size is limited."""

from __future__ import annotations

import base64
import binascii
import zlib

__all__ = ["LARGEST_KEPT", "compress", "decompress", "decompress_base64"]

_LARGEST_UNPACKED = 2 * 1024 * 1024
#: Bytes of a compressed event that the ledger can keep, below DynamoDB's limit of 400 KB for an item.
LARGEST_KEPT = 350_000


def compress(text: str) -> bytes:
    """Compress `text` with zlib; lone surrogates, which JSON allows, are kept."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 9)


def decompress(data: bytes) -> str:
    """Return the text that `compress` was given. Raises ValueError for other data, or for more than 2 MiB."""
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
    """Return the text that `compress` was given, from the base64 in a dead letter; None for other data."""
    try:
        return decompress(base64.b64decode(packed, validate=True))
    except (ValueError, binascii.Error):
        return None
