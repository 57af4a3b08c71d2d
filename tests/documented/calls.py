"""Which operations of AWS some sources call, read from their syntax."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import StructureShape

from laptop.model_validation import load_operation_model

__all__ = ["SERVICES", "Called", "operations_called"]

#: Every service that is called by a client anywhere.
SERVICES = (
    "acm",
    "apigatewayv2",
    "cloudwatch",
    "codedeploy",
    "cognito-idp",
    "dynamodb",
    "iam",
    "kms",
    "lambda",
    "logs",
    "route53",
    "s3",
    "secretsmanager",
    "sesv2",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
#: Of these nothing but reads is called: what they share with CodeDeploy by name (CreateDeployment) is CodeDeploy's.
_ONLY_READ = {"acm", "apigatewayv2"}
#: Wrappers of clients that are given a string: a method's name, or an operation's.
_GIVEN = ("ask", "_ask", "find", "pages", "FastClient")

Called = dict[str, set[str]]


def operations_called(paths: Iterable[Path]) -> Called:
    """Each `service:Operation` that one of these files calls, with the places, `path:line`.

    A call is a method of an operation's name that is given named arguments only, all of which are members of its input:
    botocore's clients take no others. A string counts where a paginator, a waiter or a wrapper of a client is given it.
    """
    found: Called = defaultdict(set)
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for operation in _operations(node):
                found[operation].add(f"{path}:{getattr(node, 'lineno', 0)}")
    return found


def _operations(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(attr="paginate", value=ast.Call(args=[ast.Constant(value=str(name))]))):
            yield from _fitting(name, node)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _GIVEN:
            yield from _find_named_operations(node)
        case ast.Call(func=ast.Attribute(attr=name), args=[]):
            yield from _fitting(name, node)
        case ast.Constant(value=str(name)) if "_" in name and name in _waiters():
            yield _waiters()[name]


def _find_named_operations(call: ast.Call) -> Iterator[str]:
    """Operations that a call's strings name; a first string that is a service says of which service they are."""
    strings = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    services = [each for each in strings if each in SERVICES] or list(SERVICES)
    for name in strings:
        yield from (each for each in _methods().get(name, []) if each.partition(":")[0] in services)


def _fitting(name: str, call: ast.Call) -> Iterator[str]:
    """Operations of that name that take all arguments of the call and, as far as it can be seen, need no others."""
    members = {keyword.arg for keyword in call.keywords if keyword.arg}
    yield from (each for each in _methods().get(name, []) if members <= _inputs(each) and _is_enough(each, call))


def _is_enough(operation: str, call: ast.Call) -> bool:
    if any(keyword.arg is None for keyword in call.keywords):
        return True
    shape = load_operation_model(*operation.split(":")).input_shape
    required = set(shape.required_members) if isinstance(shape, StructureShape) else set()
    return required <= {keyword.arg for keyword in call.keywords}


@cache
def _inputs(operation: str) -> frozenset[str]:
    shape = load_operation_model(*operation.split(":")).input_shape
    return frozenset(shape.members if isinstance(shape, StructureShape) else ())


@cache
def _methods() -> dict[str, list[str]]:
    """Operations by every name that a call may use for them."""
    names: dict[str, list[str]] = defaultdict(list)
    session = botocore.session.get_session()
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            if service in _ONLY_READ and not operation.startswith(("Get", "List", "Describe")):
                continue
            for name in (xform_name(operation), operation):
                names[name].append(f"{service}:{operation}")
    return dict(names)


@cache
def _waiters() -> dict[str, str]:
    """The operation that each waiter repeats."""
    session = botocore.session.get_session()
    found: dict[str, str] = {}
    for service in SERVICES:
        try:
            model = session.get_waiter_model(service)
        except UnknownServiceError:  # a service without waiters
            continue
        found |= {xform_name(name): f"{service}:{model.get_waiter(name).operation}" for name in model.waiter_names}
    return found
