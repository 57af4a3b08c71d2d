"""The errors of a DynamoDB client, made without one.

Codes and messages as in
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.session import get_session

__all__ = [
    "Invalid",
    "NoSuchTable",
    "exceptions",
    "make_cancellation",
    "make_condition_error",
    "make_connection_error",
    "make_error",
    "make_lost_answer",
    "reason",
]

#: The exception classes of a real client, as `client.exceptions`.
exceptions: Any = ClientExceptionsFactory().create_client_exceptions(get_session().get_service_model("dynamodb"))

_ENDPOINT = "https://dynamodb.us-east-1.amazonaws.com/"
_CONDITION = "The conditional request failed"
_REASONS = {
    "ConditionalCheckFailed": _CONDITION,
    "TransactionConflict": "Transaction is ongoing for the item",
    "ThrottlingError": "Throughput exceeds the current capacity of your table or index.",
    "ProvisionedThroughputExceeded": "The level of configured provisioned throughput for the table was exceeded.",
}


class Invalid(ValueError):
    """A request that DynamoDB answers with *ValidationException*; the text is its message."""

    code = "ValidationException"


class NoSuchTable(Invalid):
    """A request for a table that is not there."""

    code = "ResourceNotFoundException"


def make_error(operation: str, code: str, text: str = "", /, **members: Any) -> ClientError:
    """The error `code` (e.g. `ThrottlingException`) as botocore raises it from `operation`."""
    response = {
        "Error": {"Message": text, "Code": code},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}, "RetryAttempts": 0},
        **members,
    }
    kind = cast("type[ClientError]", exceptions.from_code(code))
    return kind(cast("Any", response), operation)


def make_condition_error(operation: str, item: Mapping[str, Any] | None = None) -> ClientError:
    """*ConditionalCheckFailedException*, with the item where the request asked for it and there is one."""
    members = {} if item is None else {"Item": item}
    return make_error(operation, "ConditionalCheckFailedException", _CONDITION, message=_CONDITION, **members)


def reason(code: str, item: Mapping[str, Any] | None = None, message: str = "") -> dict[str, Any]:
    """One entry of `CancellationReasons`; code `None` stands for a member that would have passed."""
    entry: dict[str, Any] = {"Code": code}
    if code != "None":
        entry["Message"] = message or _REASONS[code]
    if item is not None:
        entry["Item"] = item
    return entry


def make_cancellation(reasons: Iterable[str | dict[str, Any]]) -> ClientError:
    """*TransactionCanceledException*; each reason is a code or an entry made by `reason`."""
    entries = [reason(entry) if isinstance(entry, str) else entry for entry in reasons]
    codes = ", ".join(entry["Code"] for entry in entries)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return make_error(
        "TransactWriteItems",
        "TransactionCanceledException",
        message,
        Message=message,
        CancellationReasons=entries,
    )


def make_connection_error() -> EndpointConnectionError:
    """No connection was made: the request certainly never arrived."""
    return EndpointConnectionError(endpoint_url=_ENDPOINT)


def make_lost_answer() -> ReadTimeoutError:
    """The request was written and no answer came: it may have arrived."""
    return ReadTimeoutError(endpoint_url=_ENDPOINT)
