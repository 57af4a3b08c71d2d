"""Watches a release that has all traffic until it has baked; an alarm rolls it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from botocore.exceptions import ConnectionError as Unconnected
from botocore.exceptions import HTTPClientError

from release.progress.display import DeploymentScreen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot
from release.progress.promotion_policy import PromotionPolicy

__all__ = ["bake"]


def bake(
    poller: Poller, screen: DeploymentScreen, ask: Callable[[], bool | None], policy: PromotionPolicy
) -> ReleaseOutcome:
    """Watch a version that has all traffic until it has baked, and return the outcome: RELEASED; ROLLED_BACK if an
    alarm rings; STOPPED if the operator stops it or something else moves the traffic; LEFT if nobody keeps watching.

    No traffic is moved here. An alarm that the version is to fix counts only once it has been quiet. CodeDeploy may
    leave out when a deployment was complete: then the bake begins now.
    """
    deployment = poller.last
    if deployment is None:
        return ReleaseOutcome.RELEASED
    began = deployment.completed.timestamp() if deployment.completed else time.time()
    version, ends = deployment.target, began + policy.bake_seconds
    if time.time() >= ends:
        return ReleaseOutcome.RELEASED
    minutes = (ends - time.time()) / 60 / poller.context.scale
    screen.say(f"version {version} has all traffic and bakes: its alarms are watched for {minutes:.0f} min more")
    poller.watched = [*poller.watched, *(one for one in policy.alarms_to_fix if one not in poller.watched)]
    ringing_on = set(policy.alarms_to_fix)
    while True:
        try:
            with screen:
                return _watch_bake(poller, screen, version, ends, ringing_on)
        except KeyboardInterrupt:
            answer = ask()
        except (Unconnected, HTTPClientError) as problem:
            screen.say(f"AWS is out of reach: {problem}; looking again")
            time.sleep(poller.context.pause)
            continue
        if answer is None:
            screen.say(f"version {version} has all traffic, and no alarm takes it back any more: herald rollback does")
            return ReleaseOutcome.LEFT
        if answer:
            return ReleaseOutcome.STOPPED


def _watch_bake(
    poller: Poller, screen: DeploymentScreen, version: str, ends: float, ringing_on: set[str]
) -> ReleaseOutcome:
    """`ringing_on` are alarms that have rung since before the version was live; each is removed once it is quiet."""
    while (left := ends - time.time()) > 0:
        look = poller.look()
        screen.show(replace(look, left=left, until="the bake is over"))
        ringing_on &= {name for name, state in look.alarms.items() if state != "OK"}
        if (found := _end_of_bake(look, version, screen, ringing_on)) is not None:
            return found
        time.sleep(min(poller.context.pause, max(0.0, left)))
    still = ", ".join(sorted(ringing_on))
    screen.say(f"{still} rang on while it baked: it did not fix that" if still else "no alarm rang while it baked")
    return ReleaseOutcome.RELEASED


def _end_of_bake(look: Snapshot, version: str, screen: DeploymentScreen, ringing_on: set[str]) -> ReleaseOutcome | None:
    if version not in look.traffic or len(look.traffic) > 1:
        screen.say(f"something else moves the traffic from version {version}: its bake is over")
        return ReleaseOutcome.STOPPED
    ringing = sorted(name for name, state in look.alarms.items() if state == "ALARM" and name not in ringing_on)
    if ringing:
        screen.say(f"{', '.join(ringing)} rings while version {version} bakes")
        return ReleaseOutcome.ROLLED_BACK
    return None
