"""Fills in the root's `appspec.yml` for one deployment, and validates it before CodeDeploy gets it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from operations.errors import UserError

__all__ = ["SCHEMA", "TEMPLATE", "Revision", "list_errors", "render"]

TEMPLATE = Path(__file__).parents[1] / "appspec.yml"
SCHEMA = Path(__file__).with_name("appspec.schema.json")


@dataclass(frozen=True, slots=True)
class Revision:
    """An AppSpec for CodeDeploy: its exact text, in JSON."""

    content: str

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    def location(self) -> dict[str, Any]:
        """The `RevisionLocation` for CreateDeployment."""
        return {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": self.content, "sha256": self.sha256},
        }


def render(
    function: str, alias: str, current: str, target: str, hooks: Mapping[str, str], template: Path = TEMPLATE
) -> Revision:
    """Render the template with these names, versions and hooks (functions by lifecycle event).

    Raises `UserError` if the template or the result is not an AppSpec of one Lambda function, or if both versions are
    the same.
    """
    try:
        document = yaml.safe_load(template.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise UserError(f"{template} cannot be read: {' '.join(str(problem).split())}") from None
    _require_sound(document, str(template))
    (resource,) = document["Resources"][0].values()
    resource["Properties"] = {
        "Name": function,
        "Alias": alias,
        "CurrentVersion": current,
        "TargetVersion": target,
    }
    document["Hooks"] = [{event: hook} for event, hook in hooks.items()]
    if not hooks:
        del document["Hooks"]
    _require_sound(document, "the rendered AppSpec")
    if current == target:
        raise UserError(f"CurrentVersion and TargetVersion are both {current}: there is nothing to deploy")
    return Revision(json.dumps(document))


def list_errors(document: object) -> list[str]:
    """Why a document is not an AppSpec of one Lambda function, a line for each error."""
    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    found = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in sorted(found, key=lambda error: error.json_path)]


def _require_sound(document: object, what: str) -> None:
    for error in list_errors(document):
        raise UserError(f"{what} is no AppSpec of one Lambda function: {error}")
