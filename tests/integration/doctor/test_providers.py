"""The doctor before the simulators of SendGrid, Mailgun and Resend: key, domain and webhook, and each thing amiss."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from doctor.check import CheckResult, CheckStatus
from doctor.provider_probes import PROBES, HttpAnswer, ProviderAccount
from doctor.recording import RecordingAwsApi
from function.message.addressing.tenant import pack_tenants
from function.providers.urls import build_webhook_path
from function.providers.webhook_registry import open_webhook
from function.providers.webhooks.provider_events import NOTHING
from function.providers.webhooks.request import MalformedWebhook, WebhookRequest
from herald.doctor_context import send_request
from laptop.providers.http_server import ProviderServer
from laptop.providers.mailgun import MailgunSimulator
from laptop.providers.resend import ResendSimulator
from laptop.providers.sendgrid import SendGridSimulator
from laptop.providers.webhook_sender import WebhookSender
from laptop.ses.faults import ArmedFaults
from laptop.ses.mailbox import Mailbox
from tests.unit.doctor.fake_cloud import HEALTHY, FakeCloud, error, find

DOMAIN = "mail.example.com"
KEY = "the key of a test"
SIMULATORS: dict[str, Any] = {
    "sendgrid://": SendGridSimulator,
    f"mailgun+eu://{DOMAIN}": MailgunSimulator,
    "resend://": ResendSimulator,
}
_ARN = "arn:aws:ssm:eu-west-1:111122223333:parameter/key"
_CHECKS = ("provider-keys", "provider-domains", "provider-webhooks")
_LOOKED_FOR = "a1b2c3d4e5"


@dataclass
class Setup:
    """One provider, what AWS says of this Herald, and what the way there does: `said` in place of its answers by a
    part of their address, `unsigned` to what nobody signed."""

    url: str
    simulator: Any
    sender: WebhookSender
    base: str
    providers: str = ""
    key: str = KEY
    heard: bool = True
    said: dict[str, HttpAnswer] = field(default_factory=dict)
    unsigned: int = 401
    tenants: dict[str, dict[str, Any]] = field(default_factory=dict)

    def http(self, method: str, url: str, headers: Mapping[str, str], /) -> HttpAnswer:
        if method == "POST":
            assert not headers
            return HttpAnswer(self.unsigned)
        return next((said for part, said in self.said.items() if part in url), None) or send_request(
            method, url, headers
        )

    def configuration(self, FunctionName: str, Qualifier: str = "") -> Any:
        settings = HEALTHY["lambda", "GetFunctionConfiguration"]["Environment"]["Variables"]
        scheme = self.url.partition("://")[0].partition("+")[0]
        more = {
            "HERALD_PROVIDERS": self.providers or f"ses://eu-west-1,{self.url}",
            "HERALD_PROVIDER_SECRETS": json.dumps({self.url: {"key": _ARN}}),
            "HERALD_PROVIDER_ENDPOINTS": json.dumps({scheme: self.base}),
            "HERALD_TENANTS": pack_tenants(self.tenants),
        }
        if FunctionName == "herald-webhook":
            if not self.heard:
                return error("ResourceNotFoundException", "GetFunctionConfiguration", 404)
            more = {"HERALD_WEBHOOK_SECRETS": json.dumps({self.url: _ARN})}
        return {"Environment": {"Variables": {**settings, **more}}}

    @property
    def answers(self) -> dict[tuple[str, str], Any]:
        api = {"Name": "herald-gateway", "ApiId": _LOOKED_FOR, "ProtocolType": "HTTP", "RouteSelectionExpression": "$r"}
        return {
            ("lambda", "GetFunctionConfiguration"): self.configuration,
            ("ssm", "GetParameter"): {"Parameter": {"Value": self.key}},
            ("apigatewayv2", "GetApis"): {"Items": [api]},
        }

    def finds(self, check: str) -> CheckResult:
        return find(check, self.answers, http=self.http)


@pytest.fixture(params=SIMULATORS)
def setup(request: pytest.FixtureRequest) -> Iterator[Setup]:
    url = request.param
    simulator = SIMULATORS[url](KEY, DOMAIN, ArmedFaults())
    sender = WebhookSender(simulator.name, simulator.faults, lambda *_: 0, after=lambda *_: None)
    sender.url = f"https://{_LOOKED_FOR}.execute-api.eu-west-1.amazonaws.com{build_webhook_path(url)}"
    server = ProviderServer(("127.0.0.1", 0), [simulator], Mailbox(), {simulator.name: sender})
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Setup(url, simulator, sender, f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()


def test_nothing_is_wrong_with_a_provider_that_is_set_up_whole(setup: Setup) -> None:
    found = [setup.finds(check) for check in _CHECKS]
    assert [one.status for one in found] == [CheckStatus.OK] * 3
    assert [one.finding for one in found] == [
        f"{setup.url}: the key is accepted",
        f"{setup.url}: {DOMAIN} is verified",
        f"{setup.url}: its webhook is registered, and answers",
    ]


def test_a_key_that_is_not_known_is_named(setup: Setup) -> None:
    setup.key = "another"
    found = setup.finds("provider-keys")
    assert found.status is (CheckStatus.WARNING if "mailgun" in setup.url else CheckStatus.WRONG)
    assert "does not know the key" in found.finding
    assert found.remedy


@pytest.mark.parametrize("check", _CHECKS)
def test_a_provider_that_does_not_answer_is_no_proof(setup: Setup, check: str) -> None:
    setup.said = {"/": HttpAnswer(0)}
    found = setup.finds(check)
    assert found.status is CheckStatus.WARNING
    assert "it did not answer" in found.finding


@pytest.mark.parametrize(
    "said", [HttpAnswer(403, "{}"), HttpAnswer(401, '{"name": "restricted_api_key", "statusCode": 401}')]
)
def test_a_key_that_may_only_send_is_accepted_and_sees_nothing(setup: Setup, said: HttpAnswer) -> None:
    if "mailgun" in setup.url and said.status == 401:
        pytest.skip("Mailgun names no restriction")
    setup.said = {"/": said}
    assert setup.finds("provider-keys").status is CheckStatus.OK
    for check in ("provider-domains", "provider-webhooks"):
        found = setup.finds(check)
        assert found.status is CheckStatus.WARNING
        assert "may not look" in found.finding


def test_a_domain_that_it_does_not_know_is_named(setup: Setup) -> None:
    setup.simulator.domain = "other.example"
    setup.said = {"/v4/domains": HttpAnswer(200, '{"domain": {"name": "other.example", "state": "active"}}')}
    found = setup.finds("provider-domains")
    assert (found.status, found.finding) == (CheckStatus.WRONG, f"{setup.url}: it does not know {DOMAIN}")


def test_a_tenants_domain_is_to_be_known_where_its_mail_may_go(setup: Setup) -> None:
    """Mailgun sends by one domain, which a tenant's has to belong to."""
    own = f"acme.{DOMAIN}" if "mailgun" in setup.url else "acme.example"
    setup.simulator.also = (own,)
    setup.tenants = {"acme": {"from": f"Acme <mail@{own}>"}}
    found = setup.finds("provider-domains")
    assert (found.status, found.finding) == (CheckStatus.OK, f"{setup.url}: {DOMAIN} and {own} are verified")
    setup.tenants["shop"] = {"from": "mail@shop.example"}
    found = setup.finds("provider-domains")
    assert (found.status, found.finding) == (CheckStatus.WRONG, f"{setup.url}: it does not know shop.example")
    setup.tenants["shop"] |= {"providers": ["ses://eu-west-1"]}
    assert setup.finds("provider-domains").status is CheckStatus.OK


@pytest.mark.parametrize("setup", [f"mailgun+eu://{DOMAIN}"], indirect=True)
@pytest.mark.parametrize("check", _CHECKS)
def test_a_domain_that_mailgun_does_not_know_may_be_in_its_other_region(setup: Setup, check: str) -> None:
    setup.said = {"/": HttpAnswer(404, '{"message": "Domain not found"}')}
    found = setup.finds(check)
    assert (found.status, found.finding) == (
        CheckStatus.WRONG,
        f"{setup.url}: it does not know that domain in this region",
    )
    assert "mailgun+eu:// and the US's mailgun://" in found.remedy


def test_a_domain_that_is_not_verified_is_named(setup: Setup) -> None:
    name = f'"name": "{DOMAIN}", "domain": "{DOMAIN}", "status": "pending", "state": "unverified", "valid": false'
    said = {
        "sendgrid": f"[{{{name}}}]",
        "mailgun+eu": f'{{"domain": {{{name}}}}}',
        "resend": f'{{"data": [{{{name}}}]}}',
    }
    setup.said = {"omains": HttpAnswer(200, said[setup.url.partition("://")[0]])}
    found = setup.finds("provider-domains")
    assert (found.status, found.finding) == (CheckStatus.WRONG, f"{setup.url}: {DOMAIN} is not verified")


@pytest.mark.parametrize(
    "registered", [None, "https://example.com/webhooks/resend", "https://a1b2c3d4e5.example/other"]
)
def test_a_webhook_that_leads_elsewhere_is_named(setup: Setup, registered: str | None) -> None:
    setup.sender.url = registered
    found = setup.finds("provider-webhooks")
    assert (found.status, found.finding) == (CheckStatus.WRONG, f"{setup.url}: no webhook leads here")


def test_a_webhook_that_lacks_events_is_named(setup: Setup) -> None:
    url = setup.sender.url
    said = {
        "sendgrid": {"webhooks": [{"url": url, "enabled": True, "delivered": True}]},
        "mailgun+eu": {"webhooks": {"delivered": {"urls": [url]}}},
        "resend": {"data": [{"endpoint": url, "status": "disabled", "events": ["email.delivered"]}]},
    }
    setup.said = {"webhooks": HttpAnswer(200, json.dumps(said[setup.url.partition("://")[0]]))}
    found = setup.finds("provider-webhooks")
    assert found.status is CheckStatus.WRONG
    assert "lacks" in found.finding
    assert "bounce" in found.finding or "permanent_fail" in found.finding


@pytest.mark.parametrize("unsigned", [0, 200, 403, 500])
def test_a_webhook_that_does_not_answer_as_it_should_is_named(setup: Setup, unsigned: int) -> None:
    setup.unsigned = unsigned
    found = setup.finds("provider-webhooks")
    assert found.status is CheckStatus.WRONG
    assert f"answers {unsigned or 'nothing'}" in found.finding


def test_a_webhook_may_answer_as_the_function_does_to_an_empty_body(setup: Setup) -> None:
    """Mailgun's signature lies in the body: an empty one is malformed there, and only unsigned elsewhere."""
    if "mailgun" in setup.url:
        with pytest.raises(MalformedWebhook):
            open_webhook(setup.url).verify(WebhookRequest({}, b""), "key")
        setup.unsigned = 400
    assert setup.finds("provider-webhooks").status is CheckStatus.OK


#: What each provider's webhook calls the events that reports name otherwise; of Mailgun's `rejected` there is none.
_BY_WEBHOOK: dict[str, dict[str, tuple[str, ...]]] = {
    "sendgrid": {"spamreport": ("spam_report",)},
    "mailgun+eu": {"failed": ("temporary_fail", "permanent_fail"), "rejected": ()},
    "resend": {},
}


def test_every_event_that_means_something_is_missed_at_a_webhook_that_has_none(setup: Setup) -> None:
    scheme = setup.url.partition("://")[0]
    kinds = import_module(f"function.providers.{scheme.partition('+')[0]}.events").KINDS
    counted = {name.partition("/")[0] for name, kind in kinds.items() if kind is not NOTHING}
    wanted = {word for name in counted for word in _BY_WEBHOOK[scheme].get(name, (name,))}
    said = {
        "sendgrid": {"webhooks": [{"url": "x", "enabled": True, "public_key": "k"}]},
        "mailgun+eu": {"webhooks": {"accepted": {"urls": ["x"]}}},
        "resend": {"data": [{"endpoint": "x", "status": "enabled", "events": []}]},
    }
    account = ProviderAccount(setup.url, "", KEY, lambda *_: HttpAnswer(200, json.dumps(said[scheme])))
    missed = set(PROBES[scheme].list_webhooks(account)["x"])
    assert missed | ({"accepted"} if "mailgun" in scheme else set()) == wanted


def test_without_a_signing_key_reports_are_not_heard(setup: Setup) -> None:
    setup.heard = False
    found = setup.finds("provider-webhooks")
    assert found.status is CheckStatus.WARNING
    assert "its mails end as sent" in found.finding


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://127.0.0.1:99999/", "key"),
        ("http://127.0.0.1:x/", "key"),
        ("http://[::1/", "key"),
        ("http://x\n/", "key"),
        (f"http://{'a' * 64}.invalid/", "key"),
        ("no address", "key"),
        ("http://127.0.0.1:1/", "ключ"),
        ("http://127.0.0.1:1/", "ke\ny"),
    ],
)
def test_what_cannot_be_asked_does_not_answer(url: str, word: str) -> None:
    """An address that a provider's list has, and a key as a person pasted it."""
    assert send_request("GET", url, {"Authorization": word}) == HttpAnswer(0)


@pytest.mark.parametrize("check", _CHECKS)
def test_of_several_providers_the_worst_is_told_with_all_of_them(setup: Setup, check: str) -> None:
    setup.providers = f"ses://eu-west-1,smtp://mail.example.com:587,{setup.url}"
    setup.key = "another"
    found = setup.finds(check)
    assert found.status is not CheckStatus.OK
    assert "smtp://mail.example.com:587: a mail server is asked nothing" in found.finding
    assert setup.url in found.finding


@pytest.mark.parametrize("check", _CHECKS)
def test_with_ses_alone_nobody_is_asked(check: str) -> None:
    found = find(check, http=None)
    assert (found.status, found.finding) == (CheckStatus.OK, "mails go by SES alone")


def test_no_recording_holds_a_secret(setup: Setup) -> None:
    recorder = RecordingAwsApi(FakeCloud({**HEALTHY, **setup.answers}))
    assert find("provider-keys", cloud=recorder, http=setup.http).status is CheckStatus.OK
    assert recorder.calls
    assert KEY not in str(recorder.calls)
