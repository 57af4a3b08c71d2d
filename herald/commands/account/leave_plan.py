"""`herald leave-plan`: leaves SES's plan for its price for each mail, after asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.console import confirm, console
from laptop.state import DEFAULT_STATE
from operations.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

__all__ = ["leave", "leave_plan"]


def leave_plan(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: for machines")] = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Leave the plan of the account's SES in this region. A thousand mails cost $0.10 then, not $0.16 as on Essentials.

    New accounts are on Essentials. What else a plan includes (https://aws.amazon.com/ses/pricing/) ends with it.
    """
    account = AwsAccount.choose(local, state_dir, prefix)
    with report_refusals("nothing was changed"):
        console.print(leave(account.client("sesv2"), lambda question: yes or confirm(question)))


def leave(ses: SESV2Client, agree: Callable[[str], bool]) -> str:
    """Set the plan to NONE if there is one and the answer is yes; return the message to print.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountPricingAttributes.html
    """
    pricing = ses.get_account().get("PricingAttributes", {})
    plan = pricing.get("CurrentPlan")
    if plan is None:
        raise UserError("SES does not tell its plan here: look in the console, under Account dashboard")
    coming = pricing.get("NextPlan") or plan  # empty if no change is pending
    if coming == "NONE":
        return "The account has no plan." if plan == "NONE" else f"{plan} ends with this month already."
    if not agree(f"The plan of SES, for the whole account in {ses.meta.region_name}, is {coming}. Leave it?"):
        return f"SES stays on {coming}."
    ses.put_account_pricing_attributes(Plan="NONE")
    return f"Asked SES to end {coming}; herald doctor tells from when on."
