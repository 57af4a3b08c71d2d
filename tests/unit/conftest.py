"""What unit tests share: the catalogue, compiled as the package has it."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis.configuration
import pytest

from function.message.catalogue import Catalogue
from package.notifications.catalogue import EXAMPLES, compile_catalogue

_ROOT = Path(__file__).parents[2]

hypothesis.configuration.set_hypothesis_home_dir(_ROOT / "build" / "hypothesis")


@pytest.fixture(scope="session")
def compiled() -> Path:
    """The folder of the compiled catalogue; each worker of the test run has its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    folder = _ROOT / "build" / "tests" / worker / "compiled"
    compile_catalogue(folder)
    return folder


@pytest.fixture(scope="session")
def catalogue(compiled: Path) -> Catalogue:
    """Every notification there is, loaded the way the function loads it."""
    return Catalogue.load(compiled)


@pytest.fixture(scope="session")
def example_mails(compiled: Path) -> Catalogue:
    """The mails that teams copy, loaded in the same way."""
    return compile_catalogue(compiled.with_name("example-mails"), EXAMPLES)
