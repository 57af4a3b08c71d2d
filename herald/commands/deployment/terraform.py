"""`herald infra ...`: plan, apply and destroy by Terraform, and check its configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from herald.account import StateDir
from herald.command_list import CommandList
from herald.console import Yes, confirm, console
from herald.terraform import target as targets
from herald.terraform.apply import TerraformRun, prepare
from herald.terraform.check import check
from herald.terraform.security_scan import scan as scan_plan
from laptop.state import DEFAULT_STATE, find_descriptor

__all__ = ["app"]

app = typer.Typer(
    help="Plan, apply and destroy Herald with Terraform. In AWS or in the laptop cloud.",
    cls=CommandList,
    no_args_is_help=True,
    add_completion=False,
)

Local = Annotated[
    bool, typer.Option("--local", help="Use the laptop cloud that make run started, with a copy named trial")
]
Backend = Annotated[
    Path | None, typer.Option("--backend", help="File that says where the state is, as in infra/backend.hcl.example")
]
LocalState = Annotated[
    bool, typer.Option("--local-state", help="Keep the state in infra/ACCOUNT-REGION-NAME.tfstate: to try out")
]
Var = Annotated[list[str] | None, typer.Option("--var", help="A Terraform variable, as NAME=VALUE")]
VarFile = Annotated[list[Path] | None, typer.Option("--var-file", help="A file of Terraform variables")]


@app.command()
def plan(
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    backend: Backend = None,
    local_state: LocalState = False,
    var: Var = None,
    var_file: VarFile = None,
) -> None:
    """Show what would change, and save it."""
    _run(local, state_dir, backend, local_state, var, var_file, yes=False).plan()


@app.command()
def apply(
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    backend: Backend = None,
    local_state: LocalState = False,
    var: Var = None,
    var_file: VarFile = None,
    yes: Yes = False,
    resume: Annotated[bool, typer.Option("--resume", help="Apply even if Herald is paused: this resumes it")] = False,
) -> None:
    """Build, show what would change, ask, and change exactly that."""
    replace(_run(local, state_dir, backend, local_state, var, var_file, yes), resumes=resume).apply()


@app.command()
def destroy(
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    backend: Backend = None,
    local_state: LocalState = False,
    var: Var = None,
    var_file: VarFile = None,
    yes: Yes = False,
) -> None:
    """Show what would be destroyed, ask, and destroy it. First apply with deletion_protection=false."""
    _run(local, state_dir, backend, local_state, var, var_file, yes).destroy()


@app.command()
def test() -> None:
    """Check every configuration, and run Terraform's own tests. Needs no cloud."""
    check(console.print)


@app.command()
def scan() -> None:
    """Check a plan of the real root with checkov. The plan is made in a laptop cloud of its own."""
    scan_plan(console.print)


def _run(
    local: bool,
    state_dir: Path,
    backend: Path | None,
    local_state: bool,
    var: list[str] | None,
    var_file: list[Path] | None,
    yes: bool,
) -> TerraformRun:
    descriptor = find_descriptor(state_dir)
    target = targets.find_laptop(descriptor) if local else targets.find_aws()
    variables = [f"-var-file={path.resolve()}" for path in var_file or ()] + [f"-var={value}" for value in var or ()]
    ask = _say_yes if yes else confirm
    return prepare(target, backend, local_state, variables, console.print, ask, descriptor)


def _say_yes(question: str) -> bool:
    console.print(f"{question} Yes.")
    return True
