"""The rights of whoever releases, as docs/releasing.md lists them, are those of the calls that the release makes."""

from __future__ import annotations

import re
from pathlib import Path

from tests.documented.calls import operations_called

ROOT = Path(__file__).parents[2]
#: Actions whose names are not those of their operations.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}
#: Needed besides: by CreateDeployment with alarms of its own, and to say which account it is.
BESIDES = {"codedeploy:UpdateDeploymentGroup", "sts:GetCallerIdentity"}


def test_the_page_lists_every_right_that_a_release_needs() -> None:
    page = (ROOT / "docs" / "releasing.md").read_text("utf-8")
    rights = page.partition("## Who may release")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`((?:lambda|codedeploy|cloudwatch|logs|sts):\w+)`", rights))
    called = operations_called((ROOT / "release").glob("*.py"))
    assert listed == {ACTIONS.get(operation, operation) for operation in called} | BESIDES
