"""AWS's envelopes around one event and around SES's feedback, as Lambda hands them over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.faults.fake_aws import Mail

__all__ = ["BODY", "CORRECTED", "feedback", "make_queue_record", "on_failure", "sns"]

IDENTITY = "arn:aws:ses:us-east-1:000000000000:identity/herald.example"
TOPIC = "arn:aws:sns:us-east-1:000000000000:herald-events"
#: The event.
BODY = json.dumps(
    {
        "specversion": "1.0",
        "id": "01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "source": "urn:herald:webapp",
        "type": "book.created",
        "time": "2026-11-21T08:00:00Z",
        "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "datacontenttype": "application/json",
        "data": {
            "recipient": {"email": "ada@example.com", "name": "Ada", "locale": "en"},
            "book": {
                "id": "01JD6Q1M4X9Z8T7V5R3N2K0B4C",
                "title": "Sketch of the Analytical Engine",
                "author": "L. F. Menabrea",
                "url": "https://books.example.com/books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
            },
        },
    }
)
#: The same event with other content.
CORRECTED = BODY.replace("Sketch of", "Corrected sketch of")


def sns(message_id: str, body: str = BODY) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
    message = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": TOPIC,
        "Subject": None,
        "Message": body,
        "Timestamp": "2026-11-21T08:00:00.000Z",
        "MessageAttributes": {"type": {"Type": "String", "Value": "book.created"}},
    }
    return {
        "Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": TOPIC, "Sns": message}]
    }


def on_failure(event: dict[str, Any]) -> str:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    context = {"condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": event, "responsePayload": None})


def make_queue_record(body: str, handle: str, receives: int, attributes: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    marks = {
        name: {"stringValue": value["StringValue"], "dataType": value["DataType"]} for name, value in attributes.items()
    }
    record = {
        "messageId": handle,
        "receiptHandle": handle,
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": marks,
        "eventSource": "aws:sqs",
    }
    return {"Records": [record]}


def feedback(kind: str, mail: Mail) -> str:
    """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html

    `not-spam` is the complaint that takes an earlier one back.
    """
    tags = {"ses:configuration-set": ["herald"]} | {name: [value] for name, value in mail.tags.items()}
    sent = datetime.fromtimestamp(mail.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = {"tags": tags, "destination": [mail.to], "timestamp": sent, "sourceArn": IDENTITY}
    body = {"complaintFeedbackType": "not-spam"} if kind == "not-spam" else {}
    type_ = "Complaint" if kind == "not-spam" else kind
    said = {"eventType": type_, "mail": about, type_.lower(): body}
    return json.dumps({"Type": "Notification", "MessageId": f"feedback-{kind}", "Message": json.dumps(said)})
