"""The domain's reasons for a failed request; `webapp.http.error_handlers` translates each into an HTTP answer.

RequestError
├── NotFound                 does not exist, or belongs to somebody else
├── NotAuthenticated         no valid token
│   ├── AccountDeleted       the account was deleted after this token was issued, or this session began
│   └── SignInTooOld         the request needs a more recent sign-in
├── NotAllowed               the account may not do this
├── SignInFailed             this sign-in failed; another may succeed
├── IdempotencyKeyReused     the key was already used for another request
├── IdempotencyKeyInFlight   the first request with this key is not answered yet
├── TooManyRequests          this caller must wait
├── Unavailable              a dependency of this app does not answer
└── Misconfigured            a setting is missing that only the operator can provide
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AccountDeleted",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "Misconfigured",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "RateLimitStatus",
    "RequestError",
    "SignInFailed",
    "SignInTooOld",
    "TooManyRequests",
    "Unavailable",
]


class RequestError(Exception):
    """A failed request. `detail` is for the caller; `retry_after` is the number of seconds to wait, if waiting
    helps."""

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class NotFound(RequestError):
    """The object does not exist, or belongs to somebody else; callers cannot tell which."""


class NotAuthenticated(RequestError):
    """There is no valid token."""


class AccountDeleted(NotAuthenticated):
    """The token or session is from before the account was deleted."""

    def __init__(
        self, detail: str = "the account was deleted after this sign-in", retry_after: int | None = None
    ) -> None:
        super().__init__(detail, retry_after)


class SignInTooOld(NotAuthenticated):
    """The request needs a sign-in at most `seconds` ago."""

    def __init__(
        self,
        detail: str = "the sign-in is too old for this: sign in again",
        retry_after: int | None = None,
        *,
        seconds: int = 600,
    ) -> None:
        super().__init__(detail, retry_after)
        self.seconds = seconds


class NotAllowed(RequestError):
    """The caller is authenticated, but may not do this."""


class SignInFailed(RequestError):
    """This sign-in failed; another may succeed."""


class IdempotencyKeyReused(RequestError):
    """The key was already used for another request."""


class IdempotencyKeyInFlight(RequestError):
    """The first request with this key is not answered yet."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """A caller's rate limit: of `quota` requests in `window` seconds `remaining` are left, and all of them again in
    `reset` seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int


class TooManyRequests(RequestError):
    """This caller must wait for `retry_after` seconds; `limit` is the one that was reached, if it is not the caller's
    rate of requests, which every answer tells."""

    def __init__(self, detail: str, retry_after: int | None = None, limit: RateLimitStatus | None = None) -> None:
        super().__init__(detail, retry_after)
        self.limit = limit


class Unavailable(RequestError):
    """A dependency of this app does not answer; trying again may help."""


class Misconfigured(RequestError):
    """A setting is missing that only the operator can provide."""
