"""`herald studio`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
import uvicorn

from function.message.rendering import Content
from herald.account import AwsAccount, Prefix, StateDir
from herald.commands.mails.notifications import Notifications, OfTenant
from herald.doctor_context import Topic, build_doctor_context
from herald.publish_example import format_question, make_event, publish_event, require_address
from herald.studio.app import make_studio as pages
from herald.studio.live_catalogue import LiveCatalogue
from laptop.resources import SENDER
from laptop.state import DEFAULT_STATE
from laptop.supervision.ports import HOST
from package.build import find_notifications

__all__ = ["send_to_inbox", "studio"]


def studio(
    notifications: Notifications = None,
    tenant: OfTenant = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine's loopback address")] = 8025,
    topic: Topic = None,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Look at your mails while you write them. A page on this machine that follows every file that is saved."""
    home = find_notifications(notifications)

    def send_by_laptop(content: Content, _type: str, _data: Mapping[str, Any], to: str) -> str:
        return send_to_inbox(AwsAccount.choose(True, state_dir, prefix), content, to)

    def publish_to_deployment(_content: Content, type_: str, data: Mapping[str, Any], to: str) -> str:
        account = AwsAccount.choose(False, state_dir, prefix)
        context = build_doctor_context(account, False, 1, topic).check_context
        message_id = publish_event(account.client("sns"), context.topic("events"), make_event(type_, data, to, tenant))
        return f"Published as a test to {prefix} in {account.where}: {message_id}"

    def ask(type_: str, to: str) -> str:
        return format_question(type_, to, prefix, AwsAccount.choose(False, state_dir, prefix).where)

    app = pages(LiveCatalogue(home, tenant), home, {"laptop": send_by_laptop, "deployment": publish_to_deployment}, ask)
    typer.echo(f"http://{HOST}:{port}/ shows {home}; Ctrl-C ends it")
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1)


def send_to_inbox(account: AwsAccount, content: Content, to: str) -> str:
    """Send the rendered mail by the laptop's SES, whatever package its function runs."""
    parts = {"Text": content.text, "Html": content.html}
    account.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": [require_address(to)]},
        Content={
            "Simple": {
                "Subject": {"Data": content.subject},
                "Body": {name: {"Data": text, "Charset": "UTF-8"} for name, text in parts.items()},
            }
        },
        EmailTags=[{"Name": "test", "Value": "studio"}],
    )
    return f"It lies in the laptop's inbox, to {to}"
