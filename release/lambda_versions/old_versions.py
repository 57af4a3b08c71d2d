"""Deletes published versions that no rollback needs any more: they count towards the account's code storage.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from operations.errors import UserError
from release.lambda_versions.companions import find_paired_versions, list_companions
from release.lambda_versions.versions import find_previous, list_code_hashes
from release.release_context import ReleaseContext
from release.reporter import ProgressReporter

__all__ = ["KEPT", "delete_old_versions"]

#: How many of a function's newest versions stay.
KEPT = 10


def delete_old_versions(context: ReleaseContext, reporter: ProgressReporter) -> None:
    """Delete versions older than the newest ten, except those that an alias names or a rollback would go to."""
    back = _find_rollback_targets(context)
    for function in (context.names.notify, *list_companions(context)):
        needed = _find_aliased(context, function) | {back.get(function)}
        newest = sorted(list_code_hashes(context, function), key=int, reverse=True)
        old = [version for version in newest[KEPT:] if version not in needed]
        for version in old:
            context.functions.delete_function(FunctionName=function, Qualifier=version)
        if old:
            reporter.say(f"{function}: versions {', '.join(sorted(old, key=int))} deleted, older than the last {KEPT}")


def _find_aliased(context: ReleaseContext, function: str) -> set[str]:
    pages = context.functions.get_paginator("list_aliases").paginate(FunctionName=function)
    aliases = [alias for page in pages for alias in page.get("Aliases", [])]
    weighted = {
        version for alias in aliases for version in alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    }
    return {alias["FunctionVersion"] for alias in aliases} | weighted


def _find_rollback_targets(context: ReleaseContext) -> dict[str, str]:
    """The version of each function that a rollback would go to."""
    try:
        before = find_previous(context)
    except UserError:  # nothing was live before
        return {}
    return {context.names.notify: before, **find_paired_versions(context, before)}
