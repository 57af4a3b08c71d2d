"""What a release was proved by: synthetic mails, which its hooks count, and real ones, which CloudWatch does."""

from __future__ import annotations

from dataclasses import dataclass

from operations.errors import UserError
from release.analysis.comparison import Comparison, compare
from release.analysis.traffic import Observer, count_totals
from release.deployments import Deployment, list_ended
from release.hooks import count_synthetic
from release.stack import Stack

__all__ = ["Proof", "compare_last", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a release was proved by: `synthetic` mails of its hooks, None if their logs do not say; `real` ones that
    the version carried without an error while it had a part of the traffic."""

    synthetic: int | None
    real: int

    def describe(self) -> str:
        """In words, for a line of text."""
        synthetic = "an unknown number of" if self.synthetic is None else self.synthetic
        return f"proved by {synthetic} synthetic and {self.real} real mails"


def prove(stack: Stack, deployment: Deployment) -> Proof | None:
    """What a deployment that succeeded was proved by, or None if no hook ran, as in a rollback.

    Lambda counts by version only while the alias has two, so all at once no real mail proves anything.
    """
    if not any(deployment.stages.get(event) == "Succeeded" for event in stack.names.hooks):
        return None
    runs, errors = count_totals(stack, [deployment.target], deployment.created)[deployment.target]
    return Proof(count_synthetic(stack, deployment.id), max(0, runs - errors))


def compare_last(stack: Stack) -> tuple[Deployment, Comparison]:
    """The last release that moved traffic, and its two versions compared while they shared it.

    Raises `UserError` if there was none.
    """
    for one in list_ended(stack):
        if one.tried and one.shifts_since is not None and one.target.isdecimal():
            figures = Observer(stack, (one.current, one.target), one.shifts_since, one.shifted or one.completed).look()
            return one, compare(one.target, one.current, figures)
    raise UserError("no release is known that moved traffic: there is nothing to judge")
