"""Two copies of one name in two regions of one account meet nowhere, but where that is refused before an apply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from herald.terraform.preflight import refuse_collisions
from herald.terraform.runner import Terraform
from operations.errors import UserError
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.conftest import SECOND_REGION

HERE, THERE = "us-east-1", "eu-west-1"

Resources = list[tuple[str, dict[str, Any]]]

#: What AWS keeps once for an account, not once for a region, with what names it there: such an ARN has no region.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
GLOBAL = {"aws_iam_role": "name", "aws_cloudwatch_dashboard": "dashboard_name"}

#: Everything that can be made.
WHOLE = {
    "identity": {"domain": "herald.example", "zone_id": "Z1"},
    "custom_domain": {"name": "books.herald.example", "zone_id": "Z1"},
    "providers_in_order": ["ses://us-east-1", "resend://"],
    "second_region": None,
    "provider_secrets": {
        "resend://": {
            "key": "arn:aws:ssm:us-east-1:000000000000:parameter/resend",
            "webhook": "arn:aws:ssm:us-east-1:000000000000:parameter/resend-webhook",
        }
    },
    "release_role": {
        "repository": "octo/herald",
        "oidc_provider_arn": "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com",
    },
}


@pytest.fixture(scope="module")
def made(applied: Applied) -> Resources:
    """Kind and values of each resource of the first copy, as they lie in its state."""
    state = json.loads((applied.terraform.folder / "terraform.tfstate").read_text())
    found = [one for one in state["resources"] if one["mode"] == "managed"]
    return [(one["type"], instance["attributes"]) for one in found for instance in one["instances"]]


@pytest.fixture(scope="module")
def plan(applied: Applied) -> dict[str, Any]:
    """Of a second copy of the same name, in another region, with all that it can have."""
    environment = {**applied.terraform.environment, "AWS_REGION": THERE, "AWS_DEFAULT_REGION": THERE}
    there = Terraform(applied.terraform.folder, environment)
    (there.folder / "whole.tfvars.json").write_text(json.dumps(WHOLE))
    files = ("-var-file=test.tfvars.json", "-var-file=whole.tfvars.json", "-state=there.tfstate", "-out=there.tfplan")
    there.read("plan", "-input=false", "-no-color", *files)
    planned: dict[str, Any] = there.json("show", "-json", "there.tfplan")
    return planned


def read_planned(plan: Mapping[str, Any]) -> Resources:
    """Kind and values of each resource that would be made."""
    changes = [one for one in plan["resource_changes"] if one["change"]["actions"] == ["create"]]
    return [(one["type"], one["change"]["after"]) for one in changes]


def names(resources: Iterable[tuple[str, Mapping[str, Any]]]) -> set[tuple[str, str]]:
    """What AWS keeps once for the account, each by its kind and name."""
    return {(kind, values[GLOBAL[kind]]) for kind, values in resources if kind in GLOBAL}


def test_no_name_of_the_account_is_in_both(made: Resources, plan: dict[str, Any]) -> None:
    here, there = names(made), names(read_planned(plan))
    assert here & there == set()
    assert {(kind, name.replace(HERE, THERE)) for kind, name in here} < there, "the same, and what only the whole has"
    assert [name for _, name in there if THERE not in name] == []


def test_one_name_without_its_region_would_be_seen(made: Resources, plan: dict[str, Any]) -> None:
    """The check itself, with each name in turn as it was before it had the region."""
    for kind, name in names(made):
        bare = name.replace(f"-{HERE}", "")
        broken = {(kind, one.replace(f"-{THERE}", "")) for kind, one in names(read_planned(plan))}
        assert broken & {(kind, bare)} == {(kind, bare)}


def test_nothing_else_that_was_made_belongs_to_the_account(made: Resources) -> None:
    """An ARN without a region tells; a part of one is named within it."""
    everywhere = {
        kind
        for kind, values in made
        for key in ("arn", "dashboard_arn")
        if len(arn := str(values.get(key) or "").split(":")) > 5 and not arn[3]
    }
    assert everywhere == GLOBAL.keys()


def test_records_of_both_in_one_zone_are_refused_before_anything_is_made(plan: dict[str, Any]) -> None:
    """All whose name is known before the apply; a DKIM record's has a token of its region."""
    records = [values for kind, values in read_planned(plan) if kind == "aws_route53_record" and values.get("name")]
    assert {(one["name"], one["type"]) for one in records} == {
        ("bounce.herald.example", "MX"),
        ("bounce.herald.example", "TXT"),
        ("_dmarc.herald.example", "TXT"),
        ("books.herald.example", "A"),
    }
    for one in records:
        zone = Zone(one["name"], one["type"])
        with pytest.raises(UserError, match=f"has a {one['type']} record {one['name']} already: nothing was changed"):
            refuse_collisions(plan, zone.client)


def test_without_its_url_the_second_region_is_emptied_where_it_is_and_nothing_else_goes(applied: Applied) -> None:
    files = ("-var-file=test.tfvars.json", '-var=providers_in_order=["ses://us-east-1"]', "-out=less.tfplan")
    applied.terraform.read("plan", "-input=false", "-no-color", "-refresh=false", *files)
    changes = applied.terraform.json("show", "-json", "less.tfplan")["resource_changes"]
    gone = [one for one in changes if "delete" in one["change"]["actions"]]
    at_home = [one for one in gone if not one["module_address"].startswith("module.second_region[0]")]
    assert [(one["module_address"], one.get("index")) for one in at_home] == [
        ("module.notifier", "feedback-undelivered")
    ]
    assert len(gone) > 10
    there = {one["change"]["before"]["arn"] for one in gone if one["type"] in ("aws_kms_key", "aws_sns_topic")}
    assert {arn.split(":")[3] for arn in there} == {SECOND_REGION}


class Zone:
    """An account of which another region has this record, and nothing else."""

    def __init__(self, name: str, kind: str) -> None:
        self._record = {"Name": f"{name}.", "Type": kind}

    def client(self, _service: str, _region: str | None = None) -> Zone:
        return self

    def list_resource_record_sets(self, **asked: str) -> dict[str, Any]:
        return {"ResourceRecordSets": [self._record]}

    def get_email_identity(self, EmailIdentity: str) -> None:
        raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")

    def get_domain_name(self, DomainName: str) -> None:
        raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetDomainName")
