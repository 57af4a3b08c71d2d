from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.conftest import Herald
from tests.stack.invocations.probe import Probe, probe


@pytest.fixture
def function(herald: Herald) -> Iterator[Probe]:
    """A function of this test's own."""
    with probe(herald) as made:
        yield made


@pytest.fixture(scope="session")
def scale(herald: Herald) -> float:
    """The cloud's one factor on waiting times."""
    return herald.names.scale
