"""`herald package` and `herald preview`."""

from __future__ import annotations

from typing import Annotated

import typer

from package.build import Archive, build
from package.target import LAMBDA_PYTHON, Architecture, TargetName

__all__ = ["package", "preview"]


def package(
    target: Annotated[TargetName, typer.Option(help="Lambda, or the laptop cloud")] = "cloud",
    architecture: Annotated[Architecture, typer.Option(help="of the functions on Lambda")] = "arm64",
) -> None:
    """Build function.zip and webapp.zip into build/package/TARGET."""
    built = build(target, architecture, say=typer.echo)
    typer.echo(f"For Python {built.python} on {built.architecture}:")
    for archive in (built.function, built.webapp):
        typer.echo(_line(archive))
    if not built.bytecode:
        typer.echo(
            f"Without bytecode, because there is no Python {LAMBDA_PYTHON} here: the functions start more slowly."
        )


def _line(archive: Archive) -> str:
    size = f"{archive.size / 1e6:.1f} MB"
    return f"  {archive.path}  {size}  release {archive.release}  sha256 {archive.sha256}"


def preview(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="of one event only")] = None,
) -> None:
    """Write every example's mail into build/preview, in light and dark, with a picture if there is a browser."""
    from package.notifications.previews import previews  # noqa: PLC0415  the compilers are slow to load

    for path in previews(type_):
        typer.echo(path)
