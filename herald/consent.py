"""What a person must agree to before letters are sent again: one question for all, another for what may have gone."""

from __future__ import annotations

import os
from dataclasses import dataclass

import typer

from operations.errors import UserError
from operations.redrive.plan import Fate, Plan

__all__ = ["Consent"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What was agreed to on the command line already: `yes` to sending, `even_if_sent` to a possible second mail."""

    yes: bool
    even_if_sent: bool

    def asked(self, plan: Plan) -> int:
        """Take out of the plan what is denied; the number of letters left for want of a yes to a second mail."""
        certain = len(plan.letters) - len(plan.those(Fate.ASK))
        if certain and not (self.yes or _confirmed(f"Go on with {certain}?", "--yes")):
            plan.leave(Fate.SEND)
            plan.leave(Fate.THROW_AWAY)
        doubtful = len(plan.those(Fate.ASK))
        if not doubtful or self.even_if_sent or self._licensed(doubtful):
            return 0
        plan.leave(Fate.ASK)
        return doubtful

    def _licensed(self, doubtful: int) -> bool:
        """With --yes nobody is asked, and nobody has answered this."""
        if self.yes or not os.isatty(0):
            return False
        return typer.confirm(
            f"{doubtful} may have been sent: a second mail may arrive. Send them again?", default=False
        )


def _confirmed(question: str, flag: str) -> bool:
    if not os.isatty(0):
        raise UserError(f"{question} There is nobody to answer: say {flag}", code=2)
    return typer.confirm(question, default=False)
