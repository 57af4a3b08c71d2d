"""Every package of ours has its place among the layers that `make check` holds."""

from __future__ import annotations

import configparser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_in_a_layer() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    layers = contracts["importlinter:contract:layers"]["layers"].replace("|", " ").replace(":", " ").split()
    assert set(layers) == packages
    assert set(contracts["importlinter"]["root_packages"].split()) == packages
