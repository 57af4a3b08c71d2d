"""What a plan would do to a Herald that is paused: put its concurrency back, and take the tag away that keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.pause import CONCURRENCY_TAG

__all__ = ["find_resumed"]


def find_resumed(plan: Mapping[str, Any]) -> list[str]:
    """Names of the functions that are paused and would not be any more; `plan` as `terraform show -json` gives it."""
    return [
        change["change"]["before"]["function_name"]
        for change in plan.get("resource_changes", [])
        if change["type"] == "aws_lambda_function"
        and CONCURRENCY_TAG in _tags(change["change"]["before"])
        and CONCURRENCY_TAG not in _tags(change["change"]["after"])
    ]


def _tags(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (values or {}).get("tags") or {}
