from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.conftest import Herald
from tests.stack.invocations.probe import Gate, Probe, probe


@pytest.fixture
def function(herald: Herald) -> Iterator[Probe]:
    """A function of this test's own."""
    with probe(herald) as made:
        yield made


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Where runs wait until the test lets them go on, and at its end in any case."""
    made = Gate(tmp_path)
    yield made
    made.open()


@pytest.fixture(scope="package")
def scale(herald: Herald) -> float:
    """The cloud's one factor on waiting times."""
    return herald.names.scale
