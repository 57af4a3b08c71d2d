"""The synthetic mails that test a version, sent to SES's simulator, and reports about them in SES's format.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from function.event.cloudevent import SYNTHETIC_SOURCE, SYNTHETIC_TAG, build_simulator_address, build_synthetic_event
from function.ledger.attributes import serialize_item
from function.ledger.keys import message_key
from function.ledger.states import State
from function.message.catalogue import COMPILED
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "ENDS",
    "SmokeMail",
    "build_delivery",
    "build_reports",
    "build_silent_change",
    "build_unsigned_request",
    "list_all_smoke_mails",
    "list_few_smoke_mails",
    "list_tenant_smoke_mails",
]

#: SES's simulated mailboxes, and the final state of the record of a mail to each.
ENDS = {
    "success": State.DELIVERED,
    "bounce": State.BOUNCED,
    "complaint": State.COMPLAINED,
    "ooto": State.DELIVERED,
    "suppressionlist": State.BOUNCED,
}
_OTHERS = [mailbox for mailbox in ENDS if mailbox != "success"]
_TYPICAL = "typical"
_BOUNCE = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []}
#: What SES reports after *Send* about a mail to each mailbox: `eventType`, and the details under their key.
_REPORTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "success": [("Delivery", {"delivery": {"smtpResponse": "250 2.0.0 OK"}})],
    "bounce": [("Bounce", {"bounce": _BOUNCE})],
    "complaint": [("Delivery", {"delivery": {}}), ("Complaint", {"complaint": {"complaintFeedbackType": "abuse"}})],
    "ooto": [("Delivery", {"delivery": {}}), ("Bounce", {"bounce": _BOUNCE | {"bounceType": "Transient"}})],
    "suppressionlist": [("Bounce", {"bounce": _BOUNCE | {"bounceSubType": "OnAccountSuppressionList"}})],
}


@dataclass(frozen=True, slots=True)
class SmokeMail:
    """One synthetic mail: its type, data and tenant, and the simulator's mailbox that it is sent to."""

    name: str
    type: str
    data: Mapping[str, Any]
    mailbox: str = "success"
    tenant: str | None = None

    @property
    def end(self) -> State:
        """The final state of its record."""
        return ENDS[self.mailbox]


def list_all_smoke_mails(root: Path = COMPILED) -> list[SmokeMail]:
    """Every example of every type in each of the type's languages, and one mail to each of the other mailboxes."""
    locales = {type_: each["locales"] for type_, each in _read(root / "catalogue.json")["notifications"].items()}
    mails = [
        SmokeMail(f"{type_}, {name}, {locale}", type_, _set_locale(data, locale))
        for type_, examples in sorted(_read(root / "examples.json").items())
        for name, data in sorted(examples.items())
        for locale in locales[type_]
    ]
    return mails + _list_mails_to_others(mails)


def list_few_smoke_mails(root: Path = COMPILED) -> list[SmokeMail]:
    """One example of every type, and one mail to each of the other mailboxes."""
    mails = [
        SmokeMail(type_, type_, examples.get(_TYPICAL) or next(iter(examples.values())))
        for type_, examples in sorted(_read(root / "examples.json").items())
    ]
    return mails + _list_mails_to_others(mails)


def list_tenant_smoke_mails(tenants: Iterable[str], root: Path = COMPILED) -> list[SmokeMail]:
    """One mail for each tenant, which tests that its brand is in the package and its sender is allowed."""
    first = list_few_smoke_mails(root)[0]
    return [SmokeMail(f"{first.type} of {tenant}", first.type, first.data, tenant=tenant) for tenant in tenants]


def _list_mails_to_others(mails: list[SmokeMail]) -> list[SmokeMail]:
    return [SmokeMail(f"to {mailbox}@", mails[0].type, mails[0].data, mailbox) for mailbox in _OTHERS if mails]


def _set_locale(data: Mapping[str, Any], locale: str) -> dict[str, Any]:
    return {**data, "recipient": {**data["recipient"], "locale": locale}}


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def build_delivery(mail: SmokeMail, message_id: str, now: int) -> bytes:
    """Return the event of a mail as SNS passes it to a function; `now` is in epoch milliseconds."""
    event = build_synthetic_event(_label(message_id), mail.type, mail.data, _format_iso(now), mail.mailbox)
    event |= {"tenant": mail.tenant} if mail.tenant else {}
    sns = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": SYNTHETIC_SOURCE,
        "Message": json.dumps(event),
        "Timestamp": _format_iso(now),
        "MessageAttributes": {"type": {"Type": "String", "Value": mail.type}},
    }
    return json.dumps({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}).encode()


def build_reports(mails: Mapping[str, str], attempt: str, configuration_set: str, now: int) -> bytes:
    """Return SES's reports about these mails (mailbox by message id), as SQS passes them to `feedback`.

    They name no sending identity, so they do not count as recent feedback of SES.
    """
    records: list[dict[str, Any]] = []
    for message_id, mailbox in mails.items():
        tags = {
            "message_id": message_id,
            "attempt": attempt,
            SYNTHETIC_TAG[0]: SYNTHETIC_TAG[1],
            "ses:configuration-set": configuration_set,
        }
        mail = {
            "timestamp": _format_iso(now),
            "messageId": f"smoke-test-{message_id}",
            "destination": [build_simulator_address(mailbox, _label(message_id))],
            "tags": {name: [value] for name, value in tags.items()},
        }
        for type_, details in [("Send", {"send": {}}), *_REPORTS[mailbox]]:
            event = {"eventType": type_, "mail": mail, **details}
            body = {"Type": "Notification", "MessageId": message_id, "Message": json.dumps(event)}
            records.append(
                {
                    "messageId": f"{message_id}-{len(records)}",
                    "body": json.dumps(body),
                    "attributes": {"SentTimestamp": str(now), "ApproximateReceiveCount": "1"},
                    "eventSource": "aws:sqs",
                }
            )
    return json.dumps({"Records": records}).encode()


def build_unsigned_request() -> bytes:
    """Return an unsigned request as API Gateway passes it to `webhook`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    path = "/webhooks/nobody"
    http = {"method": "POST", "path": path}
    return json.dumps(
        {
            "version": "2.0",
            "routeKey": f"POST {path}",
            "rawPath": path,
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": http},
            "body": "[]",
            "isBase64Encoded": False,
        }
    ).encode()


def build_silent_change(message_id: str) -> bytes:
    """Return a record of the ledger's stream which says that a synthetic mail was sent; `mail-events` must not publish
    it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    item = {"pk": message_key(message_id), "state": State.SENT.value, "owner": message_id, "source": SYNTHETIC_SOURCE}
    image = serialize_item(item)
    change = {"Keys": {"pk": image["pk"]}, "NewImage": image, "SequenceNumber": "1"}
    return json.dumps(
        {"Records": [{"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}]}
    ).encode()


def _label(message_id: str) -> str:
    return f"release-{message_id}"


def _format_iso(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).isoformat().replace("+00:00", "Z")
