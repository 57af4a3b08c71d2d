"""How a release can end, each with its exit code and a sentence."""

from __future__ import annotations

from enum import Enum

__all__ = ["ReleaseOutcome", "describe_exit_codes"]


class ReleaseOutcome(Enum):
    """The ends of a deployment, as the command that watched it reports them. Code 1 is a refusal, 2 wrong usage."""

    RELEASED = (0, "all traffic goes to the version that was asked for")
    ROLLED_BACK = (3, "it failed, an alarm rang, or it was worse; all traffic is back on the version before")
    FAILED = (4, "it failed and was not rolled back: look at the alias")
    STOPPED = (5, "somebody stopped it")
    TIMED_OUT = (6, "it is still under way after the deadline, and goes on without anybody watching")
    INCONCLUSIVE = (7, "it was released, and too few real mails proved it: --inconclusive says what followed")
    LEFT = (130, "interrupted: it goes on without anybody watching")

    @property
    def code(self) -> int:
        """The exit code of the command."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """What is true after this outcome."""
        return self.value[1]

    @property
    def word(self) -> str:
        """Its name in words."""
        return self.name.lower().replace("_", " ")


def describe_exit_codes() -> str:
    """The codes of the commands that wait for a deployment, for their --help."""
    rows = [(outcome.code, f"{outcome.word}: {outcome.meaning}") for outcome in ReleaseOutcome]
    rows += [(1, "refused or broken off: one line says why, and no traffic was moved"), (2, "called wrongly")]
    return "Exit codes:\n\n" + "\n\n".join(f"{code}  {text}" for code, text in sorted(rows))
