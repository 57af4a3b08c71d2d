"""Which version an alias means this time.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["version_of"]


def version_of(alias: Mapping[str, Any], draw: float) -> str:
    """The version for one invocation, by the alias's weights; `draw` is uniform in [0, 1)."""
    weights: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        if draw < weight:
            return version
        draw -= weight
    return str(alias["FunctionVersion"])
