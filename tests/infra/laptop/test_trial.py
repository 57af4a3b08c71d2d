"""`herald infra apply --local`, as docs/infra.md gives it, run as it stands; a second one on its domain is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from herald.terraform.apply import TRIAL
from laptop.cloud import LaptopCloud
from laptop.state import ROOT


def herald(cloud: LaptopCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this laptop cloud, answered with yes."""
    command = [sys.executable, "-m", "herald", "infra", *arguments, "--local", "--yes"]
    where = ["--state-dir", str(Path(cloud.descriptor.state))]
    return subprocess.run([*command, *where], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(1800)  # two applies, a plan and a destroy, on a busy machine
def test_the_trial_is_applied_beside_what_is_there_and_goes_again(bare: LaptopCloud) -> None:
    made = herald(bare, "apply")
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr
    assert bare.clients.functions.get_function(FunctionName=f"{TRIAL}-notify")

    other = herald(bare, "apply", "--var", "name=other")
    assert other.returncode == 1
    assert f"this state holds the Herald named {TRIAL}, and the plan would destroy it" in " ".join(other.stderr.split())
    assert bare.clients.functions.get_function(FunctionName=f"{TRIAL}-notify")

    gone = herald(bare, "destroy")
    if "does not exist" in gone.stderr:  # an answer was lost and the provider asked once more: docs/infra.md
        gone = herald(bare, "destroy")
    assert gone.returncode == 0, gone.stdout[-3000:] + gone.stderr
    names = [one["FunctionName"] for one in bare.clients.functions.list_functions()["Functions"]]
    assert [name for name in names if TRIAL in name] == []
