"""`herald new`, `herald lint` and `herald preview`: create, check and render notifications."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from herald.console import note, print_json
from operations.errors import UserError
from package.build import OWN_NOTIFICATIONS, find_notifications
from package.errors import PackageError

if TYPE_CHECKING:
    from function.message.catalogue import Catalogue

__all__ = ["Notifications", "OfTenant", "lint", "new", "preview"]

Notifications = Annotated[
    Path | None,
    typer.Option(
        "--notifications",
        envvar=OWN_NOTIFICATIONS,
        metavar="PATH",
        help="the folder of your notifications; without it, Herald's own",
    ),
]
OfTenant = Annotated[
    str | None, typer.Option("--tenant", metavar="NAME", help="under the brand of this tenant, brands/NAME.json")
]
_LIKE = "the notification to copy: account, receipt, shipment, security, one of yours, or one of Herald's"


def new(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="type of the event, such as order.shipped")],
    like: Annotated[str, typer.Option(metavar="TYPE", help=_LIKE)] = "book.created",
    notifications: Notifications = None,
) -> None:
    """Create the folder of a notification, as a copy of another. It is complete and valid, and yours to change."""
    from package.notifications.catalogue import (  # noqa: PLC0415  slow to load
        BRAND,
        EXAMPLES,
        NOTIFICATIONS,
        is_type,
        list_types,
    )

    if notifications:
        notifications.mkdir(parents=True, exist_ok=True)
    home = find_notifications(notifications)
    roots = [root for root in (home, EXAMPLES, NOTIFICATIONS) if like in list_types(root)]
    if not is_type(type_):
        raise UserError(f"{type_!r} is no type of event: words in small letters, joined by dots, such as order.shipped")
    if (home / type_).exists():
        raise UserError(f"{home / type_} is there already")
    if not roots:
        known = sorted({*list_types(home), *list_types(EXAMPLES), *list_types(NOTIFICATIONS)})
        raise UserError(f"there is no notification {like!r} to copy; there are: {', '.join(known)}")
    if not (home / BRAND).exists():
        shutil.copyfile(NOTIFICATIONS / BRAND, home / BRAND)
    shutil.copytree(roots[0] / like, home / type_)
    _rename(home / type_ / "schema.json", type_)
    for path in sorted(path for path in (home / type_).rglob("*") if path.is_file()):
        typer.echo(path)
    note(f"Change the schema and its examples first, then the mails; herald lint says what is wrong, "
         f"herald preview {type_} shows them.")  # fmt: skip


def _rename(path: Path, type_: str) -> None:
    schema = json.loads(path.read_text("utf-8"))
    schema |= {"$id": f"urn:herald:{type_}", "title": type_}
    path.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", "utf-8")


def lint(
    notifications: Notifications = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON, for a machine")] = False,
) -> None:
    """Check every notification as packaging does. Reports all that is wrong: file, line and what to do.

    If there is Node.js, it also warns of what mail programs do not support; a warning stops nothing.
    """
    from package.notifications.catalogue import BRAND, compile_catalogue, list_types  # noqa: PLC0415  slow to load

    home = find_notifications(notifications)
    faults: list[str] = []
    warnings: list[str] = []
    unseen: str | None = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            catalogue = compile_catalogue(Path(folder), home)
        except PackageError as error:
            faults = str(error).splitlines()
        else:
            warnings, unseen = _find_unsupported(catalogue, home)
    if as_json:
        print_json({"notifications": list_types(home), "faults": faults, "warnings": warnings, "not_looked_at": unseen})
    else:
        for line in (*faults, *warnings):
            typer.echo(line)
        if not faults:
            typer.echo(f"{', '.join(list_types(home))}: nothing is wrong")
        if not (home / BRAND).exists():
            note(f"{home} has no {BRAND}: these mails say Herald, in its colours")
        if unseen:
            note(f"What mail programs do not support was not checked: {unseen}")
    if faults:
        raise typer.Exit(1)


def _find_unsupported(catalogue: Catalogue, home: Path) -> tuple[list[str], str | None]:
    """What these mails use that mail programs do not support, a line each; or the reason why it was not checked."""
    from package.notifications.catalogue import list_types  # noqa: PLC0415  slow to load
    from package.notifications.mail_checks.mail_programs.unsupported import find_unsupported  # noqa: PLC0415  the same
    from package.notifications.previews import render_examples  # noqa: PLC0415  the same

    mails: dict[tuple[str, str], str] = {}
    for mail in render_examples(catalogue, home, list_types(home)):
        which = (mail.type, mail.locale)
        mails[which] = max(mails.get(which, ""), mail.content.html, key=len)  # the longest says the most
    try:
        return [*map(str, find_unsupported(mails, home))], None
    except PackageError as error:
        return [], str(error)


def preview(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="only mails of this event type")] = None,
    notifications: Notifications = None,
    tenant: OfTenant = None,
) -> None:
    """Write every example's mail into build/preview. In light and dark, with a picture if there is a browser."""
    from package.notifications.previews import write_previews  # noqa: PLC0415  the compilers are slow to load

    for path in write_previews(find_notifications(notifications), type_, tenant):
        typer.echo(path)
