"""A deployment followed to its end on a screen; Ctrl-C asks whether to stop it."""

from __future__ import annotations

from collections.abc import Callable

from release.display import Screen
from release.outcome import Outcome
from release.poller import Snapshot, Watch
from release.rollback import stop

__all__ = ["follow"]


def follow(watch: Watch, screen: Screen, ask: Callable[[], bool | None]) -> Outcome:
    """Show every look; the outcome. Interrupted: stop it if `ask` says True, go on if False, leave it if None."""
    last: Snapshot | None = None
    while True:
        try:
            with screen:
                for last in watch:
                    screen.show(last)
            break
        except KeyboardInterrupt:
            answer = ask()
        if answer is None:
            watch.outcome = Outcome.LEFT
            break
        if answer:
            stop(watch.stack, watch.id)
            screen.say(f"{watch.id} is being stopped")
    screen.end(watch.outcome, last)
    return watch.outcome
