"""Asks for confirmation before a redrive: once for all letters, and again for mails that may have been sent already."""

from __future__ import annotations

import os
from dataclasses import dataclass

import typer

from herald.console import confirm
from operations.redrive.plan import RedriveDecision, RedrivePlan

__all__ = ["RedriveConfirmation"]


@dataclass(frozen=True, slots=True)
class RedriveConfirmation:
    """Confirms a redrive. The flags confirm beforehand: `yes` the sending, `even_if_sent` a possible second mail."""

    yes: bool
    even_if_sent: bool

    def ask(self, plan: RedrivePlan) -> int:
        """Exclude from the plan what is not confirmed; return how many letters stay because a second mail was not."""
        again = len(plan.letters_to(RedriveDecision.AGAIN))
        question = f"{again} reached a provider once: a second mail may arrive. Send once more?"
        if again and not (self.yes or confirm(question)):
            plan.exclude(RedriveDecision.AGAIN)
        certain = len(plan.letters_to(RedriveDecision.SEND)) + len(plan.letters_to(RedriveDecision.DISCARD))
        if certain and not (self.yes or confirm(f"Go on with {certain}?")):
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
            f"{doubtful} may have been sent: a second mail may arrive. Send them again?", default=False, err=True
        )
