"""One laptop cloud for the doctor: what is broken here must not meet other tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.state import ROOT


@pytest.fixture(scope="package")
def laptop() -> Iterator[LaptopCloud]:
    """A laptop cloud of its own: what is broken here must not meet other tests."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"doctor-{os.getpid()}", scale=0.005)) as started:
        yield started
