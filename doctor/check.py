"""What a check is, what it finds, and how all of them are run: each by itself, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from doctor.check_context import CheckContext
from doctor.error_explanations import explain

__all__ = ["Check", "CheckResult", "CheckStatus", "Finding", "Scope", "find_worst", "ok", "run", "warning", "wrong"]


class CheckStatus(StrEnum):
    """How good a finding is, the best first."""

    #: Seen, and as it should be.
    OK = "ok"
    #: To be known or decided, or not seen at all.
    WARNING = "warning"
    #: Seen, and mail is or will be held up by it.
    WRONG = "wrong"


class Scope(StrEnum):
    """When a check can be judged."""

    #: Before anything is applied, too.
    ACCOUNT = "account"
    #: Only where Herald is installed.
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and the one thing to do; a finding that is ok has nothing to do."""

    status: CheckStatus
    finding: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `run` asks the account and judges; it may raise whatever AWS answers."""

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
    """As it should be."""
    return Finding(CheckStatus.OK, finding)


def warning(finding: str, remedy: str) -> Finding:
    """To be known or decided."""
    return Finding(CheckStatus.WARNING, finding, remedy)


def wrong(finding: str, remedy: str) -> Finding:
    """Mail is or will be held up."""
    return Finding(CheckStatus.WRONG, finding, remedy)


def run(
    checks: Iterable[Check], context: CheckContext, tell: Callable[[CheckResult], object] = lambda _: None
) -> list[CheckResult]:
    """The results in the order of the checks, each passed to `tell` as soon as it is there.

    A check that raises becomes a result of its own, and stops no other.
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
        said = explain(problem, context)
        return wrong(said.finding, said.remedy) if said.proof else warning(said.finding, said.remedy)
