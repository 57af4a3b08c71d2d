"""`herald leave-plan`, by a client of botocore's whose answers and requests are held to SES's model."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from herald.commands.account.leave_plan import leave
from operations.errors import UserError


def stub(pricing: dict[str, str] | None) -> tuple[Any, Stubber]:
    client = boto3.client("sesv2", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    stubber.add_response("get_account", {} if pricing is None else {"PricingAttributes": pricing})
    stubber.activate()
    return client, stubber


def test_a_plan_is_left_after_a_yes() -> None:
    client, stubber = stub({"CurrentPlan": "ESSENTIALS"})
    stubber.add_response("put_account_pricing_attributes", {}, {"Plan": "NONE"})
    assert "end ESSENTIALS" in leave(client, lambda question: "the whole account in eu-west-1" in question)
    stubber.assert_no_pending_responses()


def test_a_no_changes_nothing() -> None:
    client, _ = stub({"CurrentPlan": "PRO"})
    assert leave(client, lambda _: False) == "SES stays on PRO."


@pytest.mark.parametrize(
    ("pricing", "said"),
    [
        ({"CurrentPlan": "NONE"}, "The account has no plan."),
        ({"CurrentPlan": "NONE", "NextPlan": ""}, "The account has no plan."),
        ({"CurrentPlan": "ESSENTIALS", "NextPlan": "NONE"}, "ESSENTIALS ends with this month already."),
    ],
)
def test_what_is_left_already_is_said_and_not_asked(pricing: dict[str, str], said: str) -> None:
    client, _ = stub(pricing)
    assert leave(client, lambda _: pytest.fail("it asked")) == said


def test_a_plan_that_is_to_come_can_be_left() -> None:
    client, stubber = stub({"CurrentPlan": "NONE", "NextPlan": "PRO"})
    stubber.add_response("put_account_pricing_attributes", {}, {"Plan": "NONE"})
    leave(client, lambda _: True)
    stubber.assert_no_pending_responses()


def test_where_ses_tells_no_plan_it_is_said() -> None:
    client, _ = stub(None)
    with pytest.raises(UserError, match="does not tell its plan"):
        leave(client, lambda _: True)
