"""Signing in and out: the browser goes to the issuer's page and comes back with a code."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from webapp.api.dependencies import ServicesOf, name_stranger
from webapp.auth.cookie_cipher import CookieCipher
from webapp.auth.issuer import AuthorizationRequest, Issuer
from webapp.errors import AccountDeleted, SignInFailed
from webapp.pages.rendering import render_page
from webapp.pages.sessions import CookiesOf, Session, SessionCookies, SessionOf, SignedOut, require_own_form

__all__ = [
    "begin",
    "end_session",
    "finish",
    "keep_own_path",
    "on_signed_out",
    "redirect_by_header",
    "router",
    "sign_out",
]

#: How long a reader may take on the issuer's page, in seconds.
_PATIENCE_SECONDS = 15 * 60
#: Most sign-ins under way in one browser, each with a cookie: API Gateway accepts 10,240 bytes of headers.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_MOST_SIGN_INS = 4
#: Longest path to return to, so that the cookies of these sign-ins fit into the headers together with a session.
_LONGEST_PATH = 300
#: A path of this app, with or without a query. No dots, no double slash, no host: nothing that could lead elsewhere.
_OWN_PATH = re.compile(r"/(?!sign-)(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]*(?:\?[A-Za-z0-9=&%_+.-]*)?")

router = APIRouter()


@router.get("/sign-in")
def begin(
    request: Request,
    cookies: CookiesOf,
    services: ServicesOf,
    then: str = "/",
    here: str = "",
    fresh: str = "",
    form: str = "",
) -> Response:
    """Redirect to the issuer's page; a cookie keeps the authorization request until the answer comes.

    With `fresh` the issuer is asked to authenticate the user again, even if they are signed in there. After a posted
    form (`form`), an intermediate page leads to the issuer, see `redirect_by_header`.

    A request under another host name is first redirected to the public one, once (`here`): the issuer returns the
    browser to that host, and behind a CDN every request has another host name.
    """
    if not here and request.headers.get("host") != urlsplit(services.settings.public_url).netloc:
        flags = {name: "yes" for name, flag in (("here", "yes"), ("fresh", fresh), ("form", form)) if flag}
        query = urlencode({"then": keep_own_path(then), **flags})
        return _redirect(f"{services.settings.public_url}/sign-in?{query}")
    services.limiter.admit(name_stranger(request))
    question = AuthorizationRequest.create()
    content = services.sign_in_cipher.encrypt({**asdict(question), "then": keep_own_path(then), "fresh": bool(fresh)})
    _drop_oldest(request, cookies)
    cookies.send(request, _sign_in_cookie(cookies, question.state), content, _PATIENCE_SECONDS)
    address = services.issuer.build_authorization_url(question, fresh=bool(fresh))
    return (
        redirect_by_header(render_page(request, "sign-in.html", {"address": address}), address)
        if form
        else _redirect(address)
    )


@router.get("/sign-in/done")
def finish(
    request: Request,
    cookies: CookiesOf,
    services: ServicesOf,
    code: str = "",
    state: str = "",
    iss: str = "",
    error: str = "",
) -> Response:
    """Handle the issuer's answer, whose code is valid only for this browser's authorization request."""
    services.limiter.admit(name_stranger(request))
    question, then, fresh = _read_request(request, cookies, services.sign_in_cipher, state)
    cookies.send(request, _sign_in_cookie(cookies, state), "", 0)
    if iss and iss != services.settings.oidc_issuer:
        raise SignInFailed("The answer is from another identity provider.")
    if error == "access_denied":
        return _redirect("/")
    if error or not code:
        raise SignInFailed("The identity provider did not sign you in.")
    answer = services.issuer.redeem_code(code, question)
    try:
        account = services.accounts.get(answer.identity)
    except AccountDeleted:
        if fresh:
            raise SignInFailed("This account was deleted a moment ago. Try again in a minute.") from None
        return _redirect(f"/sign-in?{urlencode({'then': then, 'fresh': 'yes'})}")
    session = Session.start(answer, account, services.clock(), services.settings.session_seconds)
    if (before := cookies.read_session(request)) and before.reader.sub == session.reader.sub:
        session = replace(session, csrf=before.csrf)  # forms in the user's other tabs remain valid
    cookies.set_session(request, session)
    return _redirect(then)


@router.post("/sign-out", dependencies=[Depends(require_own_form)])
def sign_out(request: Request, cookies: CookiesOf, services: ServicesOf, session: SessionOf) -> Response:
    """End the session, here and at the issuer."""
    end = end_session(request, cookies, services.issuer, session)
    return (
        _redirect("/")
        if end is None
        else redirect_by_header(render_page(request, "signed-out.html", {"end": end}), end)
    )


def end_session(request: Request, cookies: SessionCookies, issuer: Issuer, session: Session | None) -> str | None:
    """End the session here; return the URL for signing out at the issuer, if it has one."""
    if session is not None and session.refresh_token is not None:
        issuer.revoke(session.refresh_token)
    cookies.clear_session(request)
    return issuer.sign_out_url()


def redirect_by_header(answer: Response, end: str, seconds: int = 0) -> Response:
    """Make the browser continue with a `Refresh` header: browsers apply `form-action` to redirects after a form, and
    the issuer's page is on another host."""
    answer.headers["Refresh"] = f"{seconds}; url={end}"
    return answer


async def on_signed_out(request: Request, error: SignedOut) -> Response:
    """Redirect somebody without a session to sign in, and then back to the page that they requested or whose form they
    sent."""
    form = {"form": "yes"} if request.method == "POST" else {}
    return _redirect(f"/sign-in?{urlencode({'then': error.then, **form})}")


def keep_own_path(then: str) -> str:
    """Return `then` if it is a page of this app, else the first page."""
    return then if len(then) <= _LONGEST_PATH and _OWN_PATH.fullmatch(then) else "/"


def _read_request(
    request: Request, cookies: SessionCookies, cipher: CookieCipher, state: str
) -> tuple[AuthorizationRequest, str, bool]:
    """Return this browser's authorization request, where to continue, and whether it was `fresh`; raises `SignInFailed`
    if the browser made none with this state."""
    cookie = request.cookies.get(_sign_in_cookie(cookies, state), "")
    content: Any = cipher.decrypt(cookie, _PATIENCE_SECONDS) if cookie else None
    if content is None or not secrets.compare_digest(state.encode(errors="replace"), content["state"].encode()):
        raise SignInFailed("This browser began no such sign-in, or too long ago.")
    question = AuthorizationRequest(content["state"], content["nonce"], content["verifier"])
    return question, content["then"], content.get("fresh", False)


def _sign_in_cookie(cookies: SessionCookies, state: str = "") -> str:
    """Return the name of a sign-in's cookie, from its state: a user may sign in in several tabs."""
    name = hashlib.sha256(state.encode(errors="replace")).hexdigest()[:16] if state else ""
    return cookies.build_name(f"-sign-in-{name}")


def _drop_oldest(request: Request, cookies: SessionCookies) -> None:
    """Make room for one more sign-in; browsers send the oldest cookie first."""
    under_way = [name for name in request.cookies if name.startswith(_sign_in_cookie(cookies))]
    for name in under_way[: -_MOST_SIGN_INS + 1]:
        if re.fullmatch("[A-Za-z0-9_-]+", name):
            cookies.send(request, name, "", 0)


def _redirect(location: str) -> Response:
    return RedirectResponse(location, 303)
