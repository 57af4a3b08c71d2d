"""A deployment followed to its end on a screen; Ctrl-C asks whether to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ConnectionError as Unconnected
from botocore.exceptions import HTTPClientError

from release.companions import follow_live
from release.hooks import hook_reason
from release.progress.display import Screen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot
from release.proof import prove
from release.rollback import stop

__all__ = ["follow"]


def follow(poller: Poller, screen: Screen, ask: Callable[[], bool | None]) -> ReleaseOutcome:
    """Show every look; the outcome. Interrupted: stop it if `ask` says True, go on if False, leave it if None.

    At its end, what moves with notify follows what is live.
    """
    last: Snapshot | None = None
    while True:
        try:
            with screen:
                for last in poller:
                    screen.show(last)
            break
        except KeyboardInterrupt:
            answer = ask()
        except (Unconnected, HTTPClientError) as problem:
            screen.say(f"AWS is out of reach, and the deployment goes on: {problem}; looking again")
            time.sleep(poller.stack.pause)
            continue
        if answer is None:
            poller.outcome = ReleaseOutcome.LEFT
            break
        if answer:
            stop(poller.stack, poller.id)
            screen.say(f"{poller.id} is being stopped")
    if poller.last and poller.last.ended and (reason := hook_reason(poller.stack, poller.last)):
        screen.say(reason)
    if poller.last and poller.outcome is ReleaseOutcome.RELEASED and (proof := prove(poller.stack, poller.last)):
        poller.proof = proof
        screen.say(proof.describe())
    if poller.outcome in (ReleaseOutcome.RELEASED, ReleaseOutcome.ROLLED_BACK, ReleaseOutcome.STOPPED):
        follow_live(poller.stack, screen)
    screen.end(poller.outcome, last)
    return poller.outcome
