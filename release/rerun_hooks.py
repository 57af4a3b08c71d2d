"""The hooks run against what is live, for a version that no deployment brings: the first, or one in doubt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.display import Screen
from release.stack import Stack
from release.versions import Live, live, versions

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["check_live"]


def check_live(stack: Stack, functions: LambdaClient, screen: Screen) -> bool:
    """Invoke both hooks for the live version, and say what each found. Whether both passed it.

    `functions` must wait as long as a hook may take, and ask once.
    """
    now = live(stack)
    release = next((one.release for one in versions(stack) if one.number == now.version), "?")
    screen.say(f"version {now.version} (release {release}) is live: running its hooks again")
    passed = [_run(functions, screen, hook, now, release) for hook in stack.names.hooks.values()]
    return all(passed)


def _run(functions: LambdaClient, screen: Screen, hook: str, now: Live, release: str) -> bool:
    request = {"Version": now.version, "Release": "" if release == "?" else release}
    answer = functions.invoke(FunctionName=hook, Payload=json.dumps(request).encode())
    found: Any = json.loads(answer["Payload"].read())
    passed = not answer.get("FunctionError") and found.get("status") == "Succeeded"
    reason = found.get("reason") or found.get("errorMessage") or "it gave no reason"
    screen.say(f"{hook}: {'Succeeded' if passed else f'Failed: {reason}'}")
    return passed
