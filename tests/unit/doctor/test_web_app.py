"""The web app's host name: its certificate and API Gateway. DNS is asked in tests/integration."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.check import CheckStatus
from tests.unit.doctor.fake_cloud import ACCOUNT, HEALTHY, error, find

Answers = dict[tuple[str, str], Any]
_ARN = f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/1234"
_PROOF = {"Name": "_one.books.example.com.", "Type": "CNAME", "Value": "_two.acm-validations.aws."}
_CREATE = "create _one.books.example.com CNAME _two.acm-validations.aws"
#: The API asks for a certificate, and nothing uses it yet.
_COMING = {("apigatewayv2", "GetApi"): HEALTHY["apigatewayv2", "GetApi"] | {"Tags": {"Certificate": _ARN}}}


def linking(url: str) -> Answers:
    """The web app's links begin with this."""
    return {("lambda", "GetFunctionConfiguration"): {"Environment": {"Variables": {"HERALD_PUBLIC_URL": url}}}}


def certificate(status: str, *records: dict[str, str]) -> Answers:
    options = [{"DomainName": "books.example.com", "ResourceRecord": record} for record in records]
    answer = {"DomainName": "books.example.com", "Status": status, "DomainValidationOptions": options}
    return {("acm", "DescribeCertificate"): {"Certificate": answer}}


def served(**changes: Any) -> Answers:
    """`books.example.com` is a custom domain with this certificate."""
    configuration = {"ApiGatewayDomainName": "d-1.execute-api.eu-west-1.amazonaws.com", "CertificateArn": _ARN}
    answer = {"DomainName": "books.example.com", "DomainNameConfigurations": [configuration | changes]}
    return linking("https://books.example.com") | {("apigatewayv2", "GetDomainName"): answer}


@pytest.mark.parametrize(
    ("answers", "status", "finding", "remedy"),
    [
        ({}, CheckStatus.OK, "the API's own address", ""),
        (linking("http://127.0.0.1:4566"), CheckStatus.OK, "on this machine", ""),
        (
            _COMING | certificate("PENDING_VALIDATION", _PROOF),
            CheckStatus.WRONG,
            "the certificate of books.example.com is PENDING_VALIDATION",
            _CREATE,
        ),
        (_COMING | certificate("PENDING_VALIDATION"), CheckStatus.WRONG, "PENDING_VALIDATION", "again in a minute"),
        (_COMING | certificate("VALIDATION_TIMED_OUT", _PROOF), CheckStatus.WRONG, "VALIDATION_TIMED_OUT", _CREATE),
        (
            _COMING | certificate("ISSUED", _PROOF),
            CheckStatus.WARNING,
            "the certificate of books.example.com is issued, and nothing uses it",
            "set custom_domain.certificate_issued in terraform.tfvars",
        ),
        (served() | certificate("ISSUED"), CheckStatus.WARNING, "where books.example.com leads", "look in the console"),
        (served() | certificate("EXPIRED"), CheckStatus.WRONG, "is EXPIRED", ""),
        (
            served(DomainNameStatus="UPDATING") | certificate("ISSUED"),
            CheckStatus.WARNING,
            "books.example.com is UPDATING",
            "wait some minutes",
        ),
        (
            served() | {("apigatewayv2", "GetDomainName"): error("NotFoundException", "GetDomainName", 404)},
            CheckStatus.WARNING,
            "no custom domain of API Gateway in eu-west-1",
            "a CDN",
        ),
        (
            served() | {("apigatewayv2", "GetDomainName"): error("AccessDeniedException", "GetDomainName", 403)},
            CheckStatus.WARNING,
            "",
            "apigateway:GET",
        ),
    ],
)
def test_each_outcome(answers: Answers, status: CheckStatus, finding: str, remedy: str) -> None:
    found = find("web-address", answers)
    assert (found.status, finding in found.finding, remedy in f"{found.finding} {found.remedy}") == (status, True, True)


def test_without_a_web_app_there_is_no_address() -> None:
    def configuration(FunctionName: str) -> Any:
        return (
            error("ResourceNotFoundException", "GetFunctionConfiguration", 404)
            if FunctionName == "herald-web"
            else HEALTHY["lambda", "GetFunctionConfiguration"]
        )

    found = find("web-address", {("lambda", "GetFunctionConfiguration"): configuration})
    assert (found.status, "there is no web app" in found.finding) == (CheckStatus.OK, True)
