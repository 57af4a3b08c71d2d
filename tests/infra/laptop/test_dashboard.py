"""The dashboard that Terraform made shows what a bad hour left in CloudWatch, and is drawn for whoever looks at it:
build/screenshots/dashboard-light.png and -dark.png."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
import pytest

from function.providers.failover import ROUNDS
from laptop.clients import LaptopClients
from laptop.state import ROOT
from tests.browser.chromium import chromium
from tests.browser.screenshots import compress
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.conftest import PROVIDERS
from tests.infra.laptop.dashboard_lines import Line, Span, read_lines
from tests.infra.laptop.dashboard_page import draw_dashboard
from tests.infra.laptop.test_second_region import send
from tests.stack.events import new_address
from tests.waiting import eventually

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH = 1312
#: Seconds of this machine's time for each point: a hundred of AWS's, by the laptop's factor.
PERIOD = 2
#: Mails that nothing stops, before the trouble and after it.
FINE = 8
#: Nobody plays SES's reputation.
UNPLAYED = {"Bounces of the account, as SES counts them", "Complaints of the account, as SES counts them"}
#: Has something to show where a report was faster than the sender's own write.
RACES = "Repaired by feedback"


@pytest.fixture(scope="module")
def body(clients: LaptopClients) -> dict[str, Any]:
    found: Any = clients.make_client("cloudwatch").get_dashboard(DashboardName="herald-us-east-1")
    parsed: dict[str, Any] = json.loads(found["DashboardBody"])
    return parsed


@pytest.fixture(scope="module")
def hour(applied: Applied, inbox: httpx.Client) -> Iterator[Span]:
    """Mails that go, one that bounces, one that SES holds back for a while in both regions, two that it refuses."""
    began = datetime.now(UTC)

    def mail(*faults: dict[str, Any], mailbox: str = "") -> str:
        to = f"{mailbox}+{new_address()}" if mailbox else new_address()
        to = to.replace("example.com", "simulator.amazonses.com") if mailbox else to
        for fault in faults:
            inbox.post("/faults", json={"recipient": to, **fault}).raise_for_status()
        applied.clients.functions.invoke(
            FunctionName="herald-scheduler", Payload=b"{}"
        )  # nobody plays its schedule here
        return send(applied, to)

    throttled = [{"fault": "throttle", "times": ROUNDS, "provider": provider} for provider in PROVIDERS]
    assert {mail() for _ in range(FINE)} == {"delivered"}
    assert mail(mailbox="bounce") == "bounced"
    assert mail(*throttled) == "delivered"
    assert mail({"fault": "refuse"}) == "rejected"
    assert {mail() for _ in range(FINE)} == {"delivered"}
    rings = applied.clients.make_client("cloudwatch")
    dead: Any = ["herald-dead-letters"]
    eventually(
        lambda: [alarm["StateValue"] for alarm in rings.describe_alarms(AlarmNames=dead)["MetricAlarms"]],
        lambda states: states == ["ALARM"],
    )
    yield Span(began, datetime.now(UTC) + timedelta(seconds=1), PERIOD)
    applied.clients.sqs.purge_queue(QueueUrl=applied.clients.sqs.get_queue_url(QueueName="herald-dead")["QueueUrl"])


@pytest.fixture(scope="module")
def drawn(clients: LaptopClients, body: dict[str, Any], hour: Span) -> dict[str, list[Line]]:
    """The lines of each graph by its title."""
    metrics = [widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"]
    return {properties["title"]: read_lines(clients, properties, hour) for properties in metrics}


def total(lines: list[Line], label: str) -> float:
    return sum(value for line in lines if line.label == label for _, value in line.points)


def test_the_first_row_answers_whether_mail_goes_what_waits_and_what_is_dead(drawn: dict[str, list[Line]]) -> None:
    lines = drawn["In the last five minutes"]
    assert (total(lines, "Sent"), total(lines, "Delivered")) == (2 * FINE + 2, 2 * FINE + 1)
    assert [line.points[-1][1] for line in lines if line.label == "Dead letters"] == [1]
    assert [line.points[-1][1] for line in lines if line.label == "Waiting to be sent"] == [0]


def test_each_trouble_is_in_the_graph_that_asks_for_it(drawn: dict[str, list[Line]]) -> None:
    assert total(drawn["Mails that did not arrive"], "Bounced") == 1
    assert total(drawn["Not sent, or not known to be"], "Released") == 1
    assert total(drawn["Rejected, parked, sent twice"], "Rejected") == 1
    assert total(drawn["Mails a second, and what SES allows"], "Sent a second") * PERIOD == pytest.approx(2 * FINE + 2)


def test_no_graph_is_empty_but_those_of_what_nobody_plays(drawn: dict[str, list[Line]]) -> None:
    empty = {title for title, lines in drawn.items() if not any(line.points for line in lines)}
    assert empty - {RACES} == UNPLAYED


def test_it_is_drawn_light_and_dark_and_nothing_is_cut(
    clients: LaptopClients, body: dict[str, Any], hour: Span, drawn: dict[str, list[Line]]
) -> None:
    cloudwatch: Any = clients.make_client("cloudwatch")
    states = {
        each["AlarmArn"]: each["StateValue"] for each in cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]
    }
    note = "A bad hour on the laptop, where a second stands for fifty. Drawn by a test, not by CloudWatch."
    page = draw_dashboard(body, lambda properties: drawn[properties["title"]], states, hour, note)
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for scheme in SCHEMES:
            with browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme=scheme) as opened:
                opened.set_content(page)
                cut = (
                    "() => [...document.querySelectorAll('.widget')].filter(e => e.scrollWidth > e.clientWidth).length"
                )
                assert opened.evaluate(cut) == 0
                height: int = opened.evaluate("() => document.documentElement.scrollHeight")
                opened.set_viewport_size({"width": WIDTH, "height": height})
                opened.screenshot(path=folder / f"dashboard-{scheme}.png", animations="disabled")
            compress(folder / f"dashboard-{scheme}.png")
