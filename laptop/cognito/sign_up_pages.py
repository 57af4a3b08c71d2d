"""The pages that ministack's Cognito does not have: sign up, confirm the address, reset the password."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from laptop.cognito.accounts import CognitoAccounts, CognitoRefusal

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["AccountPages"]

_PAGES = Path(__file__).with_name("pages")
_STEPS = {
    "sign-up": ("Create an account", "/sign-up", "Create the account"),
    "confirm": ("Confirm your address", "/confirm", "Confirm"),
    "reset": ("Reset your password", "/reset", "Mail me a code"),
    "code": ("Choose a new password", "/reset/code", "Set the password"),
    "done": ("Your account is ready", "", ""),
}
#: Shown whether or not the address has an account.
_MAILED = "If this address can be used, a code is on its way to it."


class AccountPages:
    """The HTML forms, each of which leads to the next; `headers` are sent with every page."""

    def __init__(self, accounts: CognitoAccounts, headers: dict[str, str]) -> None:
        self._accounts = accounts
        self._headers = headers

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [
            Route("/sign-up", self._sign_up, methods=["GET", "POST"]),
            Route("/confirm", self._confirm, methods=["GET", "POST"]),
            Route("/reset", self._reset, methods=["GET", "POST"]),
            Route("/reset/code", self._take_code, methods=["POST"]),
        ]

    async def _sign_up(self, request: Request) -> Response:
        if request.method != "POST":
            return await self._show_page("sign-up")
        form = await _read_form(request)
        try:
            await run_in_threadpool(self._accounts.sign_up, form["email"], form["name"], form["password"])
        except CognitoRefusal as refusal:
            return await self._show_page("sign-up", form, wrong=str(refusal))
        return await self._show_page("confirm", form, notice=_MAILED)

    async def _confirm(self, request: Request) -> Response:
        form = await _read_form(request)
        if request.method != "POST" or not form["code"]:
            return await self._show_page("confirm", form)
        try:
            await run_in_threadpool(self._accounts.confirm, form["email"], form["code"])
        except CognitoRefusal as refusal:
            return await self._show_page("confirm", form, wrong=str(refusal))
        return await self._show_page("done")

    async def _reset(self, request: Request) -> Response:
        if request.method != "POST":
            return await self._show_page("reset")
        form = await _read_form(request)
        try:
            await run_in_threadpool(self._accounts.mail_reset_code, form["email"])
        except CognitoRefusal as refusal:
            return await self._show_page("reset", form, wrong=str(refusal))
        return await self._show_page("code", form, notice=_MAILED)

    async def _take_code(self, request: Request) -> Response:
        form = await _read_form(request)
        try:
            await run_in_threadpool(self._accounts.reset, form["email"], form["code"], form["password"])
        except CognitoRefusal as refusal:
            return await self._show_page("code", form, wrong=str(refusal))
        return await self._show_page("done", notice="The new password is set.")

    async def _show_page(
        self, step: str, form: dict[str, str] | None = None, *, notice: str = "", wrong: str = ""
    ) -> Response:
        title, action, button = _STEPS[step]
        shown = {"step": step, "title": title, "action": action, "button": button, "notice": notice, "wrong": wrong}
        filled = {name: (form or {}).get(name, "") for name in ("email", "name")}
        web = await run_in_threadpool(lambda: self._accounts.web)
        text = _make_environment().get_template("account.html").render(**shown, **filled, web=web)
        return HTMLResponse(text, 422 if wrong else 200, self._headers)


async def _read_form(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")).strip() for name in ("email", "name", "code")} | {
        "password": str(form.get("password", ""))
    }


@cache
def _make_environment() -> Environment:
    from webapp.pages.rendering import make_environment  # noqa: PLC0415  it imports fastapi

    return make_environment(_PAGES)
