"""Deletes published versions that no rollback needs any more: they count towards the account's code storage.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from operations.errors import UserError
from release.lambda_versions.companions import find_paired_versions, list_companions
from release.lambda_versions.versions import find_previous, list_code_hashes
from release.reporter import ProgressReporter
from release.stack import Stack

__all__ = ["KEPT", "delete_old_versions"]

#: How many of a function's newest versions stay.
KEPT = 10


def delete_old_versions(stack: Stack, reporter: ProgressReporter) -> None:
    """Delete versions older than the newest ten, except those that an alias names or a rollback would go to."""
    back = _find_rollback_targets(stack)
    for function in (stack.names.notify, *list_companions(stack)):
        needed = _find_aliased(stack, function) | {back.get(function)}
        newest = sorted(list_code_hashes(stack, function), key=int, reverse=True)
        old = [version for version in newest[KEPT:] if version not in needed]
        for version in old:
            stack.functions.delete_function(FunctionName=function, Qualifier=version)
        if old:
            reporter.say(f"{function}: versions {', '.join(sorted(old, key=int))} deleted, older than the last {KEPT}")


def _find_aliased(stack: Stack, function: str) -> set[str]:
    pages = stack.functions.get_paginator("list_aliases").paginate(FunctionName=function)
    aliases = [alias for page in pages for alias in page.get("Aliases", [])]
    weighted = {
        version for alias in aliases for version in alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    }
    return {alias["FunctionVersion"] for alias in aliases} | weighted


def _find_rollback_targets(stack: Stack) -> dict[str, str]:
    """The version of each function that a rollback would go to."""
    try:
        before = find_previous(stack)
    except UserError:  # nothing was live before
        return {}
    return {stack.names.notify: before, **find_paired_versions(stack, before)}
