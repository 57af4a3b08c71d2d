"""What can be read from the configuration's text, and how `herald infra` treats a person."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from herald.terraform import target
from herald.terraform.apply import PLAN, TerraformRun
from herald.terraform.mirror import find_mirror, write_cli_config
from herald.terraform.runner import INFRA, Terraform
from herald.terraform.target import AwsTarget
from operations.errors import UserError

TEXTS = {path.relative_to(INFRA): path.read_text() for path in INFRA.rglob("*.tf") if ".terraform" not in path.parts}

#: What runs against AWS.
PACKAGES = ("function", "webapp", "operations", "release", "doctor", "herald", "package")


def blocks(kind: str) -> list[tuple[Path, str]]:
    """Every top-level block of a kind, with the file it stands in."""
    pattern = re.compile(rf'^{kind} "[^"]+"(?: "[^"]+")? \{{\n(.*?)^\}}', re.M | re.S)
    return [(path, match[1]) for path, text in TEXTS.items() for match in pattern.finditer(text)]


def test_terraform_ignores_where_the_alias_points_and_its_weights() -> None:
    aliases = [body for path, body in blocks("resource") if "function_version = aws_lambda_function" in body]
    assert len(aliases) == 1
    assert "ignore_changes = [function_version, routing_config]" in aliases[0]


#: The only places whose own page shows `aws:SourceAccount`, by the service that is let in.
_BY_ACCOUNT = {
    "modules/ses/feedback.tf": "https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html",
    "modules/notifier/permissions.tf": "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    "modules/webapp/permissions.tf": "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    "modules/notifier/deployment.tf": "https://docs.aws.amazon.com/codedeploy/latest/userguide/security_confused_deputy.html",
}


def test_a_source_account_is_asked_for_only_where_the_services_page_shows_it() -> None:
    """Not every service sends the key, and EventBridge cannot invoke a function whose permission asks for it."""
    found = {}
    for path, text in TEXTS.items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if re.search(r"source_?account", line, re.I):
                above = " ".join(lines[max(number - 2, 0) : number])
                assert "source_account" not in line, f"{path}:{number + 1}: the source's ARN names the account"
                found[path.as_posix()] = re.findall(r"# (https://\S+)", above)
    assert found == {path: [page] for path, page in _BY_ACCOUNT.items()}


def test_every_kind_of_resource_was_looked_up_in_both_majors_of_the_provider() -> None:
    """The table of docs/infra.md, which says of each how many of its arguments are set, and their sum."""
    page = (INFRA.parent / "docs" / "infra.md").read_text("utf-8")
    kinds = {kind for text in TEXTS.values() for kind in re.findall(r'^(?:resource|ephemeral) "(aws_\w+)"', text, re.M)}
    data = {kind for text in TEXTS.values() for kind in re.findall(r'^data "(aws_\w+)"', text, re.M)}
    counts = {kind: int(count) for kind, count in re.findall(r"`(aws_\w+)` (\d+)", page)}
    assert counts.keys() == kinds
    assert all(f"`{kind}`" in page for kind in data)
    assert f"{sum(counts.values())} arguments of {len(kinds | data)} types" in page


def test_no_arn_names_one_partition() -> None:
    """In GovCloud and elsewhere ARNs begin otherwise; the laptop cloud alone is always in `aws`."""
    ours = [path for name in PACKAGES for path in sorted((INFRA.parent / name).rglob("*.py"))]
    texts = {path.as_posix(): text for path, text in TEXTS.items()} | {
        str(path): path.read_text("utf-8") for path in ours
    }
    assert len(ours) > 100
    assert [path for path, text in texts.items() if "arn:aws:" in text and "/tests/" not in path] == []


def test_a_deployment_configuration_is_replaced_before_it_is_deleted() -> None:
    """CodeDeploy does not delete one that is in use, so the new one needs a name of its own."""
    (body,) = [body for _, body in blocks("resource") if "time_based_canary" in body]
    assert "create_before_destroy = true" in body
    name = re.findall(r"deployment_config_name = (.+)", body)[0]
    assert {"var.deployment.canary.percent", "var.deployment.canary.minutes"} <= set(re.findall(r"[\w.]+", name))


def test_feedback_comes_by_a_queue_and_by_no_public_address() -> None:
    """SES -> SNS -> SQS -> function, with IAM all the way: a stranger finds no address to post to. Providers' webhooks
    and posted events have files of their own, and an HTTP API where one of them is configured."""
    notifier = {
        path: text
        for path, text in TEXTS.items()
        if path.parts[:2] == ("modules", "notifier")
        and path.name not in ("gateway.tf", "webhook.tf", "events_api.tf", "outputs.tf")
    }
    subscribed = [
        body for path, body in blocks("resource") if "module.ses.feedback_topic_arn" in body and "protocol" in body
    ]
    assert [re.findall(r'protocol\s*=\s*"(\w+)"', body) for body in subscribed] == [
        ["sqs"],
        ["sqs"],
    ]  # at home, and from a second region
    entrances = ("aws_lambda_function_url", "aws_apigatewayv2_", "aws_api_gateway_", "aws_lb")
    assert [path for path, text in notifier.items() if any(kind in text for kind in entrances)] == []
    assert not any("feedback" in body for _, body in blocks("resource") if "route_key" in body)


def test_every_variable_says_what_it_is_in_the_same_order() -> None:
    order = ["description", "type", "default", "ephemeral", "nullable", "validation"]
    for path, body in blocks("variable"):
        keys = [key for key in re.findall(r"^  (\w+)", body, re.M) if key in order]
        assert keys[:2] == ["description", "type"], path
        assert keys == sorted(keys, key=order.index), path


def test_every_output_is_described_first() -> None:
    assert all(body.startswith("  description") for _, body in blocks("output"))


def test_the_only_provider_is_hashicorps_aws() -> None:
    sources = {
        source for text in TEXTS.values() for source in re.findall(r'source\s*=\s*"(hashicorp/\w+|\w+/\w+)"', text)
    }
    assert sources == {"hashicorp/aws"}


def test_the_modules_accept_both_majors_of_the_provider_and_the_root_says_which_is_tested() -> None:
    """`data.aws_region.current.name` is the one name of the region that both know."""
    for path, text in TEXTS.items():
        if path.name == "versions.tf":
            wanted = "~> 5.100" if path.parent == Path() else ">= 5.100, < 7"
            assert re.findall(r'^ +version += "([^"]+)"', text, re.M) == [wanted], path
            assert 'required_version = ">= 1.11"' in text, path
        assert set(re.findall(r"data\.aws_region\.current\.(\w+)", text)) <= {"name"}, path


def test_every_type_that_is_used_was_compared_with_both_majors() -> None:
    used = {
        kind for text in TEXTS.values() for kind in re.findall(r'^(?:resource|data|ephemeral) "(aws_\w+)"', text, re.M)
    }
    section = (
        (INFRA.parent / "docs/infra.md").read_text("utf-8").split("## Versions of the provider")[1].split("\n## ")[0]
    )
    assert used == set(re.findall(r"`(aws_\w+)`", section))


def test_no_account_region_or_machine_stands_in_the_configuration() -> None:
    for path, text in TEXTS.items():
        assert not re.search(r"\b\d{12}\b|127\.0\.0\.1:|/home/|/root/", text), path


def test_the_mirror_is_the_folder_or_its_registry(tmp_path: Path) -> None:
    (tmp_path / "registry.terraform.io").mkdir()
    for named in (tmp_path, tmp_path / "registry.terraform.io"):
        assert find_mirror({"TERRAFORM_PROVIDER_MIRROR": str(named)}) == tmp_path.resolve()
    assert str(tmp_path) in write_cli_config(tmp_path)


def test_a_wrong_mirror_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder registry"):
        find_mirror({"TERRAFORM_PROVIDER_MIRROR": str(tmp_path)})


def test_a_loopback_endpoint_is_refused_without_local(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566", "http://aws.localhost"):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
        with pytest.raises(UserError, match="say --local"):
            target.find_aws()


def test_no_region_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="no AWS region is set"):
        target.find_aws()


class Recorded(Terraform):
    """Terraform that only writes down what it was asked to do."""

    def run(self, *arguments: str) -> None:
        calls.append(list(arguments))

    def json(self, *arguments: str) -> Any:
        return {"url": {"value": "https://herald.example"}, "notifier": {"value": {"alias": "live"}}}


calls: list[list[str]] = []


@pytest.fixture
def run(tmp_path: Path) -> Any:
    calls.clear()
    said.clear()

    def make(answer: bool) -> TerraformRun:
        where = AwsTarget("111122223333", "arn:aws:iam::111122223333:user/ada", "eu-west-1", os.environ, local=False)
        return TerraformRun(
            Recorded(tmp_path, {}), where, ["-var=x=1"], said.append, lambda question: ask(question, answer)
        )

    return make


said: list[str] = []
questions: list[str] = []


def ask(question: str, answer: bool) -> bool:
    questions.append(question)
    return answer


def test_what_is_applied_is_the_plan_that_was_shown(run: Any) -> None:
    run(True).apply()
    assert calls[:2] == [
        ["plan", "-input=false", f"-out={PLAN}", "-var=x=1"],
        ["apply", "-input=false", PLAN],
    ]
    assert said == [
        "Account 111122223333 as arn:aws:iam::111122223333:user/ada, region eu-west-1",
        'url: "https://herald.example"',
    ]
    assert "account 111122223333, region eu-west-1" in questions[-1]


def test_nothing_is_applied_after_a_no(run: Any) -> None:
    for command in ("apply", "destroy"):
        calls.clear()
        with pytest.raises(UserError, match="nothing was changed"):
            getattr(run(False), command)()
        assert [call[0] for call in calls] == ["plan"]
