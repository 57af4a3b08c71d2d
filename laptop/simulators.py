"""Runs all of Herald's simulators beside ministack, in one process.

python -m laptop.simulators --aws URL --ses PORT --codedeploy PORT --providers PORT --smtp PORT --inbox PORT
    --certificate PATH
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import threading
import time
from collections.abc import Collection
from email.utils import parseaddr
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import httpx
import uvicorn
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.api import CodeDeployApi
from laptop.codedeploy.http_server import CodeDeployServer
from laptop.cognito.accounts import CognitoAccounts
from laptop.cognito.mail import CognitoMailPoller
from laptop.cognito.sign_up_pages import AccountPages
from laptop.console.console import Console
from laptop.environment import REGION
from laptop.inbox.app import PAGE_POLICY, make_inbox
from laptop.providers.certificate import make_tls_context
from laptop.providers.http_server import ProviderServer
from laptop.providers.mailgun import MailgunSimulator
from laptop.providers.provider_simulator import ProviderSimulator
from laptop.providers.resend import ResendSimulator
from laptop.providers.sendgrid import SendGridSimulator
from laptop.providers.smtp import SmtpServer
from laptop.providers.webhook_sender import WebhookSender, post_webhook
from laptop.resources import PROVIDER_KEY, SENDER
from laptop.ses.api import Ses
from laptop.ses.faults import ArmedFaults
from laptop.ses.http_server import SesServer
from laptop.ses.mailbox import Mailbox
from laptop.supervision.ports import HOST
from laptop.timer import Timer
from laptop.traces.pages import TracePages

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient

__all__ = ["main"]

log = logging.getLogger("simulators")

#: Maximum duration of a function in seconds, on AWS and in ministack.
LONGEST_FUNCTION = 900
#: The sender's domain, which is verified at every provider.
DOMAIN = parseaddr(SENDER)[1].rpartition("@")[2]


def main() -> None:
    """Serve until killed."""
    options = _parse_options()
    topics = cache(lambda region: _make_client("sns", options.aws, region=region))
    ses = Ses(lambda topic, body: _publish(topics(topic.split(":")[3]), topic, body), options.scale)
    wire = SesServer((HOST, options.ses), ses, options.aws)
    emulator = httpx.Client(base_url=options.aws, trust_env=False, timeout=300)
    deployments = _make_codedeploy(options.aws, emulator, options.scale)
    codedeploy = CodeDeployServer((HOST, options.codedeploy), deployments)
    console = Console(ses, deployments, options.aws, wire)
    providers = _serve_providers(options.providers, ses.mailbox, options.scale, options.domain)
    for server in (wire, codedeploy, providers):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    functions: LambdaClient = _make_client("lambda", options.aws)
    for name, seconds in options.schedule:
        threading.Thread(target=_repeat, args=(functions, emulator, name, seconds), daemon=True).start()
    threading.Thread(target=CognitoMailPoller(options.aws, ses.mailbox).run_forever, daemon=True).start()
    accounts = CognitoAccounts(_make_client("cognito-idp", options.aws), functions)
    pages = AccountPages(accounts, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})
    smtp = _serve_smtp(options.smtp, options.certificate, ses.mailbox, options.domain)
    faults = {**{one.name: one.faults for one in providers.simulators}, "smtp": smtp.faults}
    served = make_inbox(ses, console, pages.routes(), faults, providers.senders, TracePages())
    uvicorn.run(served, host=HOST, port=options.inbox, log_level="warning", access_log=False)


def _serve_providers(port: int, mailbox: Mailbox, scale: float, also: Collection[str]) -> ProviderServer:
    """Return the server of the other providers. Each has the sender's domain and those in `also` verified, and delivers
    to SES's inbox.
    """
    sendgrid, resend = (
        SendGridSimulator(PROVIDER_KEY[1], DOMAIN, ArmedFaults()),
        ResendSimulator(PROVIDER_KEY[1], DOMAIN, ArmedFaults()),
    )
    sendgrid.also = resend.also = also  # Mailgun accepts any sender of its own domain
    simulators: list[ProviderSimulator] = [sendgrid, MailgunSimulator(PROVIDER_KEY[1], DOMAIN, ArmedFaults()), resend]
    after = Timer("webhooks", apart=True).call_after
    post = partial(post_webhook, httpx.Client(trust_env=False, timeout=300))
    senders = {one.name: WebhookSender(one.name, one.faults, post, scale, after) for one in simulators}
    return ProviderServer((HOST, port), simulators, mailbox, senders)


def _serve_smtp(port: int, certificate: Path, mailbox: Mailbox, also: Collection[str]) -> SmtpServer:
    """Return the mail server, which delivers to the same inbox and writes a new certificate."""
    return SmtpServer((HOST, port), mailbox, make_tls_context(certificate), DOMAIN, ArmedFaults(), also)


def _make_codedeploy(aws: str, emulator: httpx.Client, scale: float) -> CodeDeployApi:
    """Return the CodeDeploy simulator. It invokes a hook once, and waits 15 minutes, the longest that a function can
    run.
    """
    functions: LambdaClient = _make_client("lambda", aws, read_timeout=LONGEST_FUNCTION + 5, attempts=1)
    return CodeDeployApi(functions, _make_client("cloudwatch", aws), scale, running=partial(_list_running, emulator))


def _list_running(emulator: httpx.Client, function: str, version: str) -> list[float]:
    """Return when each of a version's runs in progress began; an empty list if the emulator is too busy to answer."""
    try:
        runs = emulator.get("/_herald/running").json()
    except (httpx.HTTPError, ValueError) as problem:
        log.warning("the emulator did not say what runs: %s", problem)
        return []
    return [float(run["began"]) for run in runs if (run["function"], run["version"]) == (function, version)]


def _repeat(functions: LambdaClient, emulator: httpx.Client, name: str, every: float) -> None:
    """Invoke a function every `every` seconds, like an EventBridge schedule, whose shortest interval is a minute.

    An invocation is skipped while the previous one is pending: with intervals of seconds, a busy machine would start
    more and more sandboxes.
    """
    while True:
        time.sleep(every)
        if _is_pending(emulator, name):
            continue
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            try:
                functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({}))
            except (BotoCoreError, ClientError) as problem:
                log.warning("%s was not invoked: %s", name, problem)


def _is_pending(emulator: httpx.Client, name: str) -> bool:
    """Return whether an event of this function has neither succeeded nor been given up; True if unknown."""
    try:
        return name in emulator.get("/_herald/pending").json()
    except httpx.HTTPError as problem:
        log.warning("it is not known whether %s runs: %s", name, problem)
        return True


def _publish(sns: SNSClient, topic: str, body: str) -> None:
    try:
        sns.publish(TopicArn=topic, Message=body)
    except (BotoCoreError, ClientError) as problem:
        log.warning("feedback was not published: %s", problem)


def _make_client(service: str, endpoint: str, read_timeout: int = 300, attempts: int = 2, region: str = REGION) -> Any:
    config = Config(connect_timeout=300, read_timeout=read_timeout, retries={"total_max_attempts": attempts})
    return botocore.session.get_session().create_client(
        service, region_name=region, endpoint_url=endpoint, config=config
    )


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m laptop.simulators", description=__doc__)
    parser.add_argument("--aws", required=True, help="URL of ministack")
    parser.add_argument("--ses", type=int, required=True, help="port of the SES v2 API")
    parser.add_argument("--providers", type=int, required=True, help="port of SendGrid, Mailgun and Resend")
    parser.add_argument("--smtp", type=int, required=True, help="port of the mail server")
    parser.add_argument(
        "--domain", action="append", default=[], help="a domain that every provider also treats as verified"
    )
    parser.add_argument("--certificate", type=Path, required=True, help="where to write the certificate")
    parser.add_argument("--codedeploy", type=int, required=True, help="port of the CodeDeploy API")
    parser.add_argument("--inbox", type=int, required=True, help="port of the inbox and the control API")
    parser.add_argument(
        "--schedule",
        type=_parse_schedule,
        action="append",
        default=[],
        help="FUNCTION=SECONDS: which function to invoke, and how often",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="factor on every simulated waiting time")
    return parser.parse_args()


def _parse_schedule(text: str) -> tuple[str, float]:
    name, _, seconds = text.partition("=")
    return name, float(seconds)


if __name__ == "__main__":
    main()
