"""Builds a mail from the bytes of an event: everything that needs neither table nor network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from function.errors import InvalidEvent, Rejected, UnknownTenant
from function.event.cloudevent import OWN_LIST_TAG, SYNTHETIC_TAG, TENANT_TAG, Event, decode, is_synthetic, parse
from function.event.compression import LARGEST_KEPT, compress
from function.event.envelope import Delivery
from function.ledger.attempt import FARTHEST, Attempt
from function.ledger.keys import DIGEST_SOURCE, address_key, choice_name, event_key, is_window, own_list_key
from function.message.catalogue import Catalogue, Notification
from function.message.delivery_mode import DeliveryMode
from function.message.email import Email
from function.message.unsubscribe import UnsubscribeLinks, build_headers
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

if TYPE_CHECKING:
    from function.message.addressing.tenant import Tenant

__all__ = ["NAME", "Draft", "EmailBuilder"]

#: A name that the event's schema allows.
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,1024}")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event as far as it could be read; `error` is why no further."""

    event: Event | None = None
    error: Rejected | None = None
    address: str = ""
    #: Keys of address items that an older secret may have written.
    older_addresses: tuple[str, ...] = ()
    #: The category that the reader may unsubscribe from; None if the mail is always sent.
    subscription: str | None = None
    #: The event's type, if there is a notification for it; metrics are counted by it.
    type: str = ""
    #: SHA-256 of the event's content, or of the body if it is not a valid event.
    content_hash: bytes | None = None
    #: The compressed body; None if it is too long for the ledger.
    body: bytes | None = None
    #: The `source`, `id` and `subject` of an invalid event, if they are text.
    names: Mapping[str, str] = field(default_factory=dict)
    #: The tenant; None: the deployment itself.
    tenant: Tenant | None = None
    #: When the mail is to be sent, in epoch milliseconds; None: at once.
    due: int | None = None
    #: Whether it is a closed digest, and whether it is to be collected for a digest.
    whole: bool = False
    collected: bool = False
    #: The recipients of an event that names several, unchanged.
    recipients: tuple[Any, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether a release made it to test this version; only a valid event can be synthetic."""
        return self.error is None and self.event is not None and not self.recipients and is_synthetic(self.event)

    def identify(self, attempt: Attempt) -> Attempt:
        """Return the attempt with everything that the ledger keeps about the event."""
        attempt = replace(attempt, content_hash=self.content_hash, body=self.body)
        if self.event is None:  # an invalid event has no reliable source, and is not published a second time
            return replace(
                attempt,
                event_key=event_key("", attempt.message_id),
                address=self.address,
                source=self.names.get("source"),
                id=self.names.get("id"),
                subject=self.names.get("subject"),
            )
        source, id_ = self.event.source, self.event.id
        return replace(
            attempt,
            type=self.type,
            event_key=event_key(source, id_),
            address=self.address,
            older_addresses=self.older_addresses,
            choice=choice_name(self.subscription) if self.subscription else None,
            source=source,
            id=id_,
            subject=self.event.subject,
            tenant=self.event.tenant,
            due=self.due,
        )


@dataclass(frozen=True, slots=True)
class EmailBuilder:
    """Reads, validates and renders. `secret` is the key for hashing addresses; `clock` returns epoch milliseconds;
    `delivery_mode` says whom this deployment may mail; `links` makes unsubscribe links if there is a page for them."""

    catalogue: Catalogue
    secret: bytes
    clock: Callable[[], int]
    delivery_mode: DeliveryMode = field(default_factory=DeliveryMode)
    links: UnsubscribeLinks | None = None
    #: Previous secrets, whose hashes the ledger may still contain.
    older: tuple[bytes, ...] = ()
    #: The buckets that attachments may be in; None: the caller checks it later.
    buckets: frozenset[str] | None = frozenset()
    #: The default From header, which an invitation names.
    sender: str = "nobody@herald.invalid"
    #: The tenants that this deployment declares, by name.
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    #: The address of each role that may get copies; empty: no copies.
    roles: Mapping[str, str] = field(default_factory=dict)

    def begin(self, delivery: Delivery) -> Draft:
        """Read the event and hash its recipient as far as possible; never raises."""
        packed = compress(delivery.body)
        body = packed if len(packed) <= LARGEST_KEPT else None
        value: object = None
        try:
            value = decode(delivery.body)
            event = parse(value, self.catalogue.validate_envelope)
            whole = is_window(delivery.message_id)
            if event.source == DIGEST_SOURCE and not whole:
                raise InvalidEvent(f"the source {DIGEST_SOURCE} is Herald's own", "/source")
        except Rejected as error:
            content_hash = hashlib.sha256(packed).digest()
            return Draft(
                error=error,
                content_hash=content_hash,
                body=body,
                address=self._find_address(value),
                names=_read_names(value),
            )
        draft = Draft(event, content_hash=event.content_hash, body=body, whole=whole)
        try:
            notification = self._find_notification(event)
            draft = replace(draft, type=event.type, tenant=self._find_tenant(event))
            if event.sendat is not None:
                draft = replace(draft, due=self._read_due(event.sendat))
            if notification.recipients and "recipients" in event.data and not whole:
                return replace(draft, recipients=_read_recipients(event, notification))
            (notification.validate_digest if whole else notification.validate)(event.data)
        except Rejected as error:
            return replace(draft, error=error, address=self._find_address({"data": event.data}))
        email = event.data["recipient"]["email"]
        own = draft.tenant.name if draft.tenant and draft.tenant.own_list else ""
        address, *older = (
            own_list_key(key, own) if own else key
            for key in (address_key(secret, email) for secret in (self.secret, *self.older))
        )
        return replace(
            draft,
            address=address,
            older_addresses=tuple(older),
            subscription=notification.category if notification.subscription else None,
            # Synthetic mails are sent at once, one for each event.
            collected=notification.digest is not None and not whole and not is_synthetic(event),
        )

    def finish(self, draft: Draft, in_time_only: bool = True) -> Email:
        """Build the mail. Raises Rejected if the event is invalid, too old or does not fill the templates, or
        RecipientNotAllowed."""
        if draft.error is not None or draft.event is None:
            raise draft.error or InvalidEvent("the event could not be read")
        event, notification = draft.event, self._find_notification(draft.event)
        if in_time_only:
            self._refuse_if_too_old(event, notification, draft.due)
        recipient: Mapping[str, Any] = event.data["recipient"]
        link = self._make_link(draft)
        render = notification.render_whole if draft.whole else notification.render
        content = render(event.data, recipient["locale"], link)
        extra = _trace(event) | (build_headers(link) if link else {})
        email = Email(
            recipient["email"],
            content.subject,
            content.text,
            content.html,
            extra,
            reply_to=notification.reply_to,
            sender=draft.tenant.sender if draft.tenant else notification.sender,
            tags=self._build_tags(draft),
            tenant=draft.tenant,
            fallback=notification.explain_language(recipient["locale"]),
        )
        if notification.attachments:
            email = self._attach(email, draft, event.data.get("attachments", []))
        if draft.synthetic:  # it reaches no person, so the delivery mode does not apply
            email = replace(email, tags={**email.tags, **dict([SYNTHETIC_TAG])}, tries=event.provider)
        else:
            email = self._copy(self.delivery_mode.apply(email, draft.address), notification)
        if notification.invitation and "invitation" in event.data:
            email = self._invite(email, event)
        return email

    def _attach(self, email: Email, draft: Draft, given: object) -> Email:
        """Add the references of the attachments to a mail. Raises InvalidEvent."""
        from function.message.attachments import make_stand_ins, read_references  # noqa: PLC0415  few mails need it

        if draft.synthetic:
            return replace(email, attachments=make_stand_ins(read_references(given, None)))
        return replace(email, references=read_references(given, self.buckets))

    def _copy(self, email: Email, notification: Notification) -> Email:
        """Add copies to a mail, if there are any."""
        if not self.roles or not (notification.cc or notification.bcc):
            return email
        from function.message.copies import add_copies  # noqa: PLC0415  few mails need it

        return add_copies(email, notification, self.roles, self.delivery_mode)

    def _invite(self, email: Email, event: Event) -> Email:
        """Add the event's invitation to a mail, for whichever address the mail goes to. Raises InvalidEvent."""
        from function.message.invitation import write_invitation  # noqa: PLC0415  few mails need it

        sender = email.sender or self.sender
        return replace(email, invitation=write_invitation(event.data["invitation"], event, sender, email.to))

    def _find_address(self, value: Any) -> str:
        """Return the key of the address that an invalid event names, so that an operator can find who got no mail;
        empty if none."""
        try:
            email = value["data"]["recipient"]["email"]
            return address_key(self.secret, email) if isinstance(email, str) else ""
        except (TypeError, LookupError, UnicodeEncodeError):
            return ""

    def _make_link(self, draft: Draft) -> str | None:
        if self.links is None or draft.subscription is None or not draft.address:
            return None
        return self.links.link(draft.subscription, draft.address)

    def _find_notification(self, event: Event) -> Notification:
        return self.catalogue.get(event.type, event.tenant)

    def _find_tenant(self, event: Event) -> Tenant | None:
        """Return the event's tenant. Raises UnknownTenant: no mail is sent under another's name."""
        if event.tenant is None:
            return None
        if event.tenant not in self.tenants:
            raise UnknownTenant(f"this deployment declares no tenant {event.tenant!r}")
        return self.tenants[event.tenant]

    @staticmethod
    def _build_tags(draft: Draft) -> dict[str, str]:
        """Return the tags that feedback needs about a tenant's mail."""
        if draft.tenant is None:
            return {}
        return {TENANT_TAG: draft.tenant.name} | (dict([OWN_LIST_TAG]) if draft.tenant.own_list else {})

    def _read_due(self, sendat: str) -> int:
        """Return when the event is to be sent, in epoch milliseconds. Raises InvalidEvent if that is too far ahead."""
        try:
            due = datetime.fromisoformat(sendat.upper())
        except ValueError as error:
            raise InvalidEvent("sendat is not a date", "/sendat") from error
        if due - datetime.fromtimestamp(self.clock() / 1000, UTC) > timedelta(milliseconds=FARTHEST):
            raise InvalidEvent("sendat is more than 90 days ahead", "/sendat")
        return int(due.timestamp() * 1000)

    def _refuse_if_too_old(self, event: Event, notification: Notification, due: int | None) -> None:
        """Reject an event that is too old; the age of a scheduled event counts from its time."""
        if notification.max_age is None:
            return
        try:
            happened = datetime.fromisoformat(event.time.upper())
        except ValueError as error:
            raise InvalidEvent("the event's time is not a date", "/time") from error
        if due is not None:
            happened = max(happened, datetime.fromtimestamp(due / 1000, UTC))
        age = datetime.fromtimestamp(self.clock() / 1000, UTC) - happened
        if age > notification.max_age:
            raise InvalidEvent(f"expired: older than {notification.max_age}", "/time", ReasonCode.EVENT_EXPIRED)


def _read_recipients(event: Event, notification: Notification) -> tuple[Any, ...]:
    from function.message.addressing.recipients import read_recipients  # noqa: PLC0415  only where a notification takes several

    return read_recipients(event, notification.validate)


def _read_names(value: object) -> dict[str, str]:
    """Return the names of an invalid event, as far as the ledger can keep them."""
    given = value if isinstance(value, dict) else {}
    texts = ((name, given.get(name)) for name in ("source", "id", "subject"))
    return {name: text for name, text in texts if isinstance(text, str) and NAME.fullmatch(text)}


def _trace(event: Event) -> dict[str, str]:
    """Return the event's trace as a header of its mail."""
    return {"Traceparent": event.traceparent} if event.traceparent else {}
