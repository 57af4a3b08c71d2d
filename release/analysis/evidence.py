"""The evidence for a release: synthetic mails, counted by its hooks, and real ones, counted by CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass

from release.analysis.traffic import count_totals
from release.deployments import Deployment
from release.hook_runs import count_synthetic
from release.release_context import ReleaseContext

__all__ = ["ReleaseEvidence", "collect_evidence"]


@dataclass(frozen=True, slots=True)
class ReleaseEvidence:
    """The mails that prove a release: `synthetic` ones of its hooks, None if their logs do not say; `real` ones that
    the version handled without an error while it had a part of the traffic."""

    synthetic: int | None
    real: int

    def describe(self) -> str:
        """In words, for a line of text."""
        synthetic = "an unknown number of" if self.synthetic is None else self.synthetic
        return f"proved by {synthetic} synthetic and {self.real} real mails"


def collect_evidence(context: ReleaseContext, deployment: Deployment) -> ReleaseEvidence | None:
    """Collect the evidence for a deployment that succeeded; None if no hook ran, as in a rollback.

    Lambda counts by version only while the alias has two, so with all traffic moved at once no real mails are counted.
    """
    if not any(deployment.stages.get(event) == "Succeeded" for event in context.names.hooks):
        return None
    runs, errors = count_totals(context, [deployment.target], deployment.created)[deployment.target]
    return ReleaseEvidence(count_synthetic(context, deployment.id), max(0, runs - errors))
