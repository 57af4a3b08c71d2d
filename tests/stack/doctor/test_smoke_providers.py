"""`herald smoke --provider` on a laptop cloud: a synthetic event by each simulator, till its webhook came."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import httpx
import pytest

from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import REGION
from laptop.resources import PREFIX
from laptop.state import ROOT
from tests.stack.conftest import HASTE
from tests.stack.doctor.test_commands import run_herald

PROVIDERS = ("sendgrid://", "mailgun://herald.example", "resend://")
SERVER = "smtp://127.0.0.1:587"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LaptopCloud]:
    state = ROOT / "build" / "tests" / f"smoke-providers-{os.getpid()}"
    with run_cloud(Options(state, scale=HASTE, providers=(f"ses://{REGION}", *PROVIDERS, SERVER))) as started:
        yield started


def test_an_event_by_each_provider_is_followed_till_its_report_came(cloud: LaptopCloud) -> None:
    shown = run_herald(cloud, "smoke", "--yes", "--json", "--provider", "each", "--timeout", "2")
    assert shown.returncode == 0, shown.stderr + shown.stdout
    told = json.loads(shown.stdout)
    assert [one["provider"] for one in told["journeys"]] == [f"ses://{REGION}", *PROVIDERS]
    assert {one["state"] for one in told["journeys"]} == {"delivered"}
    with httpx.Client(base_url=cloud.descriptor.endpoints["inbox"], trust_env=False) as inbox:
        mails = inbox.get("/messages").json()
        posted = inbox.get("/webhooks").json()
    sent_to = {mail["configuration_set"]: mail["to"] for mail in mails}
    assert sent_to["resend"] == ["delivered@resend.dev"]
    assert sent_to["sendgrid"] == ["herald@sink.sendgrid.net"]
    assert "mailgun" not in sent_to  # its test mode delivers to nobody
    for provider in ("sendgrid", "mailgun", "resend"):
        assert {("Delivery", 200)} <= {(one["event"], one["status"]) for one in posted[provider]}


def test_one_provider_may_be_named_by_its_scheme_and_each_step_is_shown(cloud: LaptopCloud) -> None:
    shown = run_herald(cloud, "smoke", "--yes", "--provider", "mailgun")
    assert shown.returncode == 0, shown.stderr + shown.stdout
    words = [line.split()[0] for line in shown.stdout.splitlines()]
    assert words == ["mailgun://herald.example:", "published", "claimed", "accepted", "delivered", "1"]


@pytest.mark.parametrize(
    ("named", "said"), [("smtp", "tells nothing of its mails"), ("postmark", "is none of the providers here")]
)
def test_a_mail_server_and_what_is_not_configured_are_told_of_and_nothing_is_sent(
    cloud: LaptopCloud, named: str, said: str
) -> None:
    shown = run_herald(cloud, "smoke", "--yes", "--provider", named)
    assert shown.returncode == 2
    assert said in " ".join(shown.stderr.split())


def test_without_a_webhook_it_is_said_that_nobody_hears_of_the_mail(cloud: LaptopCloud) -> None:
    """Last of this file: the function that hears of providers is told of SendGrid alone."""
    functions = cloud.clients.make_client("lambda")
    name = f"{PREFIX}-webhook"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    keys = json.loads(variables["HERALD_WEBHOOK_SECRETS"])
    variables["HERALD_WEBHOOK_SECRETS"] = json.dumps({url: arn for url, arn in keys.items() if url == "sendgrid://"})
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    withheld = {"fault": "withhold-feedback", "provider": "resend", "times": None}
    httpx.post(f"{cloud.descriptor.endpoints['inbox']}/faults", json=withheld, trust_env=False).raise_for_status()
    shown = run_herald(cloud, "smoke", "--yes", "--provider", "resend")
    assert shown.returncode == 0, shown.stderr + shown.stdout
    said = " ".join(shown.stdout.split())
    assert "resend:// has no webhook here: nobody hears what becomes of a mail that it accepted." in said
