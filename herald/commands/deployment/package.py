"""`herald package` and `herald dist`."""

from __future__ import annotations

from typing import Annotated

import typer

from herald.commands.mails.notifications import Notifications
from package.build import Archive, build
from package.dist import write_dist
from package.target import LAMBDA_PYTHON, Architecture, TargetName

__all__ = ["dist", "package"]


def package(
    target: Annotated[
        TargetName, typer.Option(help="Where the packages run: on Lambda, or in the laptop cloud")
    ] = "cloud",
    architecture: Annotated[Architecture, typer.Option(help="Architecture of the functions on Lambda")] = "arm64",
    notifications: Notifications = None,
) -> None:
    """Build function.zip and webapp.zip into build/package/TARGET."""
    built = build(target, architecture, notifications=notifications, say=typer.echo)
    typer.echo(f"For Python {built.python} on {built.architecture}:")
    for archive in (built.function, built.webapp):
        typer.echo(_format_line(archive))
    if not built.bytecode:
        typer.echo(
            f"Without bytecode, because there is no Python {LAMBDA_PYTHON} here: the functions start more slowly."
        )


def dist() -> None:
    """Pack what a team needs that depends on Herald. Modules, package builder and command go into build/dist."""
    path = write_dist()
    typer.echo(path)
    typer.echo(path.with_name(f"{path.name}.sha256").read_text().split()[0])


def _format_line(archive: Archive) -> str:
    size = f"{archive.size / 1e6:.1f} MB"
    return f"  {archive.path}  {size}  release {archive.release}  sha256 {archive.sha256}"
