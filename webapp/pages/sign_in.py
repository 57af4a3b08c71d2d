"""Signing in and out: the browser goes to the issuer's page and comes back with a code."""

import re
import secrets
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from webapp.auth.issuer import Question, failed
from webapp.composition import Parts, PartsOf
from webapp.pages import sessions
from webapp.pages.rendering import page
from webapp.pages.sessions import Session, SessionOf, SignedOut, own_form

#: How long somebody may take on the issuer's page.
_PATIENCE_SECONDS: Final = 15 * 60
#: A path of this app, with or without a query. No dots, no second slash, no host: nothing that could lead elsewhere.
_OWN_PATH: Final = re.compile(r"/(?!sign-)(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]*(?:\?[A-Za-z0-9=&%_+.-]*)?")

router: Final = APIRouter()


@router.get("/sign-in")
def begin(request: Request, parts: PartsOf, then: str = "/") -> Response:
    """Send the browser to the issuer, and let it remember what it asked."""
    if request.headers.get("host") != urlsplit(parts.settings.public_url).netloc:
        return _see(f"{parts.settings.public_url}/sign-in?{urlencode({'then': own_path(then)})}")
    parts.limiter.admit(_address(request))
    question = Question.new()
    asked = parts.question_seal.close({**asdict(question), "then": own_path(then)})
    sessions.set_cookie(request, parts, _question_cookie(parts), asked, _PATIENCE_SECONDS)
    return _see(parts.issuer.page(question))


@router.get("/sign-in/done")
def finish(
    request: Request, parts: PartsOf, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    """Where the issuer sends the browser back to: with a code that is good for this browser's question only."""
    parts.limiter.admit(_address(request))
    question, then = _asked(request, parts, state)
    sessions.set_cookie(request, parts, _question_cookie(parts), "", 0)
    if iss and iss != parts.settings.oidc_issuer:
        raise failed("The answer is from another identity provider.")
    if error == "access_denied":
        return _see("/")
    if error or not code:
        raise failed("The identity provider did not sign you in.")
    answer = parts.issuer.redeem(code, question)
    sessions.keep(request, parts, Session.begun(answer, parts.clock(), parts.settings.session_seconds))
    return _see(then)


@router.post("/sign-out", dependencies=[Depends(own_form)])
def sign_out(request: Request, parts: PartsOf, session: SessionOf) -> Response:
    """Forget who it was, here and at the issuer.

    The way on is a header of an answer and no redirect: browsers hold redirects of a form to `form-action`, and the
    issuer's page is on another host.
    """
    if session is not None and session.refresh_token is not None:
        parts.issuer.revoke(session.refresh_token)
    sessions.forget(request, parts)
    end = parts.issuer.end()
    if end is None:
        return _see("/")
    answer = page(request, "signed-out.html", {"end": end})
    answer.headers["Refresh"] = f"0; url={end}"
    return answer


async def on_signed_out(_request: Request, error: Exception) -> Response:
    """Somebody without a session asked for a page of their own: that page again, after signing in."""
    assert isinstance(error, SignedOut)  # noqa: S101  # registered for this class
    return _see(f"/sign-in?{urlencode({'then': error.then})}")


def own_path(then: str) -> str:
    """`then` if it is a page of this app, else the first page."""
    return then if _OWN_PATH.fullmatch(then) else "/"


def _asked(request: Request, parts: Parts, state: str) -> tuple[Question, str]:
    """What this browser asked; raises `Problem` 400 if it asked nothing, or something else."""
    asked: Any = parts.question_seal.open(request.cookies.get(_question_cookie(parts), ""), _PATIENCE_SECONDS)
    if asked is None or not secrets.compare_digest(state.encode(), asked["state"].encode()):
        raise failed("This browser began no such sign-in, or too long ago.")
    return Question(asked["state"], asked["nonce"], asked["verifier"]), asked["then"]


def _question_cookie(parts: Parts) -> str:
    return sessions.cookie_name(parts, "-sign-in")


def _address(request: Request) -> str:
    return f"address#{request.client.host if request.client else ''}"


def _see(place: str) -> Response:
    return RedirectResponse(place, 303)
