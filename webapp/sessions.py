"""Who is looking at a page: a cookie that holds the id token, set by the laptop's *Sign in as Ada*."""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from webapp import aws, log
from webapp.composition import Parts, PartsOf
from webapp.identity import Identity
from webapp.problems import Problem

COOKIE: Final = "herald_id_token"
_LOCAL_PATH: Final = re.compile(r"/books/[0-9A-Z]{26}")

router: Final = APIRouter()


def same_origin(request: Request) -> None:
    """Refuse a form that another site posted; raises `Problem` 403.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; what says neither is no browser
    that could carry someone's cookie.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Problem("forbidden", "The form was posted from another site.")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem("forbidden", "The form was posted from another site.")


def _reader(request: Request, parts: PartsOf) -> Identity | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    try:
        reader = parts.verifier.verify(token)
    except Problem as problem:
        if problem.slug == "unauthorized":
            return None
        raise
    parts.limiter.admit(f"user#{reader.sub}")
    request.scope["reader"] = reader
    return reader


Reader = Annotated[Identity | None, Depends(_reader)]


@router.post("/sign-in", dependencies=[Depends(same_origin)])
def sign_in(request: Request, parts: PartsOf, then: Annotated[str, Form()] = "/") -> Response:
    """Sign in as the laptop's test user; there is no such route where no such user is set."""
    token = _token_of_test_user(parts)
    answer = RedirectResponse(then if _LOCAL_PATH.fullmatch(then) else "/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=3600, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/sign-out", dependencies=[Depends(same_origin)])
def sign_out() -> Response:
    """Forget who it was."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _token_of_test_user(parts: Parts) -> str:
    user = parts.settings.laptop_sign_in
    if user is None:
        raise Problem("not-found", "There is nothing at this address.")
    try:
        answer = aws.cognito().initiate_auth(
            ClientId=parts.settings.oidc_client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user.user, "PASSWORD": user.password},
        )
    except (BotoCoreError, ClientError) as error:
        log.error("laptop sign-in failed", error=str(error))
        raise Problem("unavailable", "The laptop's user pool did not sign the test user in.") from error
    return answer["AuthenticationResult"]["IdToken"]
