"""Which published versions are deleted after a release: what nobody goes back to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from rich.console import Console

from operations.errors import UserError
from release.lambda_versions.old_versions import delete_old_versions
from release.progress.display import Lines
from release.release_context import Names, ReleaseContext


@dataclass
class Functions:
    """Lambda with versions 1 to 14 of notify and 1 to `feedbacks` of feedback, one version a page, in no order."""

    aliases: list[dict[str, Any]] = field(default_factory=lambda: [{"FunctionVersion": "14"}])
    deleted: list[tuple[str, str]] = field(default_factory=list)
    feedbacks: int = 3

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(self, operation)

    def delete_function(self, FunctionName: str, Qualifier: str) -> None:
        self.deleted.append((FunctionName, Qualifier))


@dataclass
class Paginator:
    functions: Functions
    operation: str

    def paginate(self, FunctionName: str) -> Iterator[dict[str, Any]]:
        if self.operation == "list_aliases":
            for alias in self.functions.aliases:
                yield {"Aliases": [alias]}
            return
        yield {"Versions": [{"Version": "$LATEST"}]}
        for number in range(1, 15 if FunctionName == "herald-notify" else self.functions.feedbacks + 1):
            yield {"Versions": [{"Version": str(number), "CodeSha256": f"code-{number}"}]}


def list_deleted(functions: Functions, monkeypatch: pytest.MonkeyPatch, before: str | None = "13") -> list[str]:
    def previous(_: ReleaseContext) -> str:
        if before is None:
            raise UserError("no version is known to have been live")
        return before

    monkeypatch.setattr("release.lambda_versions.old_versions.find_previous", previous)
    monkeypatch.setattr("release.lambda_versions.old_versions.list_companions", lambda _: ["herald-feedback"])
    monkeypatch.setattr(
        "release.lambda_versions.old_versions.find_paired_versions", lambda _, version: {"herald-feedback": version}
    )
    nothing = cast("Any", None)
    context = ReleaseContext(cast("Any", functions), nothing, nothing, Names(), "1", "eu-west-1")
    delete_old_versions(context, Lines(Console(file=io.StringIO())))
    return [version for function, version in functions.deleted if function == "herald-notify"]


def test_all_but_the_newest_ten_are_deleted_each_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(list_deleted(Functions(), monkeypatch), key=int) == ["1", "2", "3", "4"]


def test_what_an_alias_names_stays_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"RoutingConfig": {"AdditionalVersionWeights": {"3": 0.1}}}
    functions = Functions([{"FunctionVersion": "1"}, {"FunctionVersion": "14", **weights}])
    assert sorted(list_deleted(functions, monkeypatch)) == ["2", "4"]


@pytest.mark.parametrize(("before", "gone"), [("2", ["1", "3", "4"]), (None, ["1", "2", "3", "4"])])
def test_what_a_rollback_would_go_to_stays(
    monkeypatch: pytest.MonkeyPatch, before: str | None, gone: list[str]
) -> None:
    assert sorted(list_deleted(Functions(), monkeypatch, before)) == gone


def test_so_does_what_a_rollback_would_give_to_feedback(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = Functions(feedbacks=14)
    list_deleted(functions, monkeypatch, before="2")
    assert sorted(version for function, version in functions.deleted if function == "herald-feedback") == [
        "1",
        "3",
        "4",
    ]
