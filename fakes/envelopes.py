"""Everything that Lambda hands to `notify` and `feedback`, in AWS's full shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["TOPIC", "on_failure", "ses_event", "sns", "sns_notification", "sqs_event"]

TOPIC = "arn:aws:sns:eu-west-1:123456789012:herald-events"
_TIME = "2026-11-21T08:00:01.000Z"


def sns_notification(body: str, message_id: str = "m1", **changes: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html"""
    return {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": TOPIC,
        "Subject": None,
        "Message": body,
        "Timestamp": _TIME,
        "SignatureVersion": "1",
        "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j...65r==",
        "SigningCertUrl": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem",
        "UnsubscribeUrl": f"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={TOPIC}:21be56ed",
        "MessageAttributes": {"type": {"Type": "String", "Value": "book.created"}},
    } | changes


def sns(*notifications: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{TOPIC}:21be56ed",
                "Sns": notification,
            }
            for notification in notifications
        ]
    }


def on_failure(event: object) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    return {
        "version": "1.0",
        "timestamp": "2026-11-21T08:04:12.011Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:herald-notify:live",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "RequestId: e4b46cbf Process exited before completing request"},
    }


def sqs_event(
    body: object, receives: int = 1, item: str = "item-1", marks: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One record of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html; `marks` are message attributes."""
    return {
        "messageId": item,
        "receiptHandle": f"handle of {item}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1795248000000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795248000001",
        },
        "messageAttributes": {
            name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, value in (marks or {}).items()
        },
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:herald-retry",
        "awsRegion": "eu-west-1",
    }


def ses_event(
    type_: str,
    details: dict[str, Any],
    message_id: str = "m1",
    to: str = "ada@example.com",
    attempt: str = "request-1",
    copies: Sequence[str] = (),
) -> Any:
    """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html"""
    part = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}.get(type_, type_.lower())
    return {
        "eventType": type_,
        "mail": {
            "timestamp": "2026-11-21T08:00:02.000Z",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "source": "Herald <books@herald.example>",
            "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/herald.example",
            "sendingAccountId": "123456789012",
            "destination": [*copies, to],  # in an order that no page says
            "headersTruncated": False,
            "headers": [{"name": "From", "value": "books@herald.example"}, {"name": "To", "value": to}],
            "commonHeaders": {"from": ["books@herald.example"], "to": [to], "subject": "A new book"},
            "tags": {
                "ses:configuration-set": ["herald"],
                "ses:source-ip": ["192.0.2.0"],
                "ses:from-domain": ["herald.example"],
                "ses:caller-identity": ["herald-notify"],
                "message_id": [message_id],
                "attempt": [attempt],
            },
        },
        part: details,
    }
