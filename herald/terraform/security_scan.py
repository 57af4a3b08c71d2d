"""Runs checkov on a plan of the real root. checkov has an environment of its own, because it pins an old botocore.

https://www.checkov.io/7.Scan%20Examples/Terraform%20Plan%20Scanning.html
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from herald.terraform.apply import build_trial_variables
from herald.terraform.check import build_offline_environment
from herald.terraform.runner import INFRA, ROOT, STAGES, Terraform, stage
from laptop.cloud import Options, run_cloud
from laptop.environment import build_client_settings
from operations.errors import UserError
from package import build

__all__ = ["CHECKOV", "scan"]

CHECKOV = ROOT / "build" / "venv" / "checkov" / "bin" / "checkov"
SKIPS = INFRA / "checkov.json"


def scan(say: Callable[[str], None]) -> None:
    """Scan a plan. Raises `UserError` for a failed check without a skip, or a skip without a failed check or reason."""
    if not CHECKOV.exists():
        raise UserError("checkov is not installed: make infra-test sets it up")
    found = _run_checkov(_make_plan(say))
    checks = [check for check in found["results"]["failed_checks"] if not _is_about_path(check)]
    failed = {(check["check_id"], check["resource"]): check for check in checks}
    skips: dict[str, dict[str, Any]] = json.loads(SKIPS.read_text())
    unexplained = sorted(key for key in failed if not _is_explained(key, skips))
    idle = sorted(
        check for check, skip in skips.items() if not any(_is_explained(key, {check: skip}) for key in failed)
    )
    summary = found["summary"]
    say(
        f"checkov {summary['checkov_version']}: {summary['passed']} passed, {len(failed)} failed, "
        f"{len(failed) - len(unexplained)} of them with a reason in {SKIPS.name}"
    )
    for check, resource in unexplained:
        say(f"  {check} {resource}: {failed[check, resource]['check_name']}")
    for check in idle:
        say(f"  {check} fails nowhere where it is skipped: take its skip out of {SKIPS.name}")
    if unexplained or idle:
        raise UserError("the plan has failed checks that nobody has explained, or explanations of none")


def _is_about_path(check: dict[str, Any]) -> bool:
    """checkov reads the plan file's own path as a value, too, and takes a path of 40 characters for a secret."""
    keys = check["check_result"].get("evaluated_keys") or [""]
    return all(key.endswith("/__file__") for key in keys)


def _is_explained(key: tuple[str, str], skips: dict[str, dict[str, Any]]) -> bool:
    """A skip names a check, why it does not apply here, and the resources (all of them if none is named)."""
    check, resource = key
    skip = skips.get(check, {})
    return bool(skip.get("reason")) and any(name in resource for name in skip.get("resources", [""]))


def _make_plan(say: Callable[[str], None]) -> Path:
    """Make a plan of the root for a first apply, with deletion protection on."""
    packages = build("laptop", say=say)
    with run_cloud(Options(STAGES / "scan-cloud", bare=True)) as cloud:
        terraform = stage(
            "scan", build_offline_environment() | build_client_settings(cloud.descriptor.endpoints), {"local": {}}
        )
        variables = build_trial_variables(cloud.descriptor) | {
            "deletion_protection": True,
            "function_package": str(packages.function_zip),
            "webapp_package": str(packages.webapp_zip),
        }
        return _plan(terraform, variables)


def _plan(terraform: Terraform, variables: dict[str, Any]) -> Path:
    (terraform.folder / "scan.tfvars.json").write_text(json.dumps(variables))
    terraform.init()
    terraform.read("plan", "-input=false", "-no-color", "-out=scan.tfplan", "-var-file=scan.tfvars.json")
    plan = terraform.folder / "scan.json"
    plan.write_text(terraform.read("show", "-json", "scan.tfplan"))
    return plan


def _run_checkov(plan: Path) -> Any:
    """Run checkov without contacting its vendor's servers, and return what it finds."""
    arguments = ["--file", str(plan), "--framework", "terraform_plan", "--skip-download", "--quiet", "--output", "json"]
    done = subprocess.run(
        [str(CHECKOV), *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        cwd=plan.parent,
    )
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise UserError(f"checkov failed:\n{done.stderr.strip()}") from None
    return found[0] if isinstance(found, list) else found
