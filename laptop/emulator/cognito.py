"""Cognito's side in ministack: a code is six random digits, and is looked at before an address or a password counts.

https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib import import_module
from typing import Any

from laptop.emulator.patches import Ministack

__all__ = ["UserPoolPatches"]

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
            return self._pools._confirmation_code_error(action, data) or run(handler, action, data)

        return check
