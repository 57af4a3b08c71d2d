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
from release.release_context import ALIAS, OPTIONAL, ReleaseContext
from release.reporter import ProgressReporter

__all__ = [
    "find_paired_versions",
    "follow_live",
    "list_companions",
    "move_companions",
    "publish_companions",
    "ship_hooks",
    "ship_hooks_of",
]


def list_companions(context: ReleaseContext) -> list[str]:
    """The functions that move with notify. An optional one that is not configured is missing, or has no alias."""
    optional = {f"{context.names.prefix}-{name}" for name in OPTIONAL}
    return [one for one in context.names.companions if one not in optional or _is_there(context, one)]


def _is_there(context: ReleaseContext, function: str) -> bool:
    try:
        _read_live_version(context, function)
    except context.functions.exceptions.ResourceNotFoundException:
        return False
    return True


def publish_companions(context: ReleaseContext, artifact: Artifact) -> list[Companion]:
    """Publish the code of every companion. No alias moves."""
    return [
        Companion(function, _read_live_version(context, function), publish(context, function, artifact))
        for function in list_companions(context)
    ]


def ship_hooks(context: ReleaseContext, content: bytes) -> None:
    """Update the hooks to this code, unless they have it."""
    for function in context.names.hooks.values():
        update(context, function, content)


def find_paired_versions(context: ReleaseContext, version: str) -> dict[str, str]:
    """The version of each companion that was live with this version of notify: from the deployments, else the newest
    with the same code. A companion without a known version is left out, and so is one that was removed."""
    found: dict[str, str] = {}
    for one in list_ended(context):
        if version == one.current:
            found = {each.function: each.before for each in one.companions} | found
        elif version == one.target and one.status == "Succeeded":
            found = {each.function: each.after for each in one.companions} | found
    wanted, there = read_code_hash(context, version), list_companions(context)
    for function in {*there} - found.keys():
        same = [number for number, code in list_code_hashes(context, function).items() if code == wanted]
        found |= {function: max(same, key=int)} if same else {}
    return {function: number for function, number in found.items() if function in there}


def follow_live(context: ReleaseContext, reporter: ProgressReporter, version: str) -> None:
    """Move companions and hooks to the release of the live version of notify: `version`, unless another process moved
    the alias."""
    version = await_move(context, version).version
    for one in move_companions(context, find_paired_versions(context, version)):
        reporter.say(
            f"{one.function}: version {one.after} is live, as with version {version} of {context.names.notify}"
        )
    ship_hooks_of(context, reporter, version)


def move_companions(context: ReleaseContext, wanted: Mapping[str, str]) -> list[Companion]:
    """Move the alias of each function to the version that is wanted; return those that were on another."""
    found = [
        Companion(function, move_alias(context, function, version), version) for function, version in wanted.items()
    ]
    return [one for one in found if one.before != one.after]


def ship_hooks_of(context: ReleaseContext, reporter: ProgressReporter, version: str) -> None:
    """Update the hooks to the code of this version of notify, unless they have it."""
    wanted = read_code_hash(context, version)
    shipped = [context.functions.get_function_configuration(FunctionName=hook) for hook in context.names.hooks.values()]
    if any(hook["CodeSha256"] != wanted for hook in shipped):
        ship_hooks(context, _fetch(context, version, wanted))
        reporter.say(f"{', '.join(context.names.hooks.values())}: the code of version {version} again")


def _fetch(context: ReleaseContext, version: str, wanted: str) -> bytes:
    """Download the code of a version of notify. Raises `UserError` if its SHA-256 in base64 is not `wanted`."""
    answer = context.functions.get_function(FunctionName=context.names.notify, Qualifier=version)
    content = URLLib3Session().send(AWSRequest("GET", answer["Code"]["Location"]).prepare()).content
    if compute_sha256(content) != wanted:
        raise UserError(f"the code of version {version} could not be fetched: the hooks keep that of the release")
    return content


def _read_live_version(context: ReleaseContext, function: str) -> str:
    return context.functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]
