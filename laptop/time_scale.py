"""The laptop's one factor on every waiting time, and how short what runs in real time lets a wait become."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "SHORTEST_HOOK", "TimeScale"]

#: A minute takes 1.2 seconds.
DEFAULT = 0.02

#: Seconds, because a send really takes up to 12, and a function is really stopped after 30.
SHORTEST_HOLD = 16.0
SHORTEST_VISIBILITY = 36.0
#: Seconds that a hook of a deployment has for its answer: it starts a function, which sends mails.
SHORTEST_HOOK = 600.0


@dataclass(frozen=True, slots=True)
class TimeScale:
    """AWS's and Herald's own seconds on this laptop; a `scale` of 1 is AWS's own time."""

    scale: float = 1.0

    def seconds(self, real: float, least: float = 0.0) -> float:
        """A wait on the laptop: scaled, not below `least` unless AWS's own is."""
        return max(real * self.scale, min(least, real))

    @property
    def visibility(self) -> int:
        """How long a queue hides a message from others: longer than a function runs."""
        return round(self.seconds(180, SHORTEST_VISIBILITY))

    @property
    def settings(self) -> dict[str, str]:
        """Of the functions: the hold, the factor on their own schedule, the jobs that look back."""
        return {
            "HERALD_HOLD_SECONDS": f"{self.seconds(900, SHORTEST_HOLD):g}",
            "HERALD_SWEEP_AFTER_SECONDS": str(round(self.seconds(60, 3))),
            "HERALD_RECONCILE_AFTER_SECONDS": str(round(self.seconds(3600, 60))),
            **({"HERALD_TIME_SCALE": f"{self.scale:g}"} if self.scale < 1 else {}),
        }
