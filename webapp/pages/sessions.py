"""The session of a page's reader: a short-lived encrypted cookie, renewed at the issuer without the reader noticing.

Sessions are not stored on the server, so session fixation is not possible.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request
from starlette.routing import Match

from webapp import log
from webapp.api.dependencies import ServicesOf
from webapp.api.problems import Problem
from webapp.auth.cookie_cipher import CookieCipher
from webapp.auth.identity import Identity, choose_language
from webapp.auth.issuer import Issuer, SignInResult
from webapp.auth.token_refresh import SingleFlightRefresh
from webapp.clock import Clock
from webapp.composition import Services
from webapp.errors import NotAllowed, NotAuthenticated, SignInFailed
from webapp.preferences.account import Account, AccountRepository
from webapp.user_locale import LANGUAGES, UTC_NAME, UserLocale, find_zone_name, negotiate_language

__all__ = [
    "COOKIES",
    "CookiesOf",
    "Operator",
    "Reader",
    "Session",
    "SessionCookies",
    "SessionOf",
    "SessionRenewal",
    "SignedIn",
    "SignedOut",
    "choose_user_locale",
    "get_cookies",
    "is_own_form",
    "require_same_origin",
]

#: Longer than any issuer's refresh token is valid: 30 days, in seconds.
_READABLE_SECONDS = 30 * 24 * 3600
#: Browsers store cookies of up to 4096 bytes, including name and attributes.
#: https://datatracker.ietf.org/doc/html/rfc6265#section-6.1
_MOST_COOKIE_BYTES = 3900
#: The key in `scope` of the answer's `Set-Cookie` lines; see `webapp.http.middleware`.
COOKIES = "cookies"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user until `expires_at` (epoch milliseconds); each form of theirs contains `csrf`.

    `language` and `zone` are the account's choices when the session began or was renewed.
    """

    reader: Identity
    csrf: str
    expires_at: int
    refresh_token: str | None
    language: str | None = None
    zone: str | None = None

    @classmethod
    def start(cls, answer: SignInResult, account: Account, now: int, longest: int) -> Self:
        """Start the session of a reader whom the issuer has just signed in; it lasts at most `longest` seconds."""
        return cls(
            answer.identity,
            secrets.token_urlsafe(24),
            now + min(answer.seconds, longest) * 1000,
            answer.refresh_token,
            account.language,
            account.zone,
        )


@dataclass(frozen=True, slots=True)
class SessionCookies:
    """This app's cookies in a browser; `https` says how users reach the app, `cipher` encrypts the session's cookie."""

    https: bool
    cipher: CookieCipher

    def build_name(self, what: str = "") -> str:
        """Return a cookie's name; with HTTPS its prefix keeps other hosts of the domain from setting it.

        https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-20#name-the-__host-prefix
        """
        return f"{'__Host-' if self.https else ''}herald{what}"

    def send(self, request: Request, name: str, value: str, seconds: int | None = None) -> None:
        """Send a cookie with the answer, whatever that will be; without `seconds` it lasts until the browser is closed.

        SameSite is Lax and not Strict: a reader who comes from the issuer or from a link in a mail must be recognised.
        """
        age = "" if seconds is None else f"; Max-Age={seconds}"
        secure = "; Secure" if self.https else ""
        request.scope.setdefault(COOKIES, []).append(f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")

    def set_session(self, request: Request, session: Session) -> None:
        """Set the session's cookie, replacing any other session."""
        self.send(request, self.build_name(), self.encrypt(session))
        request.scope["session"] = session

    def clear_session(self, request: Request) -> None:
        """Delete the session's cookie."""
        self.send(request, self.build_name(), "", 0)
        request.scope["session"] = None

    def read_session(self, request: Request) -> Session | None:
        """Return the session in the browser's cookie, whether or not it has expired."""
        cookie = request.cookies.get(self.build_name())
        return self.decrypt(cookie) if cookie else None

    def encrypt(self, session: Session) -> str:
        """Encrypt the session as a cookie's value, without the refresh token if it would be too long for a browser."""
        encrypted = self.cipher.encrypt(asdict(session))
        if len(encrypted) > _MOST_COOKIE_BYTES:
            encrypted = self.cipher.encrypt(asdict(replace(session, refresh_token=None)))
        return encrypted

    def decrypt(self, cookie: str) -> Session | None:
        """Decrypt a cookie's value; None if this app did not write it, or it is too old to be read."""
        value: Any = self.cipher.decrypt(cookie, _READABLE_SECONDS)
        try:
            return None if value is None else Session(**{**value, "reader": Identity(**value["reader"])})
        except (TypeError, KeyError):  # written by a release with other fields
            return None


@dataclass(frozen=True, slots=True)
class SessionRenewal:
    """Renews sessions at the issuer, each for at most `longest` seconds."""

    cookies: SessionCookies
    token_refresh: SingleFlightRefresh
    issuer: Issuer
    accounts: AccountRepository
    clock: Clock
    longest: int

    def renew(self, request: Request, session: Session) -> Session | None:
        """Renew the session; None, and the cookie is deleted, if it is over."""
        token = session.refresh_token
        cookie = self.token_refresh.run_once(token, lambda: self._ask_issuer(session, token)) if token else None
        renewed = self.cookies.decrypt(cookie) if cookie else None
        if cookie is None or renewed is None:
            self.cookies.clear_session(request)
            return None
        self.cookies.send(request, self.cookies.build_name(), cookie)
        return renewed

    def _ask_issuer(self, session: Session, refresh_token: str) -> str | None:
        """Renew the session at the issuer; return its cookie, or None if the issuer refuses. Name, address or role may
        have changed, but not the user."""
        try:
            answer = self.issuer.renew(refresh_token, session.reader)
            if answer.identity.sub != session.reader.sub:
                return None
            reader = replace(answer.identity, signed_in_at=session.reader.signed_in_at)
            account = self.accounts.get(reader)
        except (SignInFailed, NotAuthenticated, NotAllowed) as error:
            log.info("session not renewed", reason=type(error).__name__)
            return None
        fresh = Session.start(answer, account, self.clock(), self.longest)
        return self.cookies.encrypt(replace(fresh, reader=reader, csrf=session.csrf))


def get_cookies(request: Request) -> SessionCookies:
    """Return the cookies of the app that answers this request."""
    services: Services = request.app.state.services
    return SessionCookies(services.https, services.session_cipher)


async def _get_cookies(request: Request) -> SessionCookies:
    return get_cookies(request)


CookiesOf = Annotated[SessionCookies, Depends(_get_cookies)]


def _read_session(request: Request, cookies: CookiesOf, services: ServicesOf) -> Session | None:
    session = cookies.read_session(request)
    if session is not None and session.expires_at <= services.clock():
        longest = services.settings.session_seconds
        renewal = SessionRenewal(
            cookies, services.token_refresh, services.issuer, services.accounts, services.clock, longest
        )
        session = renewal.renew(request, session)
    if session is not None:
        services.limiter.admit(f"user#{session.reader.sub}")
        wanted = choose_language(session.reader, request.headers.get("accept-language", ""))
        session = replace(session, reader=wanted)
    request.scope["session"] = session
    return session


def choose_user_locale(request: Request) -> UserLocale:
    """Return a page's language and time zone: the account's choice, else the browser's, else the issuer's."""
    session: Session | None = request.scope.get("session")
    accepted = request.headers.get("accept-language", "")
    if session is None:
        return UserLocale(negotiate_language(accepted) or "en")
    language = choose_language(session.reader, accepted).locale.partition("-")[0].lower()
    zone = session.zone or (find_zone_name(session.reader.zone) if session.reader.zone else None)
    return UserLocale(session.language or (language if language in LANGUAGES else "en"), zone or UTC_NAME)


SessionOf = Annotated[Session | None, Depends(_read_session)]


def _read_reader(session: SessionOf) -> Identity | None:
    return session.reader if session else None


Reader = Annotated[Identity | None, Depends(_read_reader)]


def _require_session(request: Request, session: SessionOf) -> Session:
    if session is None:
        raise SignedOut(_find_page(request))
    return session


def _find_page(request: Request) -> str:
    """Return the page that was requested, or the page whose form was sent."""
    if request.method == "GET":
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    origin, sent_from = _find_own_origin(request), request.headers.get("referer", "")
    return _find_nearest_page(request, sent_from.removeprefix(origin)) if sent_from.startswith(f"{origin}/") else "/"


def _find_nearest_page(request: Request, path: str) -> str:
    """Return the page at this path of this app, or at the nearest parent: the URL that a form posts to may have no
    page."""
    scope = {**request.scope, "method": "GET", "path": path.partition("?")[0]}
    if path in {"", "/"} or any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
        return path or "/"
    return _find_nearest_page(request, path.rpartition("/")[0])


@dataclass(frozen=True, slots=True)
class SignedOut(Exception):
    """The page needs a signed-in user: sign in, then continue at `then`."""

    then: str


SignedIn = Annotated[Session, Depends(_require_session)]


def _require_operator(session: SignedIn) -> Identity:
    if not session.reader.operator:
        raise Problem("forbidden", "This page is for operators.")
    return session.reader


#: A signed-in operator; raises `Problem` 403 for everybody else.
Operator = Annotated[Identity, Depends(_require_operator)]


def require_same_origin(request: Request) -> None:
    """Reject a form that another site posted; raises `Problem` 403.

    Browsers name the origin of a request in Sec-Fetch-Site, older ones in Origin; a client that sends neither is not a
    browser that could carry somebody's cookie.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in {"same-origin", "none"}:
        raise Problem("forbidden", "The form was posted from another site.")
    if origin is not None and origin != _find_own_origin(request):
        raise Problem("forbidden", "The form was posted from another site.")


def _find_own_origin(request: Request) -> str:
    """Return the origin as browsers name it: that of the public URL, as a CDN or custom domain may use another host
    name."""
    public = urlsplit(request.app.state.services.settings.public_url)
    return f"{public.scheme}://{public.netloc}"


def is_own_form(session: Session, csrf: str) -> bool:
    """Whether `csrf`, from a form, belongs to this session."""
    return secrets.compare_digest(csrf.encode(errors="replace"), session.csrf.encode())


def require_own_form(request: Request, session: SessionOf, csrf: Annotated[str, Form()] = "") -> None:
    """Reject a form that does not belong to this session; raises `Problem` 403.

    Without a session there is nothing to forge: such a form leads to the sign-in.
    """
    require_same_origin(request)
    if session is not None and not is_own_form(session, csrf):
        raise Problem("forbidden", "The form is not from a page of this session. Load the page again.")
