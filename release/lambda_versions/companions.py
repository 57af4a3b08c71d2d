"""The companions, functions that are released with `notify`, and the code of the hooks.

CodeDeploy moves one alias, that of `notify`. The hook after traffic moves those of the companions, and the hook of a
rollback moves them back. This module publishes the companions' versions, and moves their aliases if no hook ran.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from function.canary.deployment_description import Companion
from operations.errors import UserError
from release.deployments import list_ended
from release.lambda_versions.publish import Artifact, compute_sha256, publish, update
from release.lambda_versions.versions import await_move, list_code_hashes, move_alias, read_code_hash
from release.reporter import ProgressReporter
from release.stack import ALIAS, OPTIONAL, Stack

__all__ = [
    "find_paired_versions",
    "follow_live",
    "list_companions",
    "move_companions",
    "publish_companions",
    "ship_hooks",
    "ship_hooks_of",
]


def list_companions(stack: Stack) -> list[str]:
    """The functions that move with notify. An optional one that is not configured is missing, or has no alias."""
    optional = {f"{stack.names.prefix}-{name}" for name in OPTIONAL}
    return [one for one in stack.names.companions if one not in optional or _is_there(stack, one)]


def _is_there(stack: Stack, function: str) -> bool:
    try:
        _read_live_version(stack, function)
    except stack.functions.exceptions.ResourceNotFoundException:
        return False
    return True


def publish_companions(stack: Stack, artifact: Artifact) -> list[Companion]:
    """Publish the code of every companion. No alias moves."""
    return [
        Companion(function, _read_live_version(stack, function), publish(stack, function, artifact))
        for function in list_companions(stack)
    ]


def ship_hooks(stack: Stack, content: bytes) -> None:
    """Update the hooks to this code, unless they have it."""
    for function in stack.names.hooks.values():
        update(stack, function, content)


def find_paired_versions(stack: Stack, version: str) -> dict[str, str]:
    """The version of each companion that was live with this version of notify: from the deployments, else the newest
    with the same code. A companion without a known version is left out, and so is one that was removed."""
    found: dict[str, str] = {}
    for one in list_ended(stack):
        if version == one.current:
            found = {each.function: each.before for each in one.companions} | found
        elif version == one.target and one.status == "Succeeded":
            found = {each.function: each.after for each in one.companions} | found
    wanted, there = read_code_hash(stack, version), list_companions(stack)
    for function in {*there} - found.keys():
        same = [number for number, code in list_code_hashes(stack, function).items() if code == wanted]
        found |= {function: max(same, key=int)} if same else {}
    return {function: number for function, number in found.items() if function in there}


def follow_live(stack: Stack, reporter: ProgressReporter, version: str) -> None:
    """Move companions and hooks to the release of the live version of notify: `version`, unless another process moved
    the alias."""
    version = await_move(stack, version).version
    for one in move_companions(stack, find_paired_versions(stack, version)):
        reporter.say(f"{one.function}: version {one.after} is live, as with version {version} of {stack.names.notify}")
    ship_hooks_of(stack, reporter, version)


def move_companions(stack: Stack, wanted: Mapping[str, str]) -> list[Companion]:
    """Move the alias of each function to the version that is wanted; return those that were on another."""
    found = [Companion(function, move_alias(stack, function, version), version) for function, version in wanted.items()]
    return [one for one in found if one.before != one.after]


def ship_hooks_of(stack: Stack, reporter: ProgressReporter, version: str) -> None:
    """Update the hooks to the code of this version of notify, unless they have it."""
    wanted = read_code_hash(stack, version)
    shipped = [stack.functions.get_function_configuration(FunctionName=hook) for hook in stack.names.hooks.values()]
    if any(hook["CodeSha256"] != wanted for hook in shipped):
        ship_hooks(stack, _fetch(stack, version, wanted))
        reporter.say(f"{', '.join(stack.names.hooks.values())}: the code of version {version} again")


def _fetch(stack: Stack, version: str, wanted: str) -> bytes:
    """Download the code of a version of notify. Raises `UserError` if its SHA-256 in base64 is not `wanted`."""
    answer = stack.functions.get_function(FunctionName=stack.names.notify, Qualifier=version)
    content = URLLib3Session().send(AWSRequest("GET", answer["Code"]["Location"]).prepare()).content
    if compute_sha256(content) != wanted:
        raise UserError(f"the code of version {version} could not be fetched: the hooks keep that of the release")
    return content


def _read_live_version(stack: Stack, function: str) -> str:
    return stack.functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]
