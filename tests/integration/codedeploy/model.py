"""What botocore's service model says about CodeDeploy's answers."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, Shape, StringShape, StructureShape

from laptop.codedeploy.wire import service

__all__ = ["errors", "fits"]


def errors(operation: str) -> set[str]:
    return {shape.name for shape in service().operation_model(operation).error_shapes}


def fits(value: Any, shape: Shape | None, where: str) -> None:
    """Every member is one of the model's, of the model's type."""
    match shape:
        case StructureShape():
            assert isinstance(value, dict), where
            assert value.keys() <= shape.members.keys(), where
            for name, member in value.items():
                fits(member, shape.members[name], f"{where}.{name}")
        case ListShape():
            assert isinstance(value, list), where
            for member in value:
                fits(member, shape.member, f"{where}[]")
        case StringShape():
            assert isinstance(value, str), where
            assert not shape.enum or value in shape.enum, where
        case Shape(type_name="boolean"):
            assert isinstance(value, bool), where
        case Shape():
            assert isinstance(value, int | float), where
