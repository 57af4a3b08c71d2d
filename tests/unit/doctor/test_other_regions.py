"""What the doctor says of SES in a second region, asked there and judged as at home."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.aws_api import Boto3AwsApi
from doctor.check import CheckStatus
from tests.unit.doctor.fake_cloud import ACCOUNT, HEALTHY, REGION, context, error, find

THERE = "eu-central-1"
TOPIC = f"arn:aws:sns:{THERE}:{ACCOUNT}:herald-feedback"
OPERATIONS = ("GetAccount", "GetEmailIdentity", "GetConfigurationSet", "GetConfigurationSetEventDestinations")


def sending_by(*providers: str) -> dict[tuple[str, str], Any]:
    """`notify` with these providers."""
    configuration = HEALTHY["lambda", "GetFunctionConfiguration"]
    variables = configuration["Environment"]["Variables"] | {"HERALD_PROVIDERS": ",".join(providers)}
    return {("lambda", "GetFunctionConfiguration"): configuration | {"Environment": {"Variables": variables}}}


def two_regions(**changes: Any) -> dict[tuple[str, str], Any]:
    """SES in both, and what is otherwise in the second one, by operation."""
    answers = {(f"sesv2@{THERE}", name): HEALTHY["sesv2", name] for name in OPERATIONS}
    (destination,) = HEALTHY["sesv2", "GetConfigurationSetEventDestinations"]["EventDestinations"]
    told = {"EventDestinations": [destination | {"SnsDestination": {"TopicArn": TOPIC}}]}
    answers[f"sesv2@{THERE}", "GetConfigurationSetEventDestinations"] = told
    answers |= {(f"sesv2@{THERE}", name): answer for name, answer in changes.items()}
    return answers | sending_by(f"ses://{REGION}", f"ses://{THERE}")


def test_all_is_well_in_both() -> None:
    found = find("ses-other-regions", two_regions())
    assert (found.status, THERE in found.finding) == (CheckStatus.OK, True)


@pytest.mark.parametrize("check", ["ses-other-regions", "provider-keys", "provider-domains", "provider-webhooks"])
def test_providers_that_notify_could_not_read_are_wrong(check: str) -> None:
    found = find(check, sending_by(f"ses://{REGION}", "smtp://ada:secret@mail.example.com:587"))
    assert (found.status, found.remedy) == (CheckStatus.WRONG, "make apply")
    assert found.finding.startswith("HERALD_PROVIDERS of herald-notify names no providers: ")
    assert "secret" not in found.finding


@pytest.mark.parametrize("providers", [(f"ses://{REGION}",), ("resend://",), ()])
def test_where_there_is_no_other_region_nobody_is_asked(providers: tuple[str, ...]) -> None:
    assert find("ses-other-regions", sending_by(*providers)).status is CheckStatus.OK


@pytest.mark.parametrize(
    ("changes", "finding", "remedy"),
    [
        ({"GetAccount": HEALTHY["sesv2", "GetAccount"] | {"ProductionAccessEnabled": False}}, "sandbox", "put-account"),
        (
            {"GetAccount": HEALTHY["sesv2", "GetAccount"] | {"SendingEnabled": False}},
            "sending is off",
            "put-account-sending-attributes",
        ),
        (
            {"GetEmailIdentity": error("NotFoundException", "GetEmailIdentity", 404)},
            f"no identity for books@mail.example.com in {THERE}",
            "make apply",
        ),
        (
            {"GetConfigurationSetEventDestinations": HEALTHY["sesv2", "GetConfigurationSetEventDestinations"]},
            f"tells {TOPIC} nothing",
            "make apply",
        ),
    ],
)
def test_what_is_wrong_there_is_said_with_the_region(changes: dict[str, Any], finding: str, remedy: str) -> None:
    found = find("ses-other-regions", two_regions(**changes))
    assert found.status is CheckStatus.WRONG
    assert f"{THERE}: " in found.finding
    assert finding in found.finding
    assert found.remedy.startswith(f"in {THERE}: ")
    assert remedy in found.remedy


def test_a_quota_that_is_smaller_there_is_found() -> None:
    account = HEALTHY["sesv2", "GetAccount"]
    small = account | {"SendQuota": account["SendQuota"] | {"MaxSendRate": 1.0}}
    assert (
        "SES takes 1 mails a second, send_rate is 14"
        in find("ses-other-regions", two_regions(GetAccount=small)).finding
    )


def test_a_service_is_asked_in_the_region_behind_its_name() -> None:
    made: list[tuple[str, dict[str, str]]] = []

    class Client:
        def get_account(self) -> dict[str, Any]:
            return {"SendingEnabled": True}

    def client(service: str, **more: str) -> Client:
        made.append((service, more))
        return Client()

    cloud = Boto3AwsApi(client)
    for service in ("sesv2", f"sesv2@{THERE}", f"sesv2@{THERE}"):
        assert cloud.ask(service, "GetAccount") == {"SendingEnabled": True}
    assert made == [("sesv2", {}), ("sesv2", {"region_name": THERE})]


def test_the_same_is_still_said_of_the_region_at_home() -> None:
    assert find("ses-sandbox", two_regions()).status is CheckStatus.OK
    assert context().region == REGION
