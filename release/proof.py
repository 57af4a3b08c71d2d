"""What a release was proved by: synthetic mails, which its hooks count, and real ones, which CloudWatch does."""

from __future__ import annotations

from release.deployments import Deployment
from release.hooks import count_synthetic
from release.progress.poller import Proof
from release.stack import Stack
from release.traffic import totals

__all__ = ["prove"]


def prove(stack: Stack, deployment: Deployment) -> Proof | None:
    """What a deployment that succeeded was proved by, or None if nobody was asked, as in a rollback.

    Lambda counts by version only while the alias has two, so all at once no real mail proves anything.
    """
    if not any(deployment.stages.get(event) == "Succeeded" for event in stack.names.hooks):
        return None
    runs, errors = totals(stack, [deployment.target], deployment.created)[deployment.target]
    return Proof(count_synthetic(stack, deployment.id), max(0, runs - errors))
