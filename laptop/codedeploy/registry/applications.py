"""Applications, and the tags of applications and deployment groups.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateApplication.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["Applications", "Tags"]

ARN = re.compile(r"arn:[a-z-]+:codedeploy:[a-z0-9-]+:\d{12}:(application|deploymentgroup):(.+)")


class Applications:
    """The applications by name. Only the compute platform Lambda is supported."""

    def __init__(self) -> None:
        self._applications: dict[str, dict[str, Any]] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateApplication`."""
        name = str(request["applicationName"])
        if name in self._applications:
            raise CodeDeployError("ApplicationAlreadyExistsException", f"The application {name} already exists.")
        if request.get("computePlatform", "Server") != "Lambda":
            raise CodeDeployError("InvalidComputePlatformException", "This simulator plays Lambda only.")
        self._applications[name] = {
            "applicationId": str(uuid.uuid4()),
            "applicationName": name,
            "createTime": time.time(),
            "linkedToGitHub": False,
            "computePlatform": "Lambda",
        }
        return {"applicationId": self._applications[name]["applicationId"]}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetApplication`."""
        name = str(request["applicationName"])
        self.require(name)
        return {"application": self._applications[name]}

    def list(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListApplications`, in one page."""
        return {"applications": sorted(self._applications)}

    def rename(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`UpdateApplication`."""
        old, new = str(request.get("applicationName")), str(request.get("newApplicationName"))
        self.require(old)
        if new in self._applications:
            raise CodeDeployError("ApplicationAlreadyExistsException", f"The application {new} already exists.")
        self._applications[new] = self._applications.pop(old) | {"applicationName": new}
        return {}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteApplication`; deleting one that does not exist is not an error."""
        self._applications.pop(str(request["applicationName"]), None)
        return {}

    def require(self, name: str) -> None:
        """Raise `CodeDeployError` unless the application exists."""
        if name not in self._applications:
            raise CodeDeployError("ApplicationDoesNotExistException", f"No application found for name: {name}")


class Tags:
    """The tags by resource: `application:NAME` or `deploymentgroup:APPLICATION/NAME`, without account and region."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def put(self, resource: str, tags: list[Mapping[str, str]]) -> None:
        """Add tags to a resource."""
        if tags:
            self._tags.setdefault(resource, {}).update({tag["Key"]: tag["Value"] for tag in tags})

    def drop(self, prefix: str) -> None:
        """Delete the tags of every resource whose name starts with `prefix`."""
        for resource in [resource for resource in self._tags if resource.startswith(prefix)]:
            del self._tags[resource]

    def tag(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`TagResource`."""
        self.put(_read_resource(request), request["Tags"])
        return {}

    def untag(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`UntagResource`."""
        for key in request["TagKeys"]:
            self._tags.get(_read_resource(request), {}).pop(key, None)
        return {}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListTagsForResource`, in one page."""
        tags = self._tags.get(_read_resource(request), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _read_resource(request: Mapping[str, Any]) -> str:
    match = ARN.fullmatch(str(request["ResourceArn"]))
    if not match:
        raise CodeDeployError("InvalidArnException", f"Not the ARN of a CodeDeploy resource: {request['ResourceArn']}")
    return f"{match[1]}:{match[2]}"
