"""The short way makes the requests that botocore makes, byte for byte, and hears what botocore hears."""

from __future__ import annotations

import datetime
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.ledger.attempt import Attempt
from function.ledger.ledger import Writes
from function.ledger.record import Record, TimelineRow
from function.ledger.states import Action, State
from function.message.email import Email
from function.providers.ses.client import SesProvider
from function.runtime.fast_client import FastClient

#: Each request is counted.
pytestmark = pytest.mark.exact

MOMENT = datetime.datetime(2026, 11, 21, 8, 0)
CONFIG = Config(user_agent="herald", retries={"mode": "standard", "total_max_attempts": 3})

#: What each service says to what is asked of it here.
ANSWERS = {"sesv2": b'{"MessageId": "taken"}', "dynamodb": b'{"Attributes": {"pk": {"S": "x"}}}', "lambda": b"{}"}

SESSION = botocore.session.get_session()

Said = list[tuple[str, str, list[tuple[str, Any]], bytes]]
Script = list[tuple[int, dict[str, str], bytes] | Exception]


class Content(io.BytesIO):
    """A body as urllib3 streams it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time, ids and the pauses between tries stand still."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=7))
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: MOMENT)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def client(service: str, script: Script | None = None) -> tuple[Any, Said]:
    """A client of botocore's whose answers follow a script, the last one for ever, and what it said."""
    made = SESSION.create_client(service, region_name="eu-west-1", config=CONFIG)
    said: Said = []
    answers = script or [(200, {}, ANSWERS[service])]

    def answer(request: Any, **_: object) -> Any:
        said.append((request.method, request.url, sorted(request.headers.items()), request.body))
        found = answers[min(len(said), len(answers)) - 1]
        if isinstance(found, Exception):
            raise found
        status, headers, body = found
        made_headers: Any = HeadersDict(headers)
        return AWSResponse(request.url, status, made_headers, Content(body))

    made.meta.events.register("before-send.*.*", answer)
    return made, said


def compare_calls(service: str, operation: str, *requests: dict[str, Any], script: Script | None = None) -> None:
    """Say it both ways, and compare what was said and what came of it."""
    method = botocore.xform_name(operation)
    plain, long = client(service, script)
    quick, short = client(service, script)
    fast = FastClient(quick, operation)
    for request in requests:
        assert call_safely(getattr(fast, method), request) == call_safely(getattr(plain, method), request)
        assert short == long
    assert vars(fast)[method]._alone, "the short way was taken"


def call_safely(method: Any, request: dict[str, Any]) -> object:
    try:
        return method(**request)
    except ClientError as error:
        return type(error).__name__, error.response, str(error)
    except Exception as error:
        return type(error), str(error)


WRITES = Writes("herald-ledger", "r1", 900_000, 60 * 86_400, 1)
TEXTS = st.text(max_size=40)
NAMES = st.text("abcdefghij-0123456789", min_size=1, max_size=40)
ROWS = st.builds(TimelineRow, st.sampled_from(State), st.integers(0, 2**41), NAMES, st.none() | NAMES, detail=TEXTS)
BYTES = st.none() | st.binary(min_size=1, max_size=100)
RECORDS = st.builds(Record, NAMES, st.sampled_from(State), NAMES)
ATTEMPTS = st.builds(
    Attempt,
    NAMES,
    NAMES,
    NAMES,
    event_key=NAMES,
    address=NAMES,
    letter=st.none() | NAMES,
    confirmed=st.booleans(),
    source=NAMES,
    subject=st.none() | NAMES,
    content_hash=BYTES,
    body=BYTES,
    providers=st.lists(NAMES, unique=True).map(tuple),
    predecessor=st.none() | RECORDS,
)
QUIET = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@QUIET
@given(first=ATTEMPTS, second=ATTEMPTS, row=ROWS, doubtful=RECORDS)
def test_every_transaction_of_the_ledger_is_the_same_on_the_wire(
    first: Attempt, second: Attempt, row: TimelineRow, doubtful: Record
) -> None:
    written = [
        WRITES.claim(first, 1_795_507_200_000),
        WRITES.claim_expired(second, 1_795_507_200_000),
        WRITES.resend(first, doubtful, 1_795_507_200_000),
        WRITES.refuse(first, row),
        WRITES.withdraw(first, row, doubtful),
        WRITES.reject(second, row),
        WRITES.suppress(first, row),
        WRITES.park(first, second.owner, row),
        WRITES.apply_feedback(first.message_id, Action.FEEDBACK_BOUNCED, row, second.address, second.owner),
        WRITES.apply_feedback_afresh(first.message_id, row, second.address, second.owner),
    ]
    compare_calls("dynamodb", "TransactWriteItems", *({"TransactItems": items} for items in written))


@QUIET
@given(attempt=ATTEMPTS, row=ROWS)
def test_every_update_of_the_ledger_is_the_same_on_the_wire(attempt: Attempt, row: TimelineRow) -> None:
    written = [
        WRITES.record(attempt, [row, row], "provider-id"),
        WRITES.annotate(attempt, [row]),
        WRITES.add_sender(attempt, row),
        WRITES.tell_sent_twice(attempt.message_id, row),
        WRITES.mark_feedback("ses://eu-west-1", 1, 2),
        WRITES.begin_probe("ses://eu-west-1", 1),
        WRITES.release_claim(attempt, row),
        WRITES.give_back(attempt, row, "another"),
        WRITES.lose(attempt, row),
    ]
    compare_calls("dynamodb", "UpdateItem", *({**request, "ReturnValues": "ALL_NEW"} for request in written))


@QUIET
@given(to=NAMES, subject=TEXTS, text=TEXTS, key=NAMES)
def test_every_mail_is_the_same_on_the_wire(to: str, subject: str, text: str, key: str) -> None:
    provider = SesProvider("ses://eu-west-1", None, "Herald <books@herald.example>", "herald")
    mails = [Email(to, subject, text, f"<p>{text}</p>", {"Traceparent": key}), Email(key, text, subject, "")]
    compare_calls("sesv2", "SendEmail", *(provider._request(mail, {"message_id": key}) for mail in mails))


MAIL = SesProvider("", None, "a@b.example", "set")._request(Email("c@d.example", "s", "t", "h"), {"message_id": "key"})
CLAIM = {"TransactItems": WRITES.claim(Attempt("m", "o", "t", event_key="e", address="a"), 1)}
ERRORS = [
    "MessageRejected",
    "TooManyRequestsException",
    "TransactionCanceledException",
    "ThrottlingException",
    "Unheard",
]


@pytest.mark.parametrize("status", [400, 429, 500, 503])
@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize(
    ("service", "operation", "request_"), [("sesv2", "SendEmail", MAIL), ("dynamodb", "TransactWriteItems", CLAIM)]
)
def test_an_error_is_the_same_and_repeated_as_often(
    service: str, operation: str, request_: dict[str, Any], code: str, status: int
) -> None:
    reasons = [{"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "x"}}}]
    body = json.dumps({"__type": code, "message": "no", "CancellationReasons": reasons}).encode()
    compare_calls(service, operation, request_, request_, script=[(status, {"x-amzn-errortype": code}, body)])


def test_each_call_names_the_invocation_that_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "herald-notify")
    plain, long = client("sesv2")
    quick, short = client("sesv2")
    for one in (plain, FastClient(quick, "SendEmail")):
        for trace in ("Root=1-first", "Root=1-second"):
            monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
            one.send_email(**MAIL)
    assert short == long
    assert [dict(headers)["X-Amzn-Trace-Id"] for _, _, headers, _ in short] == [b"Root=1-first", b"Root=1-second"]


def test_a_sandbox_may_repeat_as_often_in_its_life_as_with_botocore() -> None:
    """botocore's budget for repeating is given back by the calls that succeed."""
    script: Script = [(400, {}, b'{"__type": "ThrottlingException"}'), (200, {}, b"{}")] * 130
    compare_calls("dynamodb", "TransactWriteItems", *[CLAIM] * 130, script=script)


def test_a_lost_answer_is_the_same() -> None:
    compare_calls("dynamodb", "TransactWriteItems", CLAIM, CLAIM, script=[ReadTimeoutError(endpoint_url="https://x")])


def test_what_botocore_refuses_before_sending_is_refused_on_the_first_call() -> None:
    both_ways = [client("sesv2")[0], FastClient(client("sesv2")[0], "SendEmail")]
    told = [call_safely(each.send_email, {"Destination": {"ToAddresses": "one text"}}) for each in both_ways]
    assert told[0] == told[1]


def test_an_operation_whose_body_is_not_its_parameters_goes_the_long_way() -> None:
    plain, long = client("lambda")
    quick, short = client("lambda")
    fast = FastClient(quick, "Invoke")
    for one in (plain, fast):
        one.invoke(FunctionName="herald", Payload=b"{}")
        one.invoke(FunctionName="another", Payload=b"[]")
    assert short == long
    assert "another" in short[1][1]


def test_all_else_is_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = client("dynamodb", [(200, {}, b'{"Item": {"pk": {"S": "x"}}}')])
    assert FastClient(made, "UpdateItem").get_item(TableName="t", Key={"pk": {"S": "x"}})
    assert len(said) == 1
