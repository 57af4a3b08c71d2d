"""Events of several tenants in the model: whose each is, on which list its reader is, and what is promised of lists.

Each content is an event of its own, whose tenant is called like it in small letters: `p` and `P` are of one tenant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fakes.dynamodb.table import State as Snapshot
from fakes.dynamodb.values import Frozen
from function.event.cloudevent import Event
from function.event.compression import compress
from function.ledger.keys import own_list_key
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, Action, State
from function.message.addressing.tenant import Tenant
from function.message.builder import Draft, EmailBuilder
from tests.model.model_state import Mail, ModelState

__all__ = ["find_lost", "find_wrong_list", "find_wrong_stop", "list_of", "read_draft", "tags_of"]

_SUPPRESSING = (Action.FEEDBACK_BOUNCED, Action.FEEDBACK_COMPLAINED)


def _tenant(content: str, own: str) -> Tenant:
    name = content.lower()
    return Tenant(name, f"{name}@{name}.example", own_list=name in own)


def list_of(content: str, own: str, address: str) -> str:
    """The key of the list that counts for an event; `own` are the tenants with a list of their own."""
    tenant = _tenant(content, own)
    return own_list_key(address, tenant.name) if tenant.own_list else address


def read_draft(body: str, own: str, email: str, address: str, subscription: str) -> Draft:
    """An event of the tenant that its content names."""
    tenant, data = _tenant(body, own), {"recipient": {"email": email}, "content": body}
    event = Event("urn:model", body, "book.created", "", data, tenant=tenant.name)
    return Draft(
        event,
        address=list_of(body, own, address),
        subscription=subscription,
        content_hash=event.content_hash,
        body=compress(body),
        tenant=tenant,
    )


def tags_of(mail: Mail, own: str) -> dict[str, str]:
    """The tags that Herald's own builder gives to a mail of its tenant."""
    return EmailBuilder._build_tags(Draft(tenant=_tenant(mail.content, own)))


def find_wrong_list(world: ModelState, own: str, address: str) -> str | None:
    """Where a complaint is not on its tenant's list, or is on another's. A report may be told again, and whoever heard
    it killed: what is listed may have been told to nobody who lived."""
    listed = {key for key, item in world.table.items() if "since" in item}
    heard, told = (
        {list_of(mail.content, own, address) for mail, action in said if action in _SUPPRESSING}
        for said in (world.heard, world.feedback)
    )
    if heard - listed:
        return "a reader complained, and is not on that tenant's list"
    return "a complaint about one tenant's mail is on another's list" if listed - told else None


def find_wrong_stop(table: Snapshot, content: str, own: str, address: str) -> str | None:
    """Why a mail may not be told as stopped: no list of its tenant's says so."""
    item = table.get(list_of(content, own, address), Frozen())
    return None if "since" in item else "a mail was stopped by what concerns another tenant's list"


def find_lost(records: Mapping[str, Record], published: Iterable[str]) -> str | None:
    """What became of no event, at the end: each has its mail, or says that its reader is on the list."""
    for message in published:
        record = records.get(message)
        if record is None or record.state not in ACCEPTED | {State.SUPPRESSED}:
            return "a tenant's event has neither a mail nor a visible reason"
    return None
