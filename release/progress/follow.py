"""A deployment followed to its end on a screen; Ctrl-C asks whether to stop it."""

from __future__ import annotations

from collections.abc import Callable

from release.hooks import hook_reason
from release.progress.display import Screen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot
from release.rollback import stop

__all__ = ["follow"]


def follow(poller: Poller, screen: Screen, ask: Callable[[], bool | None]) -> ReleaseOutcome:
    """Show every look; the outcome. Interrupted: stop it if `ask` says True, go on if False, leave it if None."""
    last: Snapshot | None = None
    while True:
        try:
            with screen:
                for last in poller:
                    screen.show(last)
            break
        except KeyboardInterrupt:
            answer = ask()
        if answer is None:
            poller.outcome = ReleaseOutcome.LEFT
            break
        if answer:
            stop(poller.stack, poller.id)
            screen.say(f"{poller.id} is being stopped")
    if poller.last and poller.last.ended and (reason := hook_reason(poller.stack, poller.last)):
        screen.say(reason)
    screen.end(poller.outcome, last)
    return poller.outcome
