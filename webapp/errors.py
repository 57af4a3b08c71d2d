"""Why a request fails, as far as the domain knows; `webapp.http.error_handlers` translates each into an HTTP answer.

RequestError
├── NotFound                 does not exist, or belongs to somebody else
├── NotAuthenticated         no valid token
│   ├── AccountDeleted       the account was deleted after this token was issued, or this session begun
│   └── SignInTooOld         what is asked needs a sign-in of a moment ago
├── NotAllowed               the account may not do this
├── SignInFailed             this sign-in came to nothing, the next one may work
├── InvalidIdempotencyKey    the header is not a key
├── IdempotencyKeyReused     the key stands for another request already
├── IdempotencyKeyInFlight   the first request with this key is not answered yet
├── TooManyRequests          this caller has to wait
├── Unavailable              something that this app depends on does not answer
└── Misconfigured            this app lacks something that only its operator can give it
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "AccountDeleted",
    "IdempotencyKeyInFlight",
    "IdempotencyKeyReused",
    "InvalidIdempotencyKey",
    "Misconfigured",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "RequestError",
    "SignInFailed",
    "SignInTooOld",
    "TooManyRequests",
    "Unavailable",
]


class RequestError(Exception):
    """A request cannot be done. `detail` is for the caller; `retry_after` are seconds to wait, where that helps."""

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class NotFound(RequestError):
    """There is no such thing, or it belongs to somebody else; callers cannot tell the two apart."""


class NotAuthenticated(RequestError):
    """There is no valid token."""


class AccountDeleted(NotAuthenticated):
    """Nothing is done for a token, or a session, from before the account was deleted."""

    def __init__(
        self, detail: str = "the account was deleted after this sign-in", retry_after: int | None = None
    ) -> None:
        super().__init__(detail, retry_after)


class SignInTooOld(NotAuthenticated):
    """What is asked for needs a sign-in of at most `seconds` ago."""

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
    """The caller is known, but may not do this."""


class SignInFailed(RequestError):
    """This sign-in came to nothing, the next one may work."""


class InvalidIdempotencyKey(RequestError):
    """The header `Idempotency-Key` does not hold a key."""


class IdempotencyKeyReused(RequestError):
    """The key stands for another request already."""


class IdempotencyKeyInFlight(RequestError):
    """The first request with this key is not answered yet."""


class TooManyRequests(RequestError):
    """This caller has to wait for `retry_after` seconds; `headers` say of which limit."""

    def __init__(self, detail: str, retry_after: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, retry_after)
        self.headers = headers or {}


class Unavailable(RequestError):
    """Something that this app depends on does not answer; trying again may help."""


class Misconfigured(RequestError):
    """This app lacks something that only its operator can give it."""
