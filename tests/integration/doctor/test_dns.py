"""The domain's records, asked of a real DNS server."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.check import CheckStatus
from tests.integration.doctor.dns_server import Zone, serve_dns
from tests.unit.doctor.fake_cloud import HEALTHY, find
from tests.unit.doctor.test_web_app import certificate, served

_KEYS: dict[tuple[str, str], list[str] | None] = {
    (f"{token}._domainkey.mail.example.com", "CNAME"): [f"{token}.dkim.amazonses.com."]
    for token in ("one", "two", "three")
}
_BOUNCE = "bounce.mail.example.com"
_SPF = '"v=spf1 include:amazonses.com -all"'
_MX = "10 feedback-smtp.eu-west-1.amazonses.com."
_NO_MAIL_FROM = {
    ("sesv2", "GetEmailIdentity"): {
        name: value for name, value in HEALTHY["sesv2", "GetEmailIdentity"].items() if name != "MailFromAttributes"
    }
}


def _with_zone(host: str) -> dict[tuple[str, str], Any]:
    identity = HEALTHY["sesv2", "GetEmailIdentity"]
    return {
        ("sesv2", "GetEmailIdentity"): identity
        | {"DkimAttributes": {"Tokens": ["one"], "SigningHostedZone": host, "Status": "PENDING"}}
    }


@pytest.mark.parametrize(
    ("check", "zone", "answers", "status", "finding", "remedy"),
    [
        ("dns-dkim", _KEYS, {}, CheckStatus.OK, "all 3 CNAMEs of mail.example.com", ""),
        (
            "dns-dkim",
            _KEYS | {("two._domainkey.mail.example.com", "CNAME"): ["elsewhere.example."]},
            {},
            CheckStatus.WRONG,
            "1 of 3 CNAMEs",
            "create two._domainkey.mail.example.com CNAME two.dkim.amazonses.com",
        ),
        ("dns-dkim", {}, {}, CheckStatus.WRONG, "3 of 3 CNAMEs", "._domainkey.mail.example.com CNAME"),
        (
            "dns-dkim",
            {("one._domainkey.mail.example.com", "CNAME"): ["one.dkim.eu-west-1.example."]},
            _with_zone("dkim.eu-west-1.example"),
            CheckStatus.OK,
            "all 1 CNAMEs",
            "",
        ),
        ("dns-spf", {(_BOUNCE, "TXT"): [_SPF, '"something=else"']}, {}, CheckStatus.OK, "include:amazonses.com", ""),
        ("dns-spf", {(_BOUNCE, "TXT"): ['"v=spf1 include:" "amazonses.com" " ~all"']}, {}, CheckStatus.OK, "~all", ""),
        (
            "dns-spf",
            {(_BOUNCE, "MX"): [_MX]},
            {},
            CheckStatus.WRONG,
            "has no SPF record",
            f'create {_BOUNCE} TXT "v=spf1',
        ),
        ("dns-spf", {}, {}, CheckStatus.WRONG, "has no SPF record", f'create {_BOUNCE} TXT "v=spf1'),
        ("dns-spf", {(_BOUNCE, "TXT"): [_SPF, '"v=spf1 -all"']}, {}, CheckStatus.WRONG, "2 SPF records", "leave one"),
        ("dns-spf", {(_BOUNCE, "TXT"): ['"v=spf1 -all"']}, {}, CheckStatus.WRONG, "does not let SES send", "create"),
        ("dns-spf", {}, _NO_MAIL_FROM, CheckStatus.WARNING, "no MAIL FROM domain", "identity.mail_from"),
        ("dns-mx", {(_BOUNCE, "MX"): [_MX]}, {}, CheckStatus.OK, "feedback-smtp.eu-west-1.amazonses.com, alone", ""),
        ("dns-mx", {(_BOUNCE, "MX"): [_MX, "20 mx.example."]}, {}, CheckStatus.WRONG, "mx.example", "be its only one"),
        (
            "dns-mx",
            {},
            {},
            CheckStatus.WRONG,
            "has MX none",
            f"let {_BOUNCE} MX 10 feedback-smtp.eu-west-1.amazonses.com",
        ),
        ("dns-mx", {}, _NO_MAIL_FROM, CheckStatus.WARNING, "no MAIL FROM domain", "identity.mail_from"),
        (
            "dns-dmarc",
            {("_dmarc.mail.example.com", "TXT"): ['"v=DMARC1; p=none"']},
            {},
            CheckStatus.OK,
            "_dmarc.mail.example.com: v=DMARC1; p=none",
            "",
        ),
        (
            "dns-dmarc",
            {("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=reject"']},
            {},
            CheckStatus.OK,
            "_dmarc.example.com",
            "",
        ),
        (
            "dns-dmarc",
            {("_dmarc.mail.example.com", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']},
            {},
            CheckStatus.WRONG,
            "2 records, so none counts",
            "leave one",
        ),
        (
            "dns-dmarc",
            {},
            {},
            CheckStatus.WRONG,
            "no DMARC record",
            'create _dmarc.mail.example.com TXT "v=DMARC1; p=none"',
        ),
    ],
)
def test_each_outcome(
    check: str, zone: Zone, answers: dict[tuple[str, str], Any], status: CheckStatus, finding: str, remedy: str
) -> None:
    with serve_dns(zone) as resolver:
        found = find(check, answers, resolver=resolver)
    assert (found.status, finding in found.finding, remedy in found.remedy) == (status, True, True), found
    assert bool(found.remedy) is (status is not CheckStatus.OK)


def test_a_server_that_is_silent_proves_nothing() -> None:
    with serve_dns({("_dmarc.mail.example.com", "TXT"): None}) as resolver:
        resolver.lifetime = resolver.timeout = 0.2
        found = find("dns-dmarc", resolver=resolver)
    assert found.status is CheckStatus.WARNING
    assert found.finding.startswith("DNS did not answer")


_HOST, _TARGET = "books.example.com", "d-1.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("zone", "status", "finding"),
    [
        ({(_HOST, "CNAME"): [f"{_TARGET}."]}, CheckStatus.OK, "leads to the API"),
        ({(_HOST, "A"): ["192.0.2.2"], (_TARGET, "A"): ["192.0.2.1", "192.0.2.2"]}, CheckStatus.OK, "leads to the API"),
        ({(_TARGET, "A"): ["192.0.2.1"]}, CheckStatus.WRONG, "leads nowhere"),
        ({(_HOST, "A"): ["192.0.2.9"], (_TARGET, "A"): ["192.0.2.1"]}, CheckStatus.WARNING, "leads to 192.0.2.9"),
        ({(_HOST, "CNAME"): None}, CheckStatus.WARNING, "DNS did not answer"),
    ],
)
def test_the_web_apps_host_leads_to_the_api_by_a_name_or_by_its_addresses(
    zone: Zone, status: CheckStatus, finding: str
) -> None:
    with serve_dns(zone) as resolver:
        found = find("web-address", served() | certificate("ISSUED"), resolver=resolver)
    assert (found.status, finding in found.finding) == (status, True), found
    assert bool(found.remedy) is (status is not CheckStatus.OK)
