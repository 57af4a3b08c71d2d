"""`notify` as it is composed: from the declaration of tenants to the request that SES gets."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import sns, sns_notification
from fakes.example_events import SECRET, event
from function.environment import BadSetting
from function.message.addressing.tenant import pack_tenants
from function.message.catalogue import Catalogue
from function.notify import compose
from laptop.model_validation import request_violations
from tests.faults.herald import ENVIRONMENT

DECLARED = {
    "acme": {
        "from": "Acme Books <mail@acme.example>",
        "configuration_set": "acme-set",
        "tenant_name": "acme-ses",
        "suppression": "own",
    },
    "globex": {"from": "mail@globex.example"},
}


class Ses:
    """SES, as `notify` calls it; each request is held to botocore's model."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.meta = SimpleNamespace(events=SimpleNamespace(register=lambda *_: None))

    def send_email(self, **request: Any) -> dict[str, str]:
        assert not request_violations("sesv2", "SendEmail", request)
        self.requests.append(request)
        return {"MessageId": "0100-abc-000000"}

    def close(self) -> None:
        """The connection has been idle."""


def compose_notify(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, ses: Ses, declared: dict[str, dict[str, str]]
) -> Any:
    monkeypatch.setattr(Catalogue, "load", lambda: catalogue)
    table = MemoryTable("herald-ledger")
    table.gated = False
    clients: Any = SimpleNamespace(
        keys=lambda _: (SECRET,), sqs=lambda: None, dynamodb=lambda: table, ses=lambda *_: ses, secret=None
    )
    return compose(ENVIRONMENT | {"HERALD_TENANTS": pack_tenants(declared)}, clients)


def test_a_mail_leaves_through_its_tenants_set_and_ses_tenant(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue
) -> None:
    ses = Ses()
    notifier = compose_notify(monkeypatch, catalogue, ses, DECLARED)
    context = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 30_000)
    for number, tenant in enumerate(({"tenant": "acme"}, {"tenant": "globex"}, {})):
        body = json.dumps(event(f"e{number}", **tenant))
        assert notifier(sns(sns_notification(body, f"m{number}")), context) == {}
    names = ("FromEmailAddress", "ConfigurationSetName", "TenantName")
    assert [tuple(request.get(name) for name in names) for request in ses.requests] == [
        ("Acme Books <mail@acme.example>", "acme-set", "acme-ses"),
        ("mail@globex.example", "herald", None),
        ("Herald <books@herald.example>", "herald", None),
    ]
    tags = [{tag["Name"]: tag["Value"] for tag in request["EmailTags"]} for request in ses.requests]
    assert [(one.get("tenant"), one.get("suppression")) for one in tags] == [
        ("acme", "own"),
        ("globex", None),
        (None, None),
    ]


def test_a_version_without_the_brand_of_a_declared_tenant_does_not_start(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue
) -> None:
    declared = DECLARED | {"initech": {"from": "mail@initech.example"}}
    with pytest.raises(BadSetting, match=r"add brands/initech\.json$"):
        compose_notify(monkeypatch, catalogue, Ses(), declared)
