"""`python -m herald` is `herald`."""

from __future__ import annotations

from herald.cli import main

main()
