"""A zip whose bytes depend on nothing but what is in it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_archive"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` by name: sorted, at one fixed moment, readable by all (Lambda runs as another user)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_suffix(".part")
    with zipfile.ZipFile(work, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    work.replace(path)
