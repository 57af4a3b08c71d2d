"""Reads the prices in prices.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Price", "list_prices"]


@dataclass(frozen=True, slots=True)
class Price:
    """The price of something: `dollars` for `per` units."""

    name: str
    dollars: float
    per: int
    of: str
    source: str
    second_hand: bool = False

    @property
    def unit_price(self) -> float:
        """Return the price of one unit, in dollars."""
        return self.dollars / self.per


def list_prices() -> dict[str, Price]:
    """Return all prices by name."""
    rows = tomllib.loads(Path(__file__).with_name("prices.toml").read_text())["price"]
    return {row["name"]: Price(**row) for row in rows}
