"""Every command works in one region of AWS, whichever settings name it, and says what is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from herald.account import AwsAccount
from herald.doctor_context import build_doctor_context
from herald.terraform import target
from herald.terraform.target import AwsTarget
from operations.errors import UserError


def regions(found: AwsTarget) -> set[str]:
    return {found.region, found.environment["AWS_REGION"], found.environment["AWS_DEFAULT_REGION"]}


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize(
    ("aws_region", "default_region", "one"),
    [
        (None, None, "eu-central-1"),
        ("", "", "eu-central-1"),
        (None, "eu-south-1", "eu-south-1"),
        ("", "eu-south-1", "eu-south-1"),
        ("eu-west-1", None, "eu-west-1"),
        ("eu-west-1", "", "eu-west-1"),
        ("eu-west-1", "eu-south-1", "eu-west-1"),
    ],
)
def test_every_command_works_in_one_region_whichever_settings_name_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_region: str | None, default_region: str | None, one: str
) -> None:
    """boto3 by itself takes the profile's first and Terraform's provider the other: one would ask, one would change."""
    for name, value in {"AWS_REGION": aws_region, "AWS_DEFAULT_REGION": default_region}.items():
        if value is not None:
            monkeypatch.setenv(name, value)
    account = AwsAccount.choose(local=False, state_dir=tmp_path, prefix="herald")
    assert regions(target.find_aws()) == {one}
    assert {account.where, account.client("sqs").meta.region_name, account.client("codedeploy").meta.region_name} == {
        one
    }
    assert account.client("sesv2", region_name="us-west-2").meta.region_name == "us-west-2"
    assert build_doctor_context(account, local=False, send_rate=14).check_context.region == one


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("wrong", ["EU-WEST-1", "eu_west_1", "eu-west-1a", "eu-west-1 ", "eu-west", "ireland", "*"])
def test_what_is_no_region_is_said_in_one_line_by_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, wrong: str
) -> None:
    monkeypatch.setenv(name, wrong)
    for choose in (target.find_aws, lambda: AwsAccount.choose(local=False, state_dir=tmp_path, prefix="herald")):
        with pytest.raises(UserError, match=f"region {re.escape(repr(wrong))}, which AWS has not"):
            choose()


def test_a_profile_that_is_not_there_is_said_in_one_line_by_every_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "bob")
    for choose in (target.find_aws, lambda: AwsAccount.choose(local=False, state_dir=tmp_path, prefix="herald")):
        with pytest.raises(UserError, match=r"lead nowhere: The config profile \(bob\) could not be found. Choose"):
            choose()
