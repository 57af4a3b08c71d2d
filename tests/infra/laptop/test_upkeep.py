"""After the apply: nothing is left to change, also in the middle of a canary; and at the end everything goes."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from typing import Any

import pytest

from herald.terraform.apply import TerraformRun
from herald.terraform.target import AwsTarget
from laptop.clients import LaptopClients
from operations.errors import UserError
from operations.pause import pause, read_pause_status, resume
from tests.infra.laptop.applied import Applied


def test_an_apply_while_herald_is_paused_is_refused_and_changes_nothing(
    applied: Applied, clients: LaptopClients
) -> None:
    pause(clients.functions, "herald-notify")
    target = AwsTarget("000000000000", "test", "us-east-1", applied.terraform.environment, local=True)
    run = TerraformRun(applied.terraform, target, ["-var-file=test.tfvars.json"], lambda _: None, lambda _: True)
    with pytest.raises(UserError, match="herald-notify is paused, and this plan would resume it"):
        run.apply()
    assert read_pause_status(clients.functions, "herald-notify").paused
    resume(clients.functions, "herald-notify")
    assert read_pause_status(clients.functions, "herald-notify").running


@pytest.fixture(scope="module")
def canary(applied: Applied, clients: LaptopClients) -> dict[str, float]:
    """A second version that gets a tenth of the traffic; the weights, as the alias carries them."""
    functions = clients.functions
    code = io.BytesIO((applied.terraform.folder / "function.zip").read_bytes())
    with zipfile.ZipFile(code, "a") as archive:
        archive.writestr("candidate.txt", "another release")
    functions.update_function_code(FunctionName="herald-notify", ZipFile=code.getvalue())
    candidate = functions.publish_version(FunctionName="herald-notify")["Version"]
    weights = {candidate: 0.1}
    functions.update_alias(
        FunctionName="herald-notify",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": weights},
    )
    return weights


def read_alias(clients: LaptopClients) -> tuple[str, Any]:
    """Where the alias points, and the weights that it carries."""
    alias = clients.functions.get_alias(FunctionName="herald-notify", Name="live")
    return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


def test_the_plan_after_an_apply_and_a_pause_in_the_middle_of_a_canary_is_empty(
    applied: Applied, clients: LaptopClients, canary: dict[str, float]
) -> None:
    assert applied.changes() == {}
    assert read_alias(clients) == ("1", canary)


def test_an_apply_in_the_middle_of_a_canary_leaves_the_alias_alone(
    applied: Applied, clients: LaptopClients, canary: dict[str, float]
) -> None:
    changed = ("-var-file=test.tfvars.json", "-var=send_rate=20", "-var=reserve_concurrency=true")
    arguments = ("-auto-approve", "-input=false", "-no-color", *changed)
    applied.terraform.read("apply", *arguments)
    settings = clients.functions.get_function_concurrency(FunctionName="herald-notify")
    assert settings["ReservedConcurrentExecutions"] == 5, "the control: something was applied"
    assert read_alias(clients) == ("1", canary)


def test_the_secret_is_in_no_state_and_no_plan(applied: Applied, clients: LaptopClients) -> None:
    ssm: Any = clients.make_client("ssm")
    secret = ssm.get_parameter(Name="/herald/address-key", WithDecryption=True)["Parameter"]["Value"]
    assert len(secret) >= 32
    for path in (applied.terraform.folder / "terraform.tfstate", applied.terraform.folder / "again.tfplan"):
        assert secret.encode() not in path.read_bytes()
    assert secret not in applied.terraform.read("show", "-json", "again.tfplan")


def test_destroying_it_ends_and_leaves_nothing(applied: Applied, clients: LaptopClients) -> None:
    began = time.monotonic()
    command = ("destroy", "-auto-approve", "-input=false", "-no-color", "-var-file=test.tfvars.json")
    try:
        applied.terraform.read(*command)
    except UserError as broke_off:
        # Its answer was lost and the provider asked once more: docs/infra.md says to run it again, as a person does.
        assert re.search(r"CloudWatch Dashboard .* does not exist", str(broke_off)), broke_off
        applied.terraform.read(*command)
    seconds = time.monotonic() - began
    assert applied.terraform.read("state", "list") == ""
    assert clients.dynamodb.list_tables()["TableNames"] == []
    assert clients.functions.list_functions()["Functions"] == []
    assert clients.sns.list_topics()["Topics"] == []
    assert clients.sqs.list_queues().get("QueueUrls", []) == []
    times = {"resources": applied.count, "apply": round(applied.seconds), "destroy": round(seconds)}
    (applied.terraform.folder / "times.json").write_text(json.dumps(times))
