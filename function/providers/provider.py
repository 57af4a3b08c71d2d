"""What Herald asks of a mail provider."""

from __future__ import annotations

from typing import Protocol

from function.message.email import Email, Receipt

__all__ = ["Provider"]


class Provider(Protocol):
    """Sends one mail at most once a call, and says truthfully what became of it."""

    @property
    def url(self) -> str:
        """Its name in settings, logs and the ledger, e.g. `ses://eu-west-1`; without secrets."""

    @property
    def timeout(self) -> float:
        """Seconds that a send can take at most."""

    def send(self, email: Email, key: str) -> Receipt:
        """Hand over `email`; `key` comes back in the provider's feedback.

        Returns only when the provider accepted it. Raises NotSent or RefusedForGood when it certainly did not, and
        OutcomeUnknown when that is not known.
        """
