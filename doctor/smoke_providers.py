"""Which providers a smoke test tries, and how far a mail can be followed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doctor.check_context import CheckContext
from doctor.checks.providers import find_reporting
from doctor.errors import RefusedError, UnansweredError
from function.providers.urls import is_ses, read_scheme, reports_by_webhook
from operations.errors import UsageError

__all__ = ["EACH", "SmokeProvider", "choose_smoke_providers"]

#: Selects every provider whose mails a test can follow.
EACH = "each"


@dataclass(frozen=True, slots=True)
class SmokeProvider:
    """One provider; an empty URL is the one that sends synthetic mails by default. `reports`: whether reports on its
    mails reach this Herald."""

    url: str = ""
    reports: bool = True

    @property
    def uses_ses(self) -> bool:
        """Whether SES sends, whose rate and quota are known."""
        return not self.url or is_ses(self.url)


def choose_smoke_providers(context: CheckContext, named: Sequence[str]) -> list[SmokeProvider]:
    """The providers that are named by URL, by scheme or by `EACH`, in the order of the settings; if none is named, the
    one that sends synthetic mails by default.

    Raises `UserError` for one that is not configured here, for a mail server, and if `notify` could not read its
    settings.
    """
    if not named:
        return [SmokeProvider()]
    configured = context.providers
    tried = [url for url in configured if is_ses(url) or reports_by_webhook(url)]
    chosen = {url for name in named for url in _find(name, configured, tried)}
    if servers := sorted(chosen - set(tried)):
        raise UsageError(
            f"{servers[0]} has no mailbox for tests, and tells nothing of its mails: send one to yourself by it alone"
        )
    reporting = _find_reporting(context) if any(not is_ses(url) for url in chosen) else set()
    return [SmokeProvider(url, is_ses(url) or url in reporting) for url in configured if url in chosen]


def _find(name: str, configured: Sequence[str], tried: Sequence[str]) -> Sequence[str]:
    found = tried if name == EACH else [url for url in configured if name in _list_names(url)]
    if not found:
        known = ", ".join(configured) or "ses:// alone"
        raise UsageError(f"{name} is none of the providers here, which are {known}")
    return found


def _list_names(url: str) -> tuple[str, ...]:
    """The names that a user may give: `mailgun` also stands for `mailgun+eu`."""
    scheme = read_scheme(url)
    return url, scheme, scheme.partition("+")[0]


def _find_reporting(context: CheckContext) -> set[str]:
    """The providers that report to this Herald; all of them if the caller may not look that up."""
    try:
        return set(find_reporting(context))
    except (RefusedError, UnansweredError):
        return set(context.providers)
