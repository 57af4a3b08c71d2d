"""`herald local ...`: start the laptop cloud, try it, and reach it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from function.providers.urls import list_ses_regions, parse_provider_urls
from herald.command_list import CommandList
from herald.console import CommandInterrupted, console
from laptop.cloud import PORTS, Options, run_cloud
from laptop.cognito.demo_users import ADA, GRACE
from laptop.descriptor import Descriptor
from laptop.environment import REGION, is_foreign, remove_foreign_settings
from laptop.state import DEFAULT_STATE, find_descriptor
from laptop.time_scale import DEFAULT
from operations.errors import UserError

__all__ = ["app"]

app = typer.Typer(
    help="Run the whole of Herald on this machine, with no AWS account.",
    cls=CommandList,
    no_args_is_help=True,
    add_completion=False,
)

StateDir = Annotated[
    Path, typer.Option("--state-dir", help="Folder for what it writes; deleted when it stops", show_default=False)
]


class Stopped(BaseException):
    """A signal asked the command to stop."""


@app.command()
def run(
    state_dir: StateDir = DEFAULT_STATE,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show how long each part took to start")] = False,
    scale: Annotated[float, typer.Option(min=0.001, max=1, help="Factor on waiting times: 1 is AWS's own")] = DEFAULT,
    providers: Annotated[
        str, typer.Option(help="Who sends the mails, the preferred one first: SES, SendGrid, Mailgun, Resend")
    ] = f"ses://{REGION},resend://",
    events_api: Annotated[bool, typer.Option("--events-api", help="Also let apps post events over HTTP")] = False,
    event_bus: Annotated[bool, typer.Option("--event-bus", help="Also take events from an EventBridge bus")] = False,
    tracing: Annotated[bool, typer.Option("--tracing", help="Trace every mail: the inbox shows it at /traces")] = False,
) -> None:
    """Start it, and keep it running until Ctrl-C. SIGTERM or the end of the parent process end it too."""
    _prepare_process()
    options = Options(
        state_dir,
        PORTS,
        scale,
        providers=_read(providers),
        events_api=events_api,
        event_bus=event_bus,
        tracing=tracing,
        say=console.print,
    )
    parent = os.getppid()
    try:
        with run_cloud(options) as cloud:
            _announce(cloud.descriptor.endpoints, cloud.timings, verbose)
            while os.getppid() == parent:
                cloud.watch(0.5)
    except Stopped:
        pass
    console.print("Stopped; nothing is left behind.")


@app.command()
def demo(
    wait: Annotated[float, typer.Option(help="Longest wait for the mail, in seconds")] = 600.0,
    settle: Annotated[float, typer.Option(help="Seconds to wait for a second mail, which must not come")] = 2.0,
) -> None:
    """Create a book in a laptop cloud of its own, and show its mail. Starts the cloud, and stops it."""
    from laptop.demo import run_demo  # noqa: PLC0415  its HTTP client is slow to load, and only the demo's

    _prepare_process()
    try:
        state = DEFAULT_STATE.with_name(f"demo-{os.getpid()}")
        with run_cloud(Options(state, scale=DEFAULT, say=console.print)) as cloud:
            run_demo(cloud, wait, settle, console)
    except Stopped:
        raise CommandInterrupted("stopped before the mail was there") from None


@app.command()
def env(state_dir: StateDir = DEFAULT_STATE) -> None:
    """Print what points an AWS client at it. In a shell: eval "$(make -s env)"."""
    settings = Descriptor.read(find_descriptor(state_dir)).settings()
    foreign = [name for name in os.environ if is_foreign(name) and not name.lower().endswith("_proxy")]
    for name in sorted({*foreign, "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} - settings.keys()):
        typer.echo(f"unset {name}")
    for name, value in settings.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _read(providers: str) -> tuple[str, ...]:
    try:
        urls = parse_provider_urls(providers)
    except ValueError:
        raise UserError(f"--providers is a list such as ses://{REGION},resend:// and not {providers}") from None
    if set(list_ses_regions(urls)) - {REGION}:
        raise UserError(f"SES is set up in {REGION} only: a second region is made by Terraform (second_region)")
    return urls


def _prepare_process() -> None:
    """Remove the user's AWS settings from this process, and make signals end it cleanly."""
    remove_foreign_settings(os.environ)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _announce(endpoints: dict[str, str], timings: object, verbose: bool) -> None:
    if verbose and isinstance(timings, dict):
        for what, seconds in timings.items():
            console.print(f"  {seconds:5.2f} s  {what}", highlight=False)
    lines = {
        "Web app": endpoints["web"],
        "Inbox": endpoints["inbox"],
        "": f"sign in as {ADA.email} with {ADA.password}, as operator {GRACE.email} with {GRACE.password},",
        " ": f"or sign up at {endpoints['inbox']}/sign-up: the code comes to the inbox",
        "API": f"{endpoints['web']}/v1/openapi.json",
        "AWS": f'{endpoints["aws"]}  (eval "$(make -s env)")',
    }
    console.print("[bold green]Ready.[/] Stop with Ctrl-C.")
    for name, value in lines.items():
        console.print(f"  {name:8} {value}", highlight=False, soft_wrap=True)
    sys.stdout.flush()
