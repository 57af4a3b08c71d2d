"""The questions before a redrive: one about all letters, another about mails that may have been sent already."""

from __future__ import annotations

import os
from dataclasses import dataclass

import typer

from operations.errors import UserError
from operations.redrive.plan import Plan, RedriveDecision

__all__ = ["Consent", "confirm"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the flags confirm already: `yes` the sending, `even_if_sent` a possible second mail."""

    yes: bool
    even_if_sent: bool

    def ask(self, plan: Plan) -> int:
        """Take out of the plan what is not confirmed; returns how many letters stay for want of the second answer."""
        certain = len(plan.letters) - len(plan.letters_to(RedriveDecision.ASK))
        if certain and not (self.yes or confirm(f"Go on with {certain}?", "--yes")):
            plan.exclude(RedriveDecision.SEND)
            plan.exclude(RedriveDecision.DISCARD)
        doubtful = len(plan.letters_to(RedriveDecision.ASK))
        if not doubtful or self.even_if_sent or self._confirm_second_mail(doubtful):
            return 0
        plan.exclude(RedriveDecision.ASK)
        return doubtful

    def _confirm_second_mail(self, doubtful: int) -> bool:
        """Ask about second mails; --yes alone does not confirm them."""
        if self.yes or not os.isatty(0):
            return False
        return typer.confirm(
            f"{doubtful} may have been sent: a second mail may arrive. Send them again?", default=False
        )


def confirm(question: str, flag: str) -> bool:
    """Ask a person; raises `UserError` that names the flag where there is nobody to answer."""
    if not os.isatty(0):
        raise UserError(f"{question} There is nobody to answer: say {flag}", code=2)
    return typer.confirm(question, default=False)
