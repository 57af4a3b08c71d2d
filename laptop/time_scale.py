"""The laptop's common factor on all waiting times, and lower limits for waits that depend on real durations."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "SHORTEST_HOOK", "TimeScale"]

#: With this factor, a minute takes 1.2 seconds.
DEFAULT = 0.02

#: Seconds: a send really takes up to 12, and a function is really stopped after 30.
SHORTEST_HOLD = 16.0
SHORTEST_VISIBILITY = 36.0
#: Seconds that a deployment's hook has to answer: it starts a function, which sends mails.
SHORTEST_HOOK = 600.0


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Scales the waiting times of AWS and Herald; a `scale` of 1 means real time."""

    scale: float = 1.0

    def seconds(self, real: float, least: float = 0.0) -> float:
        """Return the scaled wait in seconds; at least `least`, unless `real` is shorter."""
        return max(real * self.scale, min(least, real))

    @property
    def visibility(self) -> int:
        """The visibility timeout of queues, in seconds; longer than a function runs."""
        return round(self.seconds(180, SHORTEST_VISIBILITY))

    @property
    def settings(self) -> dict[str, str]:
        """The settings of functions: the hold, the delays of sweeper and reconciliation, and the factor on all other
        delays.
        """
        return {
            "HERALD_HOLD_SECONDS": f"{self.seconds(900, SHORTEST_HOLD):g}",
            "HERALD_SWEEP_AFTER_SECONDS": str(round(self.seconds(60, 3))),
            "HERALD_RECONCILE_AFTER_SECONDS": str(round(self.seconds(3600, 60))),
            **({"HERALD_TIME_SCALE": f"{self.scale:g}"} if self.scale < 1 else {}),
        }
