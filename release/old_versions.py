"""Published versions that nobody goes back to any more, deleted so that they do not fill the account's code storage.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from operations.errors import UserError
from release.progress.display import Screen
from release.stack import Stack
from release.versions import previous

__all__ = ["KEPT", "delete_old_versions"]

#: How many of a function's newest versions stay.
KEPT = 10


def delete_old_versions(stack: Stack, screen: Screen) -> None:
    """Delete what is older than the newest ten: never a version that an alias names, or that a rollback would go to."""
    for function in (stack.names.notify, stack.names.feedback):
        needed = _find_aliased(stack, function)
        if function == stack.names.notify:
            needed |= _rollback_target(stack)
        old = [version for version in _numbers(stack, function)[KEPT:] if version not in needed]
        for version in old:
            stack.functions.delete_function(FunctionName=function, Qualifier=version)
        if old:
            screen.say(f"{function}: versions {', '.join(sorted(old, key=int))} deleted, older than the last {KEPT}")


def _numbers(stack: Stack, function: str) -> list[str]:
    """The published versions, the newest first."""
    pages = stack.functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    numbers = [one["Version"] for page in pages for one in page.get("Versions", []) if one["Version"] != "$LATEST"]
    return sorted(numbers, key=int, reverse=True)


def _find_aliased(stack: Stack, function: str) -> set[str]:
    pages = stack.functions.get_paginator("list_aliases").paginate(FunctionName=function)
    aliases = [alias for page in pages for alias in page.get("Aliases", [])]
    weighted = {
        version for alias in aliases for version in alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    }
    return {alias["FunctionVersion"] for alias in aliases} | weighted


def _rollback_target(stack: Stack) -> set[str]:
    try:
        return {previous(stack)}
    except UserError:  # nothing was live before
        return set()
