"""An alias is moved by the revision that was read, and read again where that was old."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from laptop.model_validation import hold_to_model, request_violations
from release.lambda_versions.versions import move_alias
from release.release_context import ReleaseContext


class PreconditionFailedException(Exception):
    """As a client of Lambda's raises it."""


class Functions:
    """One alias; `stale` reads answer with what it was before."""

    exceptions = SimpleNamespace(PreconditionFailedException=PreconditionFailedException)

    def __init__(self, stale: int = 0, **alias: Any) -> None:
        self.alias = {"FunctionVersion": "1", "RevisionId": "r1"} | alias
        self.stale = stale
        self.moves = 0

    def get_alias(self, FunctionName: str, Name: str) -> Any:
        self.stale -= 1
        old = {"RevisionId": "r0", "FunctionVersion": "1"} if self.stale >= 0 else {}
        return hold_to_model("lambda", "GetAlias", self.alias | old)

    def update_alias(self, **request: Any) -> None:
        assert not request_violations("lambda", "UpdateAlias", request)
        if request["RevisionId"] != self.alias["RevisionId"]:
            raise PreconditionFailedException
        self.moves += 1
        self.alias = {"FunctionVersion": request["FunctionVersion"], "RevisionId": "r2"}


def move(functions: Functions, version: str = "2") -> Functions:
    move_alias(cast("ReleaseContext", SimpleNamespace(functions=functions, pause=0)), "herald-feedback", version)
    return functions


def test_an_alias_that_is_there_stays_there() -> None:
    assert move(Functions(FunctionVersion="2")).alias["FunctionVersion"] == "2"


def test_one_that_is_only_read_as_if_it_were_there_is_moved() -> None:
    """For a moment after 1 became 3, it is read as 1: whoever wants it on 1 must not believe that."""
    assert move(Functions(stale=1, FunctionVersion="3"), "1").alias["FunctionVersion"] == "1"


def test_weights_are_cleared_also_where_the_version_is_the_same() -> None:
    moved = move(Functions(FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {"3": 0.1}}))
    assert (moved.moves, moved.alias["FunctionVersion"]) == (1, "2")


def test_what_was_read_too_early_is_read_again() -> None:
    assert move(Functions(stale=2)).alias["FunctionVersion"] == "2"


def test_one_that_is_moved_without_end_is_an_error() -> None:
    with pytest.raises(PreconditionFailedException):
        move(Functions(stale=9))
