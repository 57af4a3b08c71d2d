"""`herald test`: tests a team's mails as Herald tests its own."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from herald.commands.mails.notifications import Notifications
from herald.console import note, print_json
from package.build import find_notifications
from package.bundles import SNAPSHOTS
from package.errors import PackageError

if TYPE_CHECKING:
    from package.notifications.mail_checks.snapshots import Change

__all__ = ["test"]

#: Lines of a difference, and mails with one, that are shown; the rest is counted.
_LINES, _MAILS = 16, 4


@dataclass(slots=True)
class _Result:
    """For each type, the number of mails and of generated events; the faults, and what differs from its snapshot."""

    tried: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.faults or self.changes)


def test(
    notifications: Notifications = None,
    update: Annotated[
        bool, typer.Option("--update", help="write the snapshots, once you have seen the mails that changed")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for a machine")] = False,
) -> None:
    """Test every mail with examples, generated data and snapshots. Each example in each language and brand, data of
    every shape that its schema allows, and, if there are snapshots, whether a mail has changed since it was approved.

    Snapshots are in _snapshots in the folder of the notifications; keep them in your repository. Exit codes: 0 all is
    well, 1 something is wrong or has changed.
    """
    home = find_notifications(notifications)
    result = _try_all(home, update)
    if as_json:
        _print_json(result)
    else:
        _print(result)
        if result.tried and not (home / SNAPSHOTS).is_dir():
            note(f"No mail is held to a snapshot: herald test --update writes {home / SNAPSHOTS}")
    if result.failed:
        raise typer.Exit(1)


def _try_all(home: Path, update: bool) -> _Result:
    from package.notifications.brand import BRANDS  # noqa: PLC0415  slow to load
    from package.notifications.catalogue import compile_catalogue, list_types  # noqa: PLC0415  slow to load
    from package.notifications.mail_checks.fuzz_data import try_generated  # noqa: PLC0415  the same
    from package.notifications.mail_checks.mail_lint import find_mail_faults  # noqa: PLC0415  the same
    from package.notifications.mail_checks.snapshots import compare, make_snapshots, write_snapshots  # noqa: PLC0415  the same
    from package.notifications.previews import render_brands  # noqa: PLC0415  the same

    result = _Result()
    with tempfile.TemporaryDirectory() as folder:
        try:
            catalogue = compile_catalogue(Path(folder), home)
        except PackageError as error:
            result.faults += str(error).splitlines()
            return result
    mails = [*render_brands(catalogue, home)]
    for mail in mails:
        where, brand = home / mail.type / mail.locale, f", under {BRANDS}/{mail.tenant}.json" if mail.tenant else ""
        found = (f"{where}/{fault}, with examples/{mail.example}.json{brand}" for fault in find_mail_faults(mail))
        result.faults += found
    for type_ in list_types(home):
        generated = try_generated(catalogue, home, type_, result.faults)
        result.tried[type_] = {"mails": sum(mail.type == type_ for mail in mails), "generated": generated}
    kept, wanted = home / SNAPSHOTS, make_snapshots(mails)
    if update:
        result.written += write_snapshots(kept, wanted)
    elif kept.is_dir():
        result.changes += compare(kept, wanted)
    return result


def _print(result: _Result) -> None:
    for line in (*result.faults, *result.written):
        typer.echo(line)
    for number, change in enumerate(result.changes):
        typer.echo(f"{change.path} {change.what}")
        shown = change.difference if number < _MAILS else ()
        for line in shown[:_LINES]:
            typer.echo(f"  {line}")
        if len(shown) > _LINES:
            typer.echo(f"  and {len(shown) - _LINES} lines more")
    if result.changes:
        typer.echo("Look at them (herald preview, herald studio); herald test --update takes the mails as they are now")
    if not result.failed:
        for type_, count in result.tried.items():
            typer.echo(f"{type_}: {count['mails']} mails, {count['generated']} generated events: nothing is wrong")


def _print_json(result: _Result) -> None:
    changes = [
        {"path": str(change.path), "what": change.what, "difference": change.difference} for change in result.changes
    ]
    print_json({"notifications": result.tried, "faults": result.faults, "changes": changes, "written": result.written})
