"""The smoke test of a release: what its notify does with synthetic events, its feedback with reports on them, and what
the ledger says of both."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakes.dynamodb.table import MemoryTable
from fakes.example_events import SECRET, example
from fakes.in_memory_herald import InMemoryHerald
from function.canary.smoke_mails import (
    ENDS,
    SmokeMail,
    build_reports,
    list_all_smoke_mails,
    list_few_smoke_mails,
    list_tenant_smoke_mails,
)
from function.canary.smoke_test import Candidate, SmokeTest
from function.errors import Throttled
from function.feedback import FeedbackHandler
from function.ledger.states import State
from function.ledger.table import Table
from function.mail_events import MailEventsHandler
from function.message.addressing.tenant import Tenant
from function.message.catalogue import Catalogue
from function.runtime.metrics import Telemetry
from function.webhook import WebhookHandler
from tests.sandbox import Sandbox

CANDIDATE = Candidate("herald-notify:7", "7", "r1", "herald-feedback:4")
#: The alias: SES's own reports are waited for.
LIVE = Candidate("herald-notify:live", "7", "r1", reported=True)
SMOKE_MAILS = [
    *(SmokeMail(type_, type_, example(type_=type_)) for type_ in ("book.created", "user.welcome")),
    *(SmokeMail(f"to {mailbox}@", "book.created", example(), mailbox) for mailbox in ENDS if mailbox != "success"),
]


@dataclass
class Functions:
    """Lambda with one version each of notify, feedback, webhook and mail-events, that are what `run`, `report`, `open`
    and `tell` do."""

    run: Callable[[Any], Any]
    report: Callable[[Any], Any]
    open: Callable[[Any], Any] = lambda _: None
    tell: Callable[[Any], Any] = lambda _: None
    version: str = "7"
    #: Invocations that the alias still leads to another version, as UpdateAlias is not in force everywhere at once.
    stale: int = 0
    busy: int = 0
    invoked: list[str] = field(default_factory=list)

    def invoke(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"]
        self.invoked.append(name)
        if self.busy:
            self.busy -= 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        if self.stale:
            self.stale -= 1
            return {"ExecutedVersion": "6", "Payload": io.BytesIO(b"{}")}
        does = {
            "herald-notify": self.run,
            "herald-feedback": self.report,
            "herald-webhook": self.open,
            "herald-mail-events": self.tell,
        }
        version = self.version if name.startswith("herald-notify") else "4"
        try:
            answer = does[name.partition(":")[0]](json.loads(request["Payload"]))
        except Exception as error:
            said = f'{{"errorMessage": "{error}"}}'.encode()
            return {"FunctionError": "Unhandled", "ExecutedVersion": version, "Payload": io.BytesIO(said)}
        return {"ExecutedVersion": version, "Payload": io.BytesIO(json.dumps(answer).encode())}

    @property
    def sent(self) -> int:
        """How often notify was invoked."""
        return sum(name.startswith("herald-notify") for name in self.invoked)


@dataclass
class Bench:
    """A notify and a feedback, and the smoke test of both."""

    sandbox: Sandbox
    feedback: FeedbackHandler
    functions: Functions

    def failure_reason(self, candidate: Candidate = CANDIDATE, mails: list[SmokeMail] = SMOKE_MAILS) -> str | None:
        world = self.sandbox.world
        table = Table(world.client, "herald-ledger")
        test = SmokeTest(self.functions, table, "herald", world.clock, world.clock.forward, at_once=1)
        return test.failure_reason(candidate, mails)


@pytest.fixture
def bench(catalogue: Catalogue) -> Bench:
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue)
    sandbox = Sandbox(world)
    telemetry = Telemetry("herald-feedback", "r1", world.clock, io.StringIO())
    feedback = FeedbackHandler(world.ledger, SECRET, telemetry, "r1", world.clock, "herald")
    return Bench(sandbox, feedback, Functions(sandbox, lambda event: feedback(event, None)))


def test_a_release_that_brings_every_mail_to_its_end_is_good(bench: Bench) -> None:
    assert bench.failure_reason() is None
    taken = [mail.to for _, mail in bench.sandbox.world.post.taken]
    assert sorted(address.partition("+")[0] for address in taken) == sorted(
        ["success", "success", "bounce", "complaint", "ooto", "suppressionlist"]
    )
    assert {address.rpartition("@")[2] for address in taken} == {"simulator.amazonses.com"}
    assert bench.functions.sent == len(SMOKE_MAILS) + 1, "and once for what was delivered before notify saw it"


def test_nobody_is_suppressed_for_a_mail_to_the_simulator(bench: Bench) -> None:
    assert bench.failure_reason() is None
    items = bench.sandbox.world.client.scan(TableName="herald-ledger")["Items"]
    assert not [item for item in items if item["pk"]["S"].startswith("address#")]


def test_without_a_feedback_the_mails_are_followed_until_they_are_sent(bench: Bench) -> None:
    assert bench.failure_reason(Candidate("herald-notify:7", "7", "r1")) is None
    assert {*bench.functions.invoked} == {"herald-notify:7"}


def test_a_version_that_raises_is_not(bench: Bench) -> None:
    bench.sandbox.world.post.accept_then(ZeroDivisionError("a bug"))
    assert bench.failure_reason() == 'book.created: it raised: {"errorMessage": "a bug"}'


def test_a_version_that_fails_one_notification_in_one_language_is_not(bench: Bench, compiled: Path) -> None:
    def fails(event: Any) -> Any:
        said = json.loads(event["Records"][0]["Sns"]["Message"])
        if (said["type"], said["data"]["recipient"]["locale"]) == ("book.deleted", "de"):
            raise KeyError("Buch")
        return bench.sandbox(event)

    bench.functions.run = fails
    reason = bench.failure_reason(mails=list_all_smoke_mails(compiled))
    assert reason is not None
    assert reason.startswith("book.deleted, ")
    assert ", de: it raised: " in reason


def test_a_version_that_does_nothing_is_not(bench: Bench) -> None:
    bench.functions.run = lambda event: {}
    assert bench.failure_reason() == "book.created: it returned, and the ledger knows nothing of the mail"


def test_a_version_that_rejects_what_it_should_send_is_not(bench: Bench) -> None:
    def rejects(event: Any) -> Any:
        event["Records"][0]["Sns"]["Message"] = "not an event"
        return bench.sandbox(event)

    bench.functions.run = rejects
    assert bench.failure_reason() == "book.created: the ledger says rejected"


def test_a_feedback_that_raises_is_not(bench: Bench) -> None:
    bench.functions.report = lambda event: 1 / 0
    reason = bench.failure_reason()
    assert reason == 'herald-feedback:4: it raised: {"errorMessage": "division by zero"}'
    assert bench.functions.sent == 0, "no mail for that"


def test_a_feedback_that_writes_nothing_is_not(bench: Bench) -> None:
    bench.functions.report = lambda event: {}
    assert bench.failure_reason() == ("herald-feedback:4: after its reports on a mail to success@ the ledger says None")


def test_a_webhook_that_turns_a_stranger_away_is_good(bench: Bench) -> None:
    nothing: Any = None
    telemetry = Telemetry("herald-webhook", "r1", lambda: 0, io.StringIO())
    webhook = WebhookHandler({}, nothing, nothing, "", "", telemetry, lambda: 0)
    bench.functions.open = lambda event: webhook(event, None)
    assert bench.failure_reason(replace(CANDIDATE, webhooks=("herald-webhook:3",))) is None
    assert bench.functions.invoked[0] == "herald-webhook:3"


@pytest.mark.parametrize(
    ("webhook", "reason"),
    [
        (lambda _: 1 / 0, 'herald-webhook:3: it raised: {"errorMessage": "division by zero"}'),
        (lambda _: {"statusCode": 200}, "herald-webhook:3: it answered 200 to a stranger"),
        (lambda _: None, "herald-webhook:3: it answered None to a stranger"),
    ],
)
def test_one_that_raises_or_lets_him_in_is_not(bench: Bench, webhook: Callable[[Any], Any], reason: str) -> None:
    bench.functions.open = webhook
    assert bench.failure_reason(replace(CANDIDATE, webhooks=("herald-webhook:3",))) == reason
    assert bench.functions.sent == 0, "no mail for that"


def test_a_function_that_tells_nobody_of_a_synthetic_mail_is_good(bench: Bench) -> None:
    sns: Any = None  # nothing is asked of it
    teller = MailEventsHandler(sns, "", Telemetry("herald-mail-events", "r1", lambda: 0, io.StringIO()))
    bench.functions.tell = lambda event: teller(event, None)
    assert bench.failure_reason(replace(CANDIDATE, mail_events=("herald-mail-events:3",))) is None
    assert bench.functions.invoked[0] == "herald-mail-events:3"


@pytest.mark.parametrize(
    ("teller", "reason"),
    [
        (lambda _: 1 / 0, 'herald-mail-events:3: it raised: {"errorMessage": "division by zero"}'),
        (
            lambda _: {"batchItemFailures": [{"itemIdentifier": "1"}]},
            "herald-mail-events:3: it wants a batch again: {'batchItemFailures': [{'itemIdentifier': '1'}]}",
        ),
        (lambda _: None, "herald-mail-events:3: it wants a batch again: {}"),
    ],
)
def test_one_that_raises_or_tells_of_it_is_not(bench: Bench, teller: Callable[[Any], Any], reason: str) -> None:
    bench.functions.tell = teller
    assert bench.failure_reason(replace(CANDIDATE, mail_events=("herald-mail-events:3",))) == reason
    assert bench.functions.sent == 0, "no mail for that"


@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Delivery"])
def test_a_feedback_that_takes_one_kind_of_report_for_none_is_not(bench: Bench, kind: str) -> None:
    def deaf(event: Any) -> Any:
        heard = [record for record in event["Records"] if f'\\"eventType\\": \\"{kind}\\"' not in record["body"]]
        return bench.feedback({"Records": heard}, None)

    bench.functions.report = deaf
    reason = bench.failure_reason()
    assert reason is not None
    assert "the ledger says sent" in reason or "the ledger says delivered" in reason


def test_a_feedback_that_could_not_write_is_not(bench: Bench) -> None:
    bench.functions.report = lambda event: {"batchItemFailures": [{"itemIdentifier": "x"}]}
    assert bench.failure_reason() == "herald-feedback:4: it could not write 1 reports"


def test_a_notify_that_sends_again_what_feedback_knows_is_not(bench: Bench) -> None:
    def forgets(event: Any) -> Any:
        if bench.functions.sent == 1:
            bench.sandbox.world.client.restore(MemoryTable("herald-ledger").snapshot())
        return bench.sandbox(event)

    bench.functions.run = forgets
    assert bench.failure_reason() == "herald-notify:7: it forgot what feedback had written"


def test_through_the_alias_the_reports_of_ses_are_waited_for(bench: Bench) -> None:
    world = bench.sandbox.world

    def send(event: Any) -> Any:
        answer = bench.sandbox(event)
        message_id = event["Records"][0]["Sns"]["MessageId"]
        mailbox = world.post.taken[-1][1].to.partition("+")[0]
        owner = world.record(message_id).owner
        bench.feedback(json.loads(build_reports({message_id: mailbox}, owner, "herald", world.clock())), None)
        return answer

    bench.functions.run = send
    assert bench.failure_reason(LIVE) is None
    assert {*bench.functions.invoked} == {"herald-notify:live"}


def test_reports_that_never_come_through_the_alias_are_no_proof(bench: Bench) -> None:
    assert bench.failure_reason(LIVE) == "book.created: the ledger says sent, and delivered did not come"


def test_reports_that_went_through_another_release_s_feedback_are_no_proof(bench: Bench) -> None:
    world = bench.sandbox.world
    other = FeedbackHandler(world.ledger, SECRET, bench.feedback.telemetry, "r0", world.clock, "herald")

    def send(event: Any) -> Any:
        bench.sandbox(event)
        message_id = event["Records"][0]["Sns"]["MessageId"]
        owner = world.record(message_id).owner
        return other(json.loads(build_reports({message_id: "success"}, owner, "herald", world.clock())), None)

    bench.functions.run = send
    assert bench.failure_reason(LIVE, SMOKE_MAILS[:1]) == "book.created: no report went through feedback of release r1"


def test_another_version_s_answer_says_nothing_of_this_one(bench: Bench) -> None:
    bench.functions.version = "6"
    assert bench.failure_reason() == "book.created: version 6 answered instead of 7"


def test_an_alias_that_leads_to_the_old_version_for_a_while_does_not_take_a_release_back(bench: Bench) -> None:
    bench.functions.stale = 6
    assert bench.failure_reason(Candidate("herald-notify:live", "7", "r1")) is None


def test_an_old_version_that_crashes_meanwhile_says_nothing_of_the_new_one(bench: Bench) -> None:
    bench.functions.version = "6"
    bench.functions.run = lambda event: 1 / 0
    assert bench.failure_reason() == "book.created: version 6 answered instead of 7"


def test_rows_must_name_the_release(bench: Bench) -> None:
    assert (
        bench.failure_reason(Candidate("herald-notify:7", "7", "r2"))
        == "book.created: the timeline does not name release r2"
    )
    assert bench.failure_reason(Candidate("herald-notify:7", "7")) is None, (
        "a deployment that was made by hand names none"
    )


def test_a_busy_ses_does_not_take_a_release_back(bench: Bench) -> None:
    bench.sandbox.world.post.answers = [Throttled("busy")] * 3
    assert bench.failure_reason() is None


@pytest.mark.parametrize("candidate", [Candidate("herald-notify:7", "7", "r1"), CANDIDATE])
def test_a_busy_lambda_does_not_take_a_release_back(bench: Bench, candidate: Candidate) -> None:
    bench.functions.busy = 2
    assert bench.failure_reason(candidate) is None


def test_an_ses_that_takes_nothing_for_long_does(bench: Bench) -> None:
    bench.sandbox.world.post.answers = [Throttled("busy")] * 1000
    assert bench.failure_reason() == "book.created: the ledger says released"


def test_every_example_is_tried_in_every_language_and_every_mailbox_once(compiled: Path) -> None:
    mails = list_all_smoke_mails(compiled)
    assert {mail.type for mail in mails} == {"book.created", "book.deleted", "user.welcome"}
    named = [mail.name for mail in mails]
    assert len(set(named)) == len(named)
    assert {"book.created, typical, de", "book.created, very-long, en", "user.welcome, rtl-emoji, de"} <= {*named}
    assert [mail.mailbox for mail in mails if mail.mailbox != "success"] == [*ENDS][1:]
    assert len(list_few_smoke_mails(compiled)) == 3 + len(ENDS) - 1


def test_each_declared_tenant_is_tried_and_one_that_the_version_does_not_know_fails_the_release(
    bench: Bench, compiled: Path
) -> None:
    world = bench.sandbox.world
    mails = list_tenant_smoke_mails(["acme", "globex"], compiled)
    world.tenants = {"acme": Tenant("acme", "mail@acme.example"), "globex": Tenant("globex", "mail@globex.example")}
    assert bench.failure_reason(mails=mails) is None
    assert {mail.sender for _, mail in world.post.taken} == {"mail@acme.example", "mail@globex.example"}
    del world.tenants["globex"]
    assert bench.failure_reason(mails=mails) == "book.created of globex: the ledger says rejected"


def test_reports_are_such_as_ses_ends_each_mailbox_with(bench: Bench) -> None:
    world = bench.sandbox.world
    for mailbox, end in ENDS.items():
        bench.feedback(json.loads(build_reports({mailbox: mailbox}, "a", "herald", world.clock())), None)
        assert world.state(mailbox) is end
    assert world.state("bounce") is State.BOUNCED
