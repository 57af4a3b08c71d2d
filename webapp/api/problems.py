"""Every way in which a request can fail, as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["KINDS", "MEDIA_TYPE", "Problem", "ProblemType", "make_problem"]

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type of problem; its page is `/problems/<slug>`."""

    slug: str
    status: int
    title: str
    help: str


KINDS = {
    kind.slug: kind
    for kind in (
        ProblemType(
            "bad-request",
            400,
            "The request cannot be read",
            "The request is not what HTTP or this route expects; `detail` says which part. Fix it, then send it again.",
        ),
        ProblemType(
            "sign-in-failed",
            400,
            "The sign-in came to nothing",
            "Sign in again, in the same browser and within 15 minutes. Nobody was signed in.",
        ),
        ProblemType(
            "unauthorized",
            401,
            "No valid token",
            "Send `Authorization: Bearer <id token>` with an unexpired OIDC id token of this app's issuer and client. "
            "An access token is not an id token, and its address must be verified.",
        ),
        ProblemType(
            "sign-in-too-old",
            401,
            "Sign in again first",
            "What cannot be undone needs a sign-in of the last ten minutes, as the token's `auth_time` says. "
            "Sign in again and send the new token.",
        ),
        ProblemType(
            "forbidden",
            403,
            "Not allowed",
            "The form was not posted from a page of this session, the account has no address that mail can go to, "
            "or the page is for operators.",
        ),
        ProblemType(
            "not-found",
            404,
            "Nothing here",
            "There is no such thing, or it belongs to someone else: the two look the same on purpose.",
        ),
        ProblemType(
            "method-not-allowed",
            405,
            "Method not allowed",
            "The header `Allow` lists the methods that the address knows.",
        ),
        ProblemType(
            "precondition-failed",
            412,
            "Changed in the meantime",
            "The book is no longer what `If-Match` names. Get it again and try with its new `ETag`.",
        ),
        ProblemType(
            "precondition-required",
            428,
            "Say what you change",
            "A change must name the state that it changes: send the `ETag` of the last answer as `If-Match`.",
        ),
        ProblemType(
            "idempotency-key-in-flight",
            409,
            "Under way already",
            "A request with the same `Idempotency-Key` is being answered. "
            "Wait as long as `Retry-After` says and send it again: you will get the answer of the first.",
        ),
        ProblemType("content-too-large", 413, "Body too large", "A body may have at most 64 KiB."),
        ProblemType("unsupported-media-type", 415, "Not JSON", "Send the body as `application/json`."),
        ProblemType(
            "invalid",
            422,
            "Some fields are not right",
            "`errors` lists each field by its JSON pointer (or its query parameter) and says what is wrong with it.",
        ),
        ProblemType(
            "idempotency-key-reused",
            422,
            "Another request has this key",
            "An `Idempotency-Key` stands for one request, for a day. Use a new key for a new request.",
        ),
        ProblemType(
            "too-many-requests",
            429,
            "Too many requests",
            "There is a limit to how often one caller may ask. Wait as long as `Retry-After` says.",
        ),
        ProblemType(
            "internal",
            500,
            "Our fault",
            "Something broke on our side and was logged under the request id. Nothing was half done; send it again.",
        ),
        ProblemType(
            "unavailable",
            503,
            "Not available right now",
            "Something that this app depends on does not answer. Wait as long as `Retry-After` says and send it again.",
        ),
    )
}

_BY_STATUS = {kind.status: kind for kind in reversed(KINDS.values())}


@dataclass(slots=True)
class Problem(Exception):
    """A request that fails with the problem type `slug`; the caller gets a problem document."""

    slug: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)

    @property
    def kind(self) -> ProblemType:
        return KINDS[self.slug]

    def document(self, base_url: str, request_id: str) -> dict[str, Any]:
        """Return the problem document of RFC 9457; its `type` is the URL of a page that explains it."""
        document: dict[str, Any] = {
            "type": f"{base_url}/problems/{self.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:herald:request:{request_id}",
        }
        return document | ({"errors": self.errors} if self.errors else {})


def make_problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the problem for a bare HTTP status, as raised by the framework."""
    kind = _BY_STATUS.get(status, KINDS["bad-request" if status < 500 else "internal"])
    return Problem(kind.slug, detail, headers or {})
