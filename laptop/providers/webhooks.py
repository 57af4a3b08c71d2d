"""The webhooks of the providers: each event in the provider's JSON format, signed as the provider signs it."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent

__all__ = ["QUOTA", "REPORTERS", "Reporter", "Webhook", "derive_signing_key"]


#: The `reason` of a *Reject* event for a mail that a provider drops because the customer's quota is used up.
QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request as the provider sends it."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reporter:
    """The provider-specific functions.

    `report` builds the JSON that reports an event of a mail. `sign` builds the signed request from that JSON, a seed
    (see `derive_signing_key`), and the time in epoch seconds. For those that sign the body (SendGrid, Resend), it can
    also sign arbitrary bytes.
    """

    report: Callable[[Mail, SendingEvent, datetime], Any]
    sign: Callable[[Any, str, int], Webhook]


def derive_signing_key(scheme: str, seed: str) -> str:
    """Return the verification key that the provider's customer sees, derived from a seed.

    It is a public key for SendGrid, and a secret for the others, in the format of the provider's settings page.
    """
    if scheme == "sendgrid":
        public = _derive_private_key(seed).public_key()
        return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return f"whsec_{b64encode(seed.encode()).decode()}" if scheme == "resend" else seed


def _derive_private_key(seed: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:31], "big") + 1, ec.SECP256R1())


def _describe_kind(event: SendingEvent) -> str:
    """Return the event's type, and its kind where the type has several: `Bounce/Permanent`, `Bounce/suppressed`,
    `Reject/quota`.
    """
    if event.type == "Reject" and event.details.get("reason") == QUOTA:
        return "Reject/quota"
    if event.type != "Bounce":
        return event.type
    listed = event.details.get("bounceSubType") in ("OnAccountSuppressionList", "Suppressed")
    return "Bounce/suppressed" if listed else f"Bounce/{event.details.get('bounceType', 'Permanent')}"


def _explain(event: SendingEvent) -> str:
    first: Mapping[str, Any] = next(iter(event.details.get("bouncedRecipients", ())), {})
    return str(first.get("diagnosticCode") or event.details.get("smtpResponse") or event.details.get("reason") or "")


#: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
_SENDGRID: dict[str, dict[str, str]] = {
    "Send": {"event": "processed"},
    "Delivery": {"event": "delivered"},
    "DeliveryDelay": {"event": "deferred", "attempt": "1"},
    "Bounce/Permanent": {"event": "bounce", "type": "bounce", "status": "5.1.1"},
    "Bounce/Transient": {"event": "bounce", "type": "blocked", "status": "4.0.0"},
    "Bounce/suppressed": {"event": "dropped", "reason": "Bounced Address"},
    "Complaint": {"event": "spamreport"},
    "Reject": {"event": "dropped", "reason": "Spam Content"},
    "Reject/quota": {"event": "dropped", "reason": "Recipient List over Package Quota"},
    "Rendering Failure": {"event": "dropped", "reason": "Invalid SMTPAPI header"},
}


def _report_sendgrid(mail: Mail, event: SendingEvent, at: datetime) -> Any:
    """Build SendGrid's report, an array of events; here it always has one."""
    event_fields = _SENDGRID[_describe_kind(event)]
    field = "response" if event_fields["event"] in ("delivered", "deferred") else "reason"
    why = {field: _explain(event)} if _explain(event) and field not in event_fields else {}
    return [
        {
            **mail.tags,
            "email": event.recipient or mail.to[0],
            "timestamp": int(at.timestamp()),
            "smtp-id": f"<{mail.id}@geopod-ismtpd-1>",
            "sg_event_id": b64encode(uuid.uuid4().bytes).decode().rstrip("="),
            "sg_message_id": f"{mail.id}.recvd-1",
            **why,
            **event_fields,
        }
    ]


def _sign_sendgrid(content: Any, seed: str, at: int) -> Webhook:
    """Sign a SendGrid webhook with ECDSA.

    https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
    """
    body = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode() + b"\r\n"
    signature = _derive_private_key(seed).sign(str(at).encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": str(at),
    }
    return Webhook(headers, body)


#: https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-types
_MAILGUN: dict[str, dict[str, Any]] = {
    "Send": {"event": "accepted"},
    "Delivery": {"event": "delivered"},
    "DeliveryDelay": {"event": "failed", "severity": "temporary", "reason": "generic"},
    "Bounce/Permanent": {"event": "failed", "severity": "permanent", "reason": "bounce"},
    "Bounce/Transient": {"event": "failed", "severity": "permanent", "reason": "generic"},
    "Bounce/suppressed": {"event": "failed", "severity": "permanent", "reason": "suppress-bounce"},
    "Complaint": {"event": "complained"},
    "Reject": {
        "event": "rejected",
        "reject": {"reason": "Sandbox subdomains are for test purposes only", "description": ""},
    },
    "Reject/quota": {"event": "rejected", "reject": {"reason": "guessed: over quota", "description": ""}},
    "Rendering Failure": {"event": "rejected", "reject": {"reason": "template not found", "description": ""}},
}


def _report_mailgun(mail: Mail, event: SendingEvent, at: datetime) -> Any:
    """Build Mailgun's report, without its signature.

    https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks
    """
    recipient = event.recipient or mail.to[0]
    data = {
        "id": uuid.uuid4().hex[:22],
        "timestamp": at.timestamp(),
        "log-level": "info",
        "recipient": recipient,
        "recipient-domain": recipient.rpartition("@")[2],
        "message": {"headers": {"message-id": mail.id, "to": mail.to[0], "from": mail.source, "subject": mail.subject}},
        "user-variables": dict(mail.tags),
        "tags": [],
        "delivery-status": {"code": 250 if event.type == "Delivery" else 550, "message": _explain(event)},
        **_MAILGUN[_describe_kind(event)],
    }
    return {"event-data": data}


def _sign_mailgun(content: Any, seed: str, at: int) -> Webhook:
    """Sign a Mailgun webhook: an HMAC of timestamp and token, put into the body.

    https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
    """
    token = (uuid.uuid4().hex + uuid.uuid4().hex)[:50]
    signature = hmac.digest(seed.encode(), f"{at}{token}".encode(), "sha256").hex()
    signed = {"signature": {"token": token, "timestamp": str(at), "signature": signature}, **content}
    return Webhook({"Content-Type": "application/json"}, json.dumps(signed).encode())


#: https://resend.com/docs/webhooks/event-types
_RESEND: dict[str, tuple[str, dict[str, Any]]] = {
    "Send": ("email.sent", {}),
    "Delivery": ("email.delivered", {}),
    "DeliveryDelay": ("email.delivery_delayed", {}),
    "Bounce/Permanent": ("email.bounced", {"bounce": {"type": "Permanent", "subType": "General"}}),
    "Bounce/Transient": ("email.bounced", {"bounce": {"type": "Transient", "subType": "General"}}),
    "Bounce/suppressed": ("email.suppressed", {}),
    "Complaint": ("email.complained", {}),
    "Reject": ("email.failed", {"failed": {"reason": "guessed: content"}}),
    "Reject/quota": ("email.failed", {"failed": {"reason": "reached_daily_quota"}}),
    "Rendering Failure": ("email.failed", {"failed": {"reason": "invalid_template"}}),
}


def _report_resend(mail: Mail, event: SendingEvent, at: datetime) -> Any:
    type_, more = _RESEND[_describe_kind(event)]
    if "bounce" in more:
        more = {"bounce": {**more["bounce"], "message": _explain(event)}}
    data = {
        "broadcast_id": None,
        "created_at": mail.at.isoformat(),
        "email_id": mail.id,
        "from": mail.source,
        "to": list(mail.to),
        "subject": mail.subject,
        "tags": dict(mail.tags),
        **more,
    }
    return {"type": type_, "created_at": at.isoformat(), "data": data}


def _sign_resend(content: Any, seed: str, at: int) -> Webhook:
    """Sign a Resend webhook as Svix does: an HMAC of id, timestamp and body.

    https://docs.svix.com/receiving/verifying-payloads/how-manual
    """
    id_, body = f"msg_{uuid.uuid4().hex[:27]}", content if isinstance(content, bytes) else json.dumps(content).encode()
    signed = hmac.digest(seed.encode(), f"{id_}.{at}.".encode() + body, "sha256")
    headers = {
        "Content-Type": "application/json",
        "svix-id": id_,
        "svix-timestamp": str(at),
        "svix-signature": f"v1,{b64encode(signed).decode()}",
    }
    return Webhook(headers, body)


_mailgun = Reporter(_report_mailgun, _sign_mailgun)
#: The reporter of each provider, by the scheme of the provider's URL.
REPORTERS: dict[str, Reporter] = {
    "sendgrid": Reporter(_report_sendgrid, _sign_sendgrid),
    "mailgun": _mailgun,
    "mailgun+eu": _mailgun,
    "resend": Reporter(_report_resend, _sign_resend),
}
