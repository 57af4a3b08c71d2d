"""What botocore's service model says about CodeDeploy's errors."""

from __future__ import annotations

from laptop.model_validation import load_operation_model

__all__ = ["errors"]


def errors(operation: str) -> set[str]:
    return {shape.name for shape in load_operation_model("codedeploy", operation).error_shapes}
