"""The manifest's word on what is in a zip: a hash for each part at its top."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["MANIFEST", "digests"]

MANIFEST: Final = "manifest.json"


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each part, over names and contents; `files` are all but the manifest itself."""
    digests: dict[str, Any] = {}
    for name in sorted(files):
        digest = digests.setdefault(name.partition("/")[0], hashlib.sha256())
        digest.update(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return {name: digest.hexdigest() for name, digest in digests.items()}
