"""What a person sees of the doctor and of the smoke test, and which region both of them mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from doctor.aws_api import Boto3AwsApi
from doctor.check import CheckResult, CheckStatus
from doctor.errors import RefusedError
from doctor.recording import RecordingAwsApi
from herald.cli import app
from herald.commands.account.doctor import format_lines, format_summary
from herald.commands.account.smoke import describe_refusal
from herald.doctor_context import DoctorContext, list_regions
from operations.errors import UserError
from tests.unit.doctor.fake_cloud import context

_REMEDY = "aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT"


def test_nothing_that_must_be_copied_is_cut_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    results = [
        CheckResult("a", "First", CheckStatus.OK, "all [bold]is[/] well", ""),
        CheckResult("b", "Second", CheckStatus.WARNING, "look", _REMEDY),
        CheckResult("c", "Third", CheckStatus.WRONG, "x" * 200, "make apply"),
    ]
    console = Console(soft_wrap=True, highlight=False, width=60)
    for line in [line for result in results for line in format_lines(result)] + [format_summary(results)]:
        console.print(line)
    assert capsys.readouterr().out.splitlines() == [
        "ok       First: all [bold]is[/] well",
        "warning  Second: look",
        f"         {_REMEDY}",
        f"wrong    Third: {'x' * 200}",
        "         make apply",
        "1 ok, 1 warning, 1 wrong.",
    ]


@pytest.mark.parametrize(
    ("environment", "profile", "named"),
    [
        ({}, None, ()),
        ({}, "eu-west-1", (("the profile", "eu-west-1"),)),
        (
            {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "eu-west-1"},
            "eu-central-1",
            (("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "us-east-1"), ("the profile", "eu-central-1")),
        ),
    ],
)
def test_each_source_of_the_region_is_told(
    environment: dict[str, str], profile: str | None, named: tuple[tuple[str, str], ...]
) -> None:
    assert list_regions(environment, profile) == named


def test_answers_that_cannot_be_kept_are_told_in_one_line(tmp_path: Path) -> None:
    looked_at = DoctorContext(context(), RecordingAwsApi(Boto3AwsApi(lambda _: None)))
    looked_at.keep(None)
    with pytest.raises(UserError, match=r"the answers were not kept: .*No such file"):
        looked_at.keep(tmp_path / "nowhere" / "answers.json")


def test_who_may_not_publish_is_told_what_lets_him() -> None:
    denied = RefusedError("sns", "Publish", "AuthorizationError", "no", 403)
    assert "add the ARN of its role to `publishers`" in describe_refusal(denied, context())
    other = RefusedError("dynamodb", "GetItem", "AccessDeniedException", "no", 403)
    assert "this caller lacks dynamodb:GetItem" in describe_refusal(other, context())


@pytest.mark.parametrize("arguments", [["smoke", "--events", "0"], ["smoke", "--timeout", "x"], ["doctor", "--what"]])
def test_what_is_called_wrongly_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
