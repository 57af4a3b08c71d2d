"""Cognito in ministack: codes are six random digits, and are checked before an address or a password is changed.

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
"""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from laptop.cognito.demo_users import ADA, GRACE
from laptop.emulator.patches import Ministack
from laptop.model_validation import hold_to_model, leave_blanks, request_violations

__all__ = ["UserPoolPatches"]

#: The operations that create or check a code.
_CODES = frozenset({"ConfirmForgotPassword", "ConfirmSignUp", "ForgotPassword", "ResendConfirmationCode", "SignUp"})
_Send = Callable[..., Any]
_Run = Callable[[Any, str, dict[str, Any]], Any]


class UserPoolPatches:
    """Patches ministack's user pools, which mail the same code to everybody and check it only if IAM is enforced.

    `account_pages` is the URL of the pages that ministack does not have; its sign-in page links to them.
    """

    def __init__(self, ministack: Ministack, account_pages: str = "") -> None:
        self._account_pages = account_pages
        self._pools = import_module("ministack.services.cognito")
        ministack.replace(self._pools, "_send_verification_email", self._patch_send)
        ministack.replace(self._pools, "_run_idp_handler", self._patch_handler)
        ministack.replace(self._pools, "_login_page_html", self._patch_page)

    def _patch_page(self, write: Callable[..., str]) -> Callable[..., str]:
        """Patch the sign-in page: better field labels, and links to the pages for sign-up and password reset."""

        def show(*arguments: Any, **more: Any) -> str:
            page = write(*arguments, **more)
            for found, put in self._list_additions():
                if page.count(found) != 1:
                    raise RuntimeError(f"ministack's sign-in page has no {found!r} any more: look at {__file__}")
                page = page.replace(found, put)
            return page

        return show

    def _list_additions(self) -> Iterator[tuple[str, str]]:
        """Yield pieces of ministack's page, and their replacements."""
        people = "; ".join(f"{each.email}, password {each.password}" for each in (ADA, GRACE))
        links = " · ".join(
            f'<a href="{html.escape(self._account_pages)}{path}">{words}</a>'
            for path, words in (("/sign-up", "Create an account"), ("/reset", "Forgot your password?"))
        )
        yield '<label for="username">Username</label>', '<label for="username">E-mail address of your account</label>'
        yield '<input type="text" id="username"', '<input type="email" id="username"'
        yield "input[type=text],", "input[type=email],input[type=text],"
        yield "</form>", f'</form>\n<p class="footer">{links}</p>\n<p class="footer">On this laptop: {people}</p>'
        yield "color:#879596", "color:#545b64"

    def _patch_send(self, send: _Send) -> _Send:
        def mail(pool: dict[str, Any], username: str, attributes: dict[str, str], _: str, **more: Any) -> Any:
            user = self._pools._resolve_user(pool, username)[0]
            kind = "_reset_code" if more.get("attribute_name") == "password" else "_confirmation_code"
            user[kind] = f"{secrets.randbelow(10**6):06d}"
            return send(pool, username, attributes, user[kind], **more)

        return mail

    def _patch_handler(self, run: _Run) -> _Run:
        def check(handler: Any, action: str, data: dict[str, Any]) -> Any:
            if action not in _CODES:
                return run(handler, action, data)
            if broken := request_violations("cognito-idp", action, data):
                return self._pools.error_response_json("InvalidParameterException", "; ".join(broken), 400)
            answer = self._pools._confirmation_code_error(action, data) or run(handler, action, data)
            if answer[0] == 200:
                hold_to_model("cognito-idp", action, leave_blanks(json.loads(answer[2] or b"{}")))
            return answer

        return check
