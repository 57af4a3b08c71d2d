"""What holds in one scenario: contents, clocks, providers, and when what is sent."""

from __future__ import annotations

from dataclasses import dataclass

from function.ledger.keys import is_window
from tests.model.model_state import CANCELLATION, DIGEST, FIVE_MINUTES, NOW, SCHEDULER

__all__ = ["Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds through one scenario: the policy, the providers, what each message says, and which releases can
    render it. Nobody can render the contents `x` and `y`."""

    resends: int = 1
    providers: int = 1
    #: Whether the providers report by webhook, which SES does not.
    reports_by_webhook: bool = False
    breaks_at: int = 99
    #: Whether the providers have just reported on mails that they were given long after any hold.
    reported: bool = False
    #: Whether reports on the event's own mails are marked too; else the sandbox has just marked others.
    marks: bool = False
    #: Whether what became of every attempt is known: nobody is killed, and no answer of a provider is lost.
    certain: bool = False
    #: Of messages m1, m2, …; `a` where there is none.
    contents: str = ""
    #: The contents that want to be sent five minutes after the beginning.
    later: str = ""
    #: Whether events are mailed together; then each message is an event of its own.
    digest: bool = False
    #: Whether each event has several recipients.
    several: bool = False
    #: Whether each message is an event of its own, of a tenant that its content names, and which of these have a list
    #: of their own.
    tenants: bool = False
    own: str = ""
    #: The messages whose deliveries have a clock that is a window behind.
    slow: str = ""
    #: By how many milliseconds the clocks of the scheduler, and of everybody else, are ahead.
    ahead: tuple[int, int] = (0, 0)

    @property
    def urls(self) -> list[str]:
        """The providers."""
        return [f"{'resend' if self.reports_by_webhook else 'ses'}://{number}" for number in range(self.providers)]

    def content(self, message: str) -> str:
        """What a message says; `-` is a cancellation of the event, and `=` begins what a digest says."""
        if is_window(message):
            return DIGEST
        number = int(message.removeprefix("m").partition("-")[0])
        return self.contents[number - 1 : number] or "a"

    def due(self, content: str) -> int | None:
        """When what says this is to be sent."""
        return NOW + FIVE_MINUTES if content in self.later else None

    @property
    def schedules(self) -> bool:
        """Whether anything is sent later, or cancelled."""
        return bool(self.later) or self.digest or CANCELLATION in self.contents

    def clock(self, message: str, now: int) -> int:
        """What the clock of who carries this message says."""
        scheduler, others = self.ahead
        if message in self.slow.split():
            return now - FIVE_MINUTES
        return now + (scheduler if message == SCHEDULER else others)
