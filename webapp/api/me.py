"""The JSON API: `/v1/me`, the caller's own account."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from webapp.api.dependencies import AuthenticatedRoute, Caller, ServicesOf, read_caller
from webapp.api.models import DeletedAccountOut
from webapp.api.openapi import document_failures

__all__ = ["delete_account", "router"]

router = APIRouter(
    prefix="/v1/me",
    tags=["account"],
    route_class=AuthenticatedRoute,
    dependencies=[Depends(read_caller)],
    responses=document_failures(401, 403, 429, 500, 503),
)


@router.delete("")
def delete_account(reader: Caller, services: ServicesOf) -> DeletedAccountOut:
    """Delete the caller's account with its books, the events about them, its choices, and the user in the user pool.

    The token must be from a sign-in of the last ten minutes (its `auth_time`), else the answer is 401 with
    `insufficient_user_authentication`. Repeat a deletion that was interrupted. With an issuer that is not this app's
    own user pool the identity stays there, and `identity_deleted` is false. Mails that are already on their way still
    arrive.
    """
    deleted = services.deletion.delete(reader)
    return DeletedAccountOut(books=deleted.books, mails_under_way=deleted.under_way, identity_deleted=deleted.identity)
