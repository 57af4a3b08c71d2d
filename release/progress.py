"""A deployment followed to its end on a screen; Ctrl-C asks whether to stop it."""

from __future__ import annotations

import os
from collections.abc import Callable

import typer

from release.display import Screen
from release.outcome import Outcome
from release.poller import Snapshot, Watch
from release.rollback import stop

__all__ = ["asked_to_stop", "follow"]


def asked_to_stop() -> bool | None:
    """Yes or no of a person at a terminal; None if there is nobody, or no answer."""
    if not os.isatty(0):
        return None
    try:
        return typer.confirm("\nStop it and put the version before back?", default=False)
    except (typer.Abort, KeyboardInterrupt):
        return None


def follow(watch: Watch, screen: Screen, ask: Callable[[], bool | None] = asked_to_stop) -> Outcome:
    """Show every look; the outcome. Interrupted: stop it if `ask` says so, go on if not, leave it without an answer."""
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
