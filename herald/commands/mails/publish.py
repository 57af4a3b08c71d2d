"""`herald publish` and `herald contracts`: publish a test event, and write the contracts that publishers need."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.commands.mails.notifications import Notifications
from herald.console import Yes, confirm
from herald.doctor_context import Topic, build_doctor_context
from laptop.state import DEFAULT_STATE, ROOT
from operations.errors import UserError
from package.build import find_notifications

__all__ = ["contracts", "publish"]


@report_refusals("nothing is known of a mail")
def publish(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="type of the event, such as order.shipped")],
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="who gets the mail")],
    example: Annotated[str, typer.Option(metavar="NAME", help="the example whose data it has")] = "typical",
    notifications: Notifications = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="NAME", help="the tenant whose mail it is, one of those declared")
    ] = None,
    topic: Topic = None,
    yes: Yes = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Publish an example of a notification: one mail to you. It goes through the real topic, as a test."""
    from herald.publish_example import (  # noqa: PLC0415  the compilers are slow to load
        choose_example,
        format_question,
        make_event,
        publish_event,
        require_address,
    )

    require_address(to)
    data = choose_example(find_notifications(notifications), type_, example)
    account = AwsAccount.choose(local, state_dir, prefix)
    context = build_doctor_context(account, local, 1, topic).check_context
    if not yes and not local and not confirm(format_question(type_, to, prefix, context.where)):
        raise UserError("nothing was sent")
    typer.echo(publish_event(account.client("sns"), context.topic("events"), make_event(type_, data, to, tenant)))


def contracts(
    out: Annotated[Path, typer.Option(metavar="PATH", help="the folder to write to", show_default=False)] = (
        ROOT / "build" / "contracts"
    ),
    notifications: Notifications = None,
) -> None:
    """Write AsyncAPI, a page and typed publishers. What publishers need: the document, it as a page, and code in
    Python and TypeScript."""
    from package.notifications.catalogue import compile_catalogue  # noqa: PLC0415
    from package.notifications.publishing.asyncapi import build_asyncapi, to_yaml  # noqa: PLC0415  the compilers are slow to load
    from package.notifications.publishing.events_page import render_events_page  # noqa: PLC0415
    from package.notifications.publishing.publishers import write_python_publisher, write_typescript_publisher  # noqa: PLC0415

    home = find_notifications(notifications)
    with tempfile.TemporaryDirectory() as folder:
        compile_catalogue(Path(folder), home)  # no contracts for notifications with errors
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    out.mkdir(parents=True, exist_ok=True)
    document = build_asyncapi(home, version)
    for name, text in (
        ("asyncapi.yaml", to_yaml(document)),
        ("events.md", render_events_page(document)),
        ("herald_events.py", write_python_publisher(home)),
        ("herald_events.ts", write_typescript_publisher(home)),
    ):
        (out / name).write_text(text, "utf-8")
        typer.echo(out / name)
