"""The list of ministack's functions that Herald replaces. ministack is pinned by hash, so the names do not change."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["PATCHED", "Ministack"]

#: The replaced functions, by module.
PATCHED = {
    "lambda_svc": (
        "_effective_func_record_for_qualifier",
        "_emit_lambda_metrics",
        "_execute_function",
        "_get_function",
        "_invoke",
        "_poll_dynamodb_streams",
        "_run_sqs_batch",
        "acquire_worker",
        "invoke_async_with_retry",
    ),
    "sns": ("_deliver_to_lambda", "_deliver_to_sqs"),
    "sqs": (
        "_act_change_visibility",
        "_act_change_visibility_batch",
        "_act_delete_message",
        "_act_delete_message_batch",
        "_act_purge_queue",
        "_act_send_message",
        "_collect_msgs",
        "_dlq_sweep",
        "_expire_retained",
    ),
    "eventbridge": ("_invoke_target",),
    "cognito": ("_login_page_html", "_run_idp_handler", "_send_verification_email"),
    "cloudwatch": (
        "_describe_alarms",
        "_evaluate_alarm",
        "_put_metric_alarm",
        "_set_alarm_state",
    ),
}


class Ministack:
    """ministack's modules. Raises `SystemExit` with a message if a function to be replaced no longer exists."""

    def __init__(self) -> None:
        self.functions, self.topics, self.metrics, self.queues = (
            import_module(f"ministack.services.{name}") for name in ("lambda_svc", "sns", "cloudwatch", "sqs")
        )
        self.tables = import_module("ministack.services.dynamodb")
        self.workers = import_module("ministack.core.lambda_runtime")
        self._left = {(name, function) for name, names in PATCHED.items() for function in names}
        for name, function in self._left:
            if not callable(getattr(import_module(f"ministack.services.{name}"), function, None)):
                raise SystemExit(
                    f"ministack has no {name}.{function} any more: look at what replaced it, and at {__file__}"
                )

    def replace(self, module: Any, function: str, make: Callable[[Any], Any]) -> None:
        """Replace a function listed in PATCHED by `make(original)`."""
        self._left.remove((module.__name__.rpartition(".")[2], function))
        setattr(module, function, make(getattr(module, function)))

    def replace_archive(self, archive: Any) -> None:
        """Replace the module `zipfile` with which sandboxes are unpacked by `archive`."""
        if getattr(self.workers, "zipfile", None) is not zipfile:
            raise SystemExit(f"ministack unpacks no sandbox with zipfile any more: look at it, and at {__file__}")
        vars(self.workers)["zipfile"] = archive

    def finish(self) -> None:
        """Raise `SystemExit` unless every function in PATCHED was replaced."""
        if self._left:
            raise SystemExit(f"not replaced in ministack: {sorted(self._left)}")
