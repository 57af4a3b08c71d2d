"""Checks, their results, and the runner: a check that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from doctor.check_context import CheckContext
from doctor.error_explanations import explain

__all__ = ["Check", "CheckResult", "CheckStatus", "Finding", "Scope", "find_worst", "ok", "run", "warning", "wrong"]


class CheckStatus(StrEnum):
    """The status of a finding, best first."""

    #: Checked, and as it should be.
    OK = "ok"
    #: An operator should know of it or decide, or it could not be checked.
    WARNING = "warning"
    #: Checked, and it holds up mail now or will do so.
    WRONG = "wrong"


class Scope(StrEnum):
    """When a check can be run."""

    #: Also before Herald is installed.
    ACCOUNT = "account"
    #: Only where Herald is installed.
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and the one thing to do about it: empty if the status is ok."""

    status: CheckStatus
    finding: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `run` queries the account and returns a finding; it may raise any error that AWS returns."""

    id: str
    title: str
    run: Callable[[CheckContext], Finding]
    scope: Scope = Scope.INSTALLATION


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check and what it found."""

    id: str
    title: str
    status: CheckStatus
    finding: str
    remedy: str


def ok(finding: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(CheckStatus.OK, finding)


def warning(finding: str, remedy: str) -> Finding:
    """A finding that an operator should know of or decide."""
    return Finding(CheckStatus.WARNING, finding, remedy)


def wrong(finding: str, remedy: str) -> Finding:
    """A finding that holds up mail now or will do so."""
    return Finding(CheckStatus.WRONG, finding, remedy)


def run(
    checks: Iterable[Check], context: CheckContext, tell: Callable[[CheckResult], object] = lambda _: None
) -> list[CheckResult]:
    """Run the checks and return their results in the same order; each is passed to `tell` as soon as it is known.

    A check that raises gets a result, too, and does not stop the others.
    """
    results = []
    for check in checks:
        found = _find(check, context)
        results.append(CheckResult(check.id, check.title, found.status, found.finding, found.remedy))
        tell(results[-1])
    return results


def find_worst(results: Iterable[CheckResult]) -> CheckStatus:
    """The worst status among them; ok if there are none."""
    order = list(CheckStatus)
    return max((result.status for result in results), key=order.index, default=CheckStatus.OK)


def _find(check: Check, context: CheckContext) -> Finding:
    try:
        if check.scope is Scope.INSTALLATION and not context.installed:
            return warning(f"nothing is here yet: there is no function {context.notify}", context.apply)
        return check.run(context)
    except Exception as problem:  # a check that fails must not take the others with it
        explanation = explain(problem, context)
        return (
            wrong(explanation.finding, explanation.remedy)
            if explanation.proof
            else warning(explanation.finding, explanation.remedy)
        )
