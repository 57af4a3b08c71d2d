"""What a deletion of an account asks beside DynamoDB and SQS: the user pool, and the function `notify`."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from webapp.composition import Services

__all__ = ["Functions", "UserPool"]


class UserPool:
    """The call that deletes people, and what it says."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, str]] = []
        self.error = ""

    def admin_delete_user(self, UserPoolId: str, Username: str) -> dict[str, Any]:  # AWS's names
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": ""}}, "AdminDeleteUser")
        self.deleted.append((UserPoolId, Username))
        return {}


class Functions:
    """The call that tells which tenants the function `notify` declares, and whether it answers."""

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.error = ""
        self.is_there = True

    def get_function(self, FunctionName: str) -> dict[str, Any]:  # AWS's name
        if not self.is_there:
            raise KeyError(FunctionName)
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": ""}}, "GetFunction")
        return {"Configuration": {"FunctionName": FunctionName, "Environment": {"Variables": self.settings}}}


@pytest.fixture
def pool() -> UserPool:
    return UserPool()


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def services(services: Services, pool: UserPool, functions: Functions) -> Services:
    settings = services.settings.model_copy(update={"user_pool": "us-east-1_herald"})
    notifier = replace(services.notifier, functions=functions)  # type: ignore[arg-type]  # all that is asked of it
    return replace(services, settings=settings, notifier=notifier, cognito=lambda: pool)  # type: ignore[arg-type, return-value]
