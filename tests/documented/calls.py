"""Which operations of AWS some sources call, read from their syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

__all__ = ["SERVICES", "operations_called"]

#: The services that a release and its hooks call by a client.
SERVICES = ("codedeploy", "lambda", "cloudwatch", "logs")


def operations_called(paths: Iterable[Path]) -> set[str]:
    """Every `service:Operation` that one of these files calls: by a client's method, a paginator or a waiter."""
    names = {name for path in paths for name in _names(ast.parse(path.read_text("utf-8")))}
    return {operation for service in SERVICES for name, operation in _known(service) if name in names}


def _names(tree: ast.AST) -> Iterator[str]:
    """Methods that are called, and in quotes the strings, one of which may name a paginator or a waiter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield f"'{node.value}'"


def _known(service: str) -> Iterator[tuple[str, str]]:
    session = botocore.session.get_session()
    for operation in session.get_service_model(service).operation_names:
        yield xform_name(operation), f"{service}:{operation}"
        yield f"'{xform_name(operation)}'", f"{service}:{operation}"
    try:
        waiters = session.get_waiter_model(service)
    except UnknownServiceError:  # a service without waiters
        return
    for name in waiters.waiter_names:
        yield f"'{xform_name(name)}'", f"{service}:{waiters.get_waiter(name).operation}"
