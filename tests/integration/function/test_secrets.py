"""A provider's secret is read by the ARN of what keeps it, and said nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from function.bootstrap import Clients
from function.environment import BadSetting

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def test_a_parameter_is_read_in_its_own_region() -> None:
    boto3.client("ssm", region_name=REGION).put_parameter(Name="/herald/resend", Value="re_key", Type="SecureString")
    assert Clients().secret(f"arn:aws:ssm:{REGION}:123456789012:parameter/herald/resend") == "re_key"


def test_a_secret_is_read_in_its_own_region() -> None:
    client: Any = boto3.client("secretsmanager", region_name=REGION)
    made = client.create_secret(Name="herald-mailgun", SecretString="key-1")
    assert Clients().secret(made["ARN"]) == "key-1"
    client.put_secret_value(SecretId=made["ARN"], SecretString="key-2")
    assert Clients().secret(made["ARN"]) == "key-2"


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:ssm:{REGION}:123456789012:parameter/herald/none",
        f"arn:aws:secretsmanager:{REGION}:123456789012:secret:none-AbCdEf",
    ],
)
def test_one_that_there_is_not_ends_the_start_with_its_name(arn: str) -> None:
    with pytest.raises(BadSetting, match=f"^the secret {arn} could not be read: "):
        Clients().secret(arn)
