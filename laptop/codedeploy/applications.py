"""Applications.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateApplication.html
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["Applications"]


class Applications:
    """The applications by name; only the compute platform Lambda is played."""

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
        """`DeleteApplication`; deleting what is not there is no error."""
        self._applications.pop(str(request["applicationName"]), None)
        return {}

    def require(self, name: str) -> None:
        """Raise unless there is an application of this name."""
        if name not in self._applications:
            raise CodeDeployError("ApplicationDoesNotExistException", f"No application found for name: {name}")
