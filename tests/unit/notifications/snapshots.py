"""The mails that Herald ships, as somebody saw them: `python -m tests.unit.notifications.snapshots` keeps them anew.

`snapshots.json` has a digest of each file that `herald test --update` would write: all of them are two megabytes.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from laptop.state import ROOT
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue
from package.notifications.mail_checks.snapshots import make_snapshots
from package.notifications.previews import render_brands

__all__ = ["KEPT", "digests"]

KEPT = Path(__file__).with_name("snapshots.json")
_ROOTS = {"own": NOTIFICATIONS, "to copy": EXAMPLES, "shop": ROOT / "examples" / "shop" / "notifications"}


def digests() -> dict[str, dict[str, str]]:
    """Of each folder of notifications, the digest of every example's HTML and text in every language."""
    return {name: _digests(root) for name, root in _ROOTS.items()}


def _digests(root: Path) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        catalogue = compile_catalogue(Path(folder), root)
    files = make_snapshots(render_brands(catalogue, root))
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in sorted(files.items())}


if __name__ == "__main__":
    KEPT.write_text(json.dumps(digests(), indent=1) + "\n", "utf-8")
