"""Which version an alias means this time.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["is_weighted", "version_of"]


def version_of(alias: Mapping[str, Any], draw: float) -> str:
    """The version for one invocation, by the alias's weights; `draw` is uniform in [0, 1)."""
    for version, weight in _weights(alias).items():
        if draw < weight:
            return version
        draw -= weight
    return str(alias["FunctionVersion"])


def is_weighted(alias: Mapping[str, Any]) -> bool:
    """Whether the alias has a second version."""
    return bool(_weights(alias))


def _weights(alias: Mapping[str, Any]) -> Mapping[str, float]:
    return (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
