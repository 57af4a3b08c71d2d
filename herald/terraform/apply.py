"""Plan, show, ask, apply: it applies the saved plan, so that nothing changes that was not shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from herald.terraform.preflight import find_resumed, refuse_another_second_region, refuse_collisions
from herald.terraform.runner import INFRA, Terraform, stage
from herald.terraform.target import AwsTarget
from herald.terraform.variables import Variables, read_variables
from laptop.descriptor import Descriptor
from operations.errors import UserError
from package import build

if TYPE_CHECKING:
    from package.target import Architecture

__all__ = ["TRIAL", "TerraformRun", "build_trial_variables", "prepare"]

PLAN = "saved.tfplan"

#: The most alarms that CloudWatch deletes in one call.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
_AT_ONCE = 100

#: The outputs that are shown after an apply; the others are for tools.
FOR_PEOPLE = ("url", "dns_records", "dashboard_url", "next_commands")

#: The name of the copy that is applied to a running laptop cloud, beside the Herald that is there already.
TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class TerraformRun:
    """One staged configuration for one target; `say` prints a message, `ask` asks for a yes or a no.

    `resumes`: an apply may resume a Herald that is paused. `name` is the prefix of every name.
    """

    terraform: Terraform
    target: AwsTarget
    arguments: Sequence[str]
    say: Callable[[str], None]
    ask: Callable[[str], bool]
    resumes: bool = False
    name: str = "herald"

    def plan(self, *more: str) -> None:
        """Save a plan and show it."""
        self.say(f"Account {self.target.account} as {self.target.caller}, region {self.target.region}")
        self.terraform.run("plan", "-input=false", f"-out={PLAN}", *self.arguments, *more)

    def apply(self) -> None:
        """Plan, ask, and apply what was planned."""
        self.plan()
        plan = self.terraform.json("show", "-json", PLAN)
        refuse_collisions(plan, self.target.client)
        if names := find_resumed(plan):
            warning = f"{' and '.join(names)} is paused, and this plan would resume it"
            if not self.resumes:
                raise UserError(f"{warning}: nothing was changed. Say make resume before, or --resume with the apply")
            self.say(f"{warning}, as you say.")
        self._go("Apply this plan")
        for name, output in self.terraform.json("output", "-json").items():
            if name in FOR_PEOPLE:
                self.say(f"{name}: {json.dumps(output['value'], indent=2)}")

    def destroy(self) -> None:
        """Plan to destroy everything, ask, and destroy it."""
        self.plan("-destroy")
        self._go("Destroy all of this")
        self._delete_release_alarms()

    def _delete_release_alarms(self) -> None:
        """Delete the alarms that releases made, which are in no Terraform state."""
        cloudwatch = self.target.client("cloudwatch")
        ours = re.compile(rf"{re.escape(self.name)}-release-\d+-\w+")
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{self.name}-release-")
        names = [one["AlarmName"] for page in pages for one in page.get("MetricAlarms", [])]
        found = [name for name in names if ours.fullmatch(name)]
        for start in range(0, len(found), _AT_ONCE):
            cloudwatch.delete_alarms(AlarmNames=found[start : start + _AT_ONCE])
        if found:
            self.say(f"alarms of releases deleted: {', '.join(found)}")

    def _go(self, question: str) -> None:
        where = "the laptop cloud" if self.target.local else f"account {self.target.account}"
        if not self.ask(f"{question} in {where}, region {self.target.region}?"):
            raise UserError("nothing was changed")
        self.terraform.run("apply", "-input=false", PLAN)


def prepare(
    target: AwsTarget,
    backend: Path | None,
    local_state: bool,
    variables: Sequence[str],
    say: Callable[[str], None],
    ask: Callable[[str], bool],
    descriptor: Path,
) -> TerraformRun:
    """Build the packages, stage the configuration and initialise it; raises `UserError`."""
    where = f"laptop-{descriptor.stem}" if target.local else f"{target.account}-{target.region}"
    if target.local:
        values = stage(where, target.environment, {"local": {}}).folder / f"{TRIAL}.tfvars.json"
        values.write_text(json.dumps(build_trial_variables(Descriptor.read(descriptor))))
        variables = [f"-var-file={values}", *variables]
    known = read_variables(target.environment, variables, where)
    _refuse_another_region(known, target)
    packages = build("laptop") if target.local else build("cloud", cast("Architecture", known.architecture), say=say)
    terraform = _stage_root(target, backend, local_state, where if target.local else f"{where}-{known.name}")
    refuse_another_second_region(terraform.read("state", "pull"), known.second_region)
    # One copy is planned and applied, whatever is built meanwhile. Its path is relative to the stage, so that it is the
    # same in every checkout: another path would change five functions.
    zips = {"function_package": packages.function, "webapp_package": packages.webapp}
    package_variables = [f"-var={name}={archive.copy_to(terraform.folder).name}" for name, archive in zips.items()]
    return TerraformRun(terraform, target, [*package_variables, *variables], say, ask, name=known.name)


def _refuse_another_region(known: Variables, target: AwsTarget) -> None:
    if known.region not in (None, target.region):
        raise UserError(
            f"the Terraform variables say region = {known.region}, and the AWS settings {target.region}: nothing was "
            f"changed. Say AWS_REGION={known.region}, or take region out of the variables"
        )


def _stage_root(target: AwsTarget, backend: Path | None, local_state: bool, whose: str) -> Terraform:
    if target.local:
        terraform = stage(whose, target.environment, {"local": {}})
        terraform.init()
        return terraform
    if backend is None and not local_state:
        raise UserError(
            "no backend is named, so the state would be lost: fill in infra/backend.hcl (see backend.hcl.example) and "
            "say --backend infra/backend.hcl, or say --local-state to keep it in infra/ACCOUNT-REGION-NAME.tfstate"
        )
    if backend is not None and not backend.is_file():
        raise UserError(f"there is no backend configuration {backend}: copy infra/backend.hcl.example and fill it in")
    state = {"local": {"path": str(INFRA / f"{whose}.tfstate")}}
    terraform = stage(whose, target.environment, None if backend else state)
    terraform.init(*([f"-backend-config={backend.resolve()}"] if backend else []))
    return terraform


def build_trial_variables(cloud: Descriptor) -> dict[str, Any]:
    """Variables of a copy with names of its own, so that it does not collide with what `make run` has made."""
    return {
        "name": TRIAL,
        "identity": {"domain": f"{TRIAL}.example"},
        "sender": f"Herald <books@{TRIAL}.example>",
        "public_url": cloud.endpoints["aws"],
        "sign_in": {"endpoint": cloud.endpoints["aws"], "password_flow": True},
        "deletion_protection": False,
    }
