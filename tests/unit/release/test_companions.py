"""Which version of each function goes with a version of notify."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from function.canary.deployment_description import Companion
from release.deployments import Deployment
from release.lambda_versions.companions import find_paired_versions
from release.release_context import Names, ReleaseContext

BOTH = (Companion("herald-feedback", "3", "4"), Companion("herald-webhook", "1", "2"))


class ResourceNotFoundException(Exception):
    """As a client of Lambda's raises it."""


@dataclass
class Functions:
    """Lambda, in which only these have an alias."""

    there: set[str]
    exceptions = SimpleNamespace(ResourceNotFoundException=ResourceNotFoundException)

    def get_alias(self, FunctionName: str, Name: str) -> Any:
        assert Name == "live"
        if FunctionName not in self.there:
            raise ResourceNotFoundException
        return {"FunctionVersion": "1"}


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"herald-feedback", "herald-webhook"}, {"herald-feedback": "3", "herald-webhook": "1"}),
        ({"herald-feedback"}, {"herald-feedback": "3"}),
    ],
)
def test_what_was_released_with_it_goes_back_with_it_if_it_is_still_there(
    monkeypatch: pytest.MonkeyPatch, there: set[str], found: dict[str, str]
) -> None:
    last = Deployment("d-1", "7", "8", "Succeeded", companions=BOTH)
    monkeypatch.setattr("release.lambda_versions.companions.list_ended", lambda _: iter([last]))
    monkeypatch.setattr("release.lambda_versions.companions.read_code_hash", lambda *_: "code")
    nothing: Any = None
    context = ReleaseContext(cast("Any", Functions(there)), nothing, nothing, Names(), "1", "eu-west-1")
    assert find_paired_versions(context, "7") == found
