"""`appspec.yml`: valid as it stands, filled in for a release, and never sent if it is not an AppSpec."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from laptop.codedeploy.appspec import read
from operations.errors import UserError
from release.appspec import SCHEMA, TEMPLATE, list_errors, render
from release.release_context import Names

HOOKS = Names("herald").hooks


def template() -> Any:
    return yaml.safe_load(TEMPLATE.read_text())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def test_the_template_is_valid_as_it_stands() -> None:
    assert list_errors(template()) == []


def test_the_template_names_what_terraform_makes() -> None:
    properties = template()["Resources"][0]["notify"]["Properties"]
    assert (properties["Name"], properties["Alias"]) == ("herald-notify", "live")
    assert [*template()["Hooks"]] == [{event: name} for event, name in HOOKS.items()]


def test_a_rendered_one_carries_function_alias_versions_and_both_hooks() -> None:
    names = Names("trial")
    document = json.loads(render(names.notify, "live", "7", "8", names.hooks).content)
    assert list_errors(document) == []
    assert document["Resources"] == [
        {
            "notify": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Name": "trial-notify", "Alias": "live", "CurrentVersion": "7", "TargetVersion": "8"},
            }
        }
    ]
    assert document["Hooks"] == [
        {"BeforeAllowTraffic": "CodeDeployHook_trial-before"},
        {"AfterAllowTraffic": "CodeDeployHook_trial-after"},
    ]


def test_it_goes_out_as_content_with_the_hash_of_its_very_bytes() -> None:
    location = render("herald-notify", "live", "7", "8", HOOKS).location()
    content = location["appSpecContent"]
    assert location["revisionType"] == "AppSpecContent"
    assert content["sha256"] == hashlib.sha256(content["content"].encode()).hexdigest()


def test_codedeploy_s_simulator_reads_it_as_it_is_meant() -> None:
    appspec = read(render("herald-notify", "live", "7", "8", HOOKS).location())
    assert (appspec.function, appspec.alias, appspec.current, appspec.target) == ("herald-notify", "live", "7", "8")
    assert appspec.hooks == HOOKS


def test_without_hooks_there_is_no_empty_list_of_them() -> None:
    assert "Hooks" not in json.loads(render("herald-notify", "live", "8", "7", {}).content)


@pytest.mark.parametrize("version", ["$LATEST", "0", "-1", "1.5", "", "latest", " 7"])
def test_a_version_that_is_not_published_is_refused(version: str) -> None:
    with pytest.raises(UserError, match="TargetVersion"):
        render("herald-notify", "live", "7", version, HOOKS)


def test_equal_versions_are_refused() -> None:
    with pytest.raises(UserError, match="nothing to deploy"):
        render("herald-notify", "live", "7", "7", HOOKS)


@pytest.mark.parametrize("text", ["version: [", "version: 0.0\n", "- a list\n", "just text", ""])
def test_a_template_that_is_no_appspec_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "appspec.yml").write_text(text)
    with pytest.raises(UserError) as told:
        render("herald-notify", "live", "7", "8", HOOKS, tmp_path / "appspec.yml")
    assert "\n" not in str(told.value)
    assert "appspec.yml" in str(told.value)


def _resource(document: Any) -> Any:
    return document["Resources"][0]["notify"]


WRONG: dict[str, Callable[[Any], Any]] = {
    "another version of the format": lambda d: d.update(version=1.0),
    "its version as text": lambda d: d.update(version="0.0"),
    "a key of the EC2 format": lambda d: d.update(os="linux"),
    "no function": lambda d: d.update(Resources=[]),
    "two functions": lambda d: d["Resources"].append(copy.deepcopy(d["Resources"][0])),
    "two functions in one entry": lambda d: d["Resources"][0].update(other=_resource(d)),
    "resources as a map": lambda d: d.update(Resources=d["Resources"][0]),
    "another type": lambda d: _resource(d).update(Type="AWS::ECS::Service"),
    "no alias": lambda d: _resource(d)["Properties"].pop("Alias"),
    "an alias that is a version": lambda d: _resource(d)["Properties"].update(Alias="7"),
    "a version as a number": lambda d: _resource(d)["Properties"].update(TargetVersion=2),
    "$LATEST": lambda d: _resource(d)["Properties"].update(TargetVersion="$LATEST"),
    "a property that there is not": lambda d: _resource(d)["Properties"].update(Weight=10),
    "hooks as a map": lambda d: d.update(Hooks={"BeforeAllowTraffic": "hook"}),
    "a hook that Lambda deployments do not have": lambda d: d.update(Hooks=[{"BeforeInstall": "hook"}]),
    "two hooks in one entry": lambda d: d.update(Hooks=[HOOKS]),
    "a hook without a name": lambda d: d.update(Hooks=[{"BeforeAllowTraffic": ""}]),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
def test_the_schema_refuses(spoil: Callable[[Any], Any]) -> None:
    document = template()
    spoil(document)
    assert list_errors(document)
