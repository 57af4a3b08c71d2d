"""Cognito's side in ministack: a code is six random digits, and is looked at before an address or a password counts.

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any

from laptop.emulator.patches import Ministack
from laptop.service_model import hold_to_model, leave_blanks, request_violations

__all__ = ["UserPoolPatches"]

#: The calls whose answers are changed here: a code is made, or looked at.
_CODES = frozenset({"ConfirmForgotPassword", "ConfirmSignUp", "ForgotPassword", "ResendConfirmationCode", "SignUp"})
_Send = Callable[..., Any]
_Run = Callable[[Any, str, dict[str, Any]], Any]


class UserPoolPatches:
    """ministack mails the same code to everybody, and checks it only where IAM is enforced."""

    def __init__(self, ministack: Ministack) -> None:
        self._pools = import_module("ministack.services.cognito")
        ministack.replace(self._pools, "_send_verification_email", self._patch_send)
        ministack.replace(self._pools, "_run_idp_handler", self._patch_handler)

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
