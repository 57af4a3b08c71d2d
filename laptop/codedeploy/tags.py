"""Tags of applications and deployment groups.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["Tags"]

ARN: Final = re.compile(r"arn:[a-z-]+:codedeploy:[a-z0-9-]+:\d{12}:(application|deploymentgroup):(.+)")


class Tags:
    """Tags by resource: `application:NAME` or `deploymentgroup:APPLICATION/NAME`, whatever the account and region."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def put(self, resource: str, tags: list[Mapping[str, str]]) -> None:
        """Add what a resource was created with."""
        if tags:
            self._tags.setdefault(resource, {}).update({tag["Key"]: tag["Value"] for tag in tags})

    def drop(self, prefix: str) -> None:
        """Forget the tags of a deleted resource, or of everything whose name begins so."""
        for resource in [resource for resource in self._tags if resource.startswith(prefix)]:
            del self._tags[resource]

    def tag(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`TagResource`."""
        self.put(_resource(request), request["Tags"])
        return {}

    def untag(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`UntagResource`."""
        for key in request["TagKeys"]:
            self._tags.get(_resource(request), {}).pop(key, None)
        return {}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListTagsForResource`, in one page."""
        tags = self._tags.get(_resource(request), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _resource(request: Mapping[str, Any]) -> str:
    match = ARN.fullmatch(str(request["ResourceArn"]))
    if not match:
        raise CodeDeployError("InvalidArnException", f"Not the ARN of a CodeDeploy resource: {request['ResourceArn']}")
    return f"{match[1]}:{match[2]}"
