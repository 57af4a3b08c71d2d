"""One documented rule of AWS that the code or a simulator rests on."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from laptop.model_validation import load_operation_model

__all__ = ["NOTHING_SPECIAL", "READ_IN", "Rule", "documentation", "row"]

#: The version of botocore whose models the quotations were read in.
READ_IN = "1.43.106"
#: The quotation of an operation for which the model documents nothing that the code rests on.
NOTHING_SPECIAL = ""
_PAGES = {
    "acm": "acm/latest/APIReference",
    "apigatewayv2": "apigatewayv2/latest/api-reference",
    "cloudwatch": "AmazonCloudWatch/latest/APIReference",
    "codedeploy": "codedeploy/latest/APIReference",
    "cognito-idp": "cognito-user-identity-pools/latest/APIReference",
    "dynamodb": "amazondynamodb/latest/APIReference",
    "iam": "IAM/latest/APIReference",
    "kms": "kms/latest/APIReference",
    "lambda": "lambda/latest/api",
    "logs": "AmazonCloudWatchLogs/latest/APIReference",
    "route53": "Route53/latest/APIReference",
    "s3": "AmazonS3/latest/API",
    "secretsmanager": "secretsmanager/latest/apireference",
    "sesv2": "ses/latest/APIReference-V2",
    "sns": "sns/latest/api",
    "sqs": "AWSSimpleQueueService/latest/APIReference",
    "ssm": "systems-manager/latest/APIReference",
    "sts": "STS/latest/APIReference",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`operation` is `service:Operation`; `quotation` a few words of its documentation in botocore's model, or
    `NOTHING_SPECIAL`; `test` is `path::name`. `promises` are the members of the answer that the code may rely on: a
    worst-case AWS leaves out all others that the model does not require. It shuffles every list that is not in
    `ordered`, and leaves out every empty one that is not in `even_empty`."""

    operation: str
    quotation: str
    test: str
    promises: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    even_empty: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """Where AWS documents the operation for people."""
        service, _, operation = self.operation.partition(":")
        return f"https://docs.aws.amazon.com/{_PAGES[service]}/API_{operation}.html"

    @property
    def model(self) -> OperationModel:
        """The operation in the installed botocore."""
        service, _, operation = self.operation.partition(":")
        return load_operation_model(service, operation)


def row(
    service: str,
    operation: str,
    quotation: str,
    test: str,
    *promises: str,
    ordered: tuple[str, ...] = (),
    even_empty: tuple[str, ...] = (),
) -> Rule:
    """One rule of a service."""
    return Rule(f"{service}:{operation}", quotation, test, promises, ordered, even_empty)


def documentation(model: OperationModel) -> str:
    """All that a model says of an operation, its members and their types, in one line without markup."""
    texts = [model.documentation, *_texts(model.input_shape, frozenset()), *_texts(model.output_shape, frozenset())]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", " ".join(texts))).split())


def _texts(shape: Shape | None, seen: frozenset[str]) -> Iterator[str]:
    if shape is None or shape.name in seen:
        return
    yield shape.documentation
    match shape:
        case StructureShape():
            for member in shape.members.values():
                yield from _texts(member, seen | {shape.name})
        case ListShape():
            yield from _texts(shape.member, seen | {shape.name})
