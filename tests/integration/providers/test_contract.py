"""What every provider must do: one attempt, one of three answers, and the whole mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from function.errors import (
    NotificationError,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.message.email import Attachment, Email, Invitation, Receipt
from laptop.ses.faults import FaultKind, SendFault
from laptop.ses.mailbox import Mail
from tests.integration.providers.stages import PROVIDERS, Stage, stage

LINK = f"<https://herald.example/unsubscribe/{'t' * 200}>"
MAIL = Email(
    "ada@example.com",
    "Neu: „Der Zauberberg“ 雪 😀",
    "Grüße\n\n.a line that begins with a dot\n",
    "<p>Grüße 雪</p>",
    {
        "List-Unsubscribe": LINK,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "References": "<first@herald.example>",
        "In-Reply-To": "<first@herald.example>",
    },
    {"attempt": "request-0123456789ab"},
    reply_to="help@herald.example",
)
KEY = "01234567-0123-0123-0123-0123456789ab"


@pytest.fixture(params=PROVIDERS)
def staged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path) as made:
        yield made


def take_mail(staged: Stage) -> Mail:
    (mail,) = staged.mailbox.find()
    return mail


def headers(mail: Mail) -> dict[str, str]:
    return {name.lower(): value for name, value in mail.headers}


def failure(staged: Stage, email: Email = MAIL) -> NotificationError:
    with pytest.raises(NotificationError) as raised:
        staged.provider.send(email, KEY)
    line = str(raised.value)
    assert "\n" not in line
    assert "ada@example.com" not in line
    assert "key-of-tests" not in line
    return raised.value


# -- accepted -------------------------------------------------------------------------------------------------------


def test_an_accepted_mail_is_one_mail_and_has_a_receipt(staged: Stage) -> None:
    receipt = staged.provider.send(MAIL, KEY)
    assert isinstance(receipt, Receipt)
    assert receipt.provider == staged.provider.url
    assert receipt.message_id
    assert take_mail(staged).to == ("ada@example.com",)


@pytest.mark.parametrize(("name", "to"), [("sendgrid", "herald@sink.sendgrid.net"), ("resend", "delivered@resend.dev")])
def test_a_mail_that_tries_a_provider_goes_to_its_mailbox_for_tests(name: str, to: str, tmp_path: Path) -> None:
    with stage(name, tmp_path) as staged:
        staged.provider.send(replace(MAIL, tries=staged.provider.url), KEY)
        assert take_mail(staged).to == (to,)


def test_a_mail_that_tries_mailgun_is_taken_in_test_mode_and_delivered_to_nobody(tmp_path: Path) -> None:
    with stage("mailgun", tmp_path) as staged:
        assert staged.provider.send(replace(MAIL, tries=staged.provider.url), KEY).message_id
        assert staged.mailbox.find() == []


def test_letters_of_every_script_arrive_in_name_subject_and_body(staged: Stage) -> None:
    staged.provider.send(MAIL, KEY)
    mail = take_mail(staged)
    assert mail.subject == MAIL.subject
    assert (mail.text or "").splitlines() == MAIL.text.splitlines()
    assert (mail.html or "").strip() == MAIL.html
    read: EmailMessage = message_from_bytes(mail.raw, _class=EmailMessage, policy=policy.default)
    if staged.name != "ses":  # the simulator of SES shows the name as it was given, in its encoded form
        assert parseaddr(mail.source) == ("Bücher", "books@herald.example")
    plain = read.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == MAIL.text.splitlines()


def test_headers_arrive_as_they_were_given_in_one_line_of_ascii(staged: Stage) -> None:
    staged.provider.send(MAIL, KEY)
    mail = take_mail(staged)
    found = headers(mail)
    assert {name: found[name.lower()] for name in MAIL.headers} == dict(MAIL.headers)
    assert found["reply-to"] == "help@herald.example"
    assert found["message-id"].startswith("<")
    assert f"List-Unsubscribe: {LINK}".encode() in mail.raw.replace(b"\r\n ", b" ")


def test_a_mails_own_sender_comes_before_that_of_the_deployment(staged: Stage) -> None:
    staged.provider.send(replace(MAIL, sender="Orders <orders@herald.example>"), KEY)
    mail = take_mail(staged)
    assert parseaddr(mail.source) == ("Orders", "orders@herald.example")
    staged.provider.send(MAIL, KEY + "-next")
    addresses = [parseaddr(one.source)[1] for one in staged.mailbox.find()]
    assert addresses == ["orders@herald.example", "books@herald.example"]


def test_tags_and_key_are_with_the_mail_for_its_feedback(staged: Stage) -> None:
    staged.provider.send(MAIL, KEY)
    mail = take_mail(staged)
    if staged.name == "smtp":  # it has no feedback: the Message-ID names the attempt
        assert headers(mail)["message-id"] == f"<{KEY}.request-0123456789ab@herald.example>"
    else:
        own = {name.removeprefix("herald_"): value for name, value in mail.tags.items()}
        assert own == {"attempt": "request-0123456789ab", "message_id": KEY}


CC, BCC = ("books@shop.example", "sales@shop.example"), ("archive@shop.example",)


@pytest.mark.parametrize("files", [False, True], ids=["plain", "with-a-file"])
@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "resend"])
def test_copies_go_with_the_mail_and_nobody_sees_who_gets_a_blind_one(name: str, files: bool, tmp_path: Path) -> None:
    email = replace(MAIL, attachments=FILES[:1] if files else (), cc=CC, bcc=BCC)
    with stage(name, tmp_path) as staged:
        staged.provider.send(email, KEY)
        mail = take_mail(staged)
    assert sorted(mail.to) == sorted(["ada@example.com", *CC, *BCC])
    found = headers(mail)
    assert (found["to"], found["cc"]) == ("ada@example.com", "books@shop.example, sales@shop.example")
    assert b"archive@" not in mail.raw
    assert found["reply-to"] == "help@herald.example"


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "resend"])
def test_a_mail_without_copies_has_no_list_of_them(name: str, tmp_path: Path) -> None:
    with stage(name, tmp_path) as staged:
        staged.provider.send(MAIL, KEY)
        assert "cc" not in headers(take_mail(staged))


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_refusal_names_no_address_of_a_copy(name: str, tmp_path: Path) -> None:
    with stage(name, tmp_path) as staged:
        staged.faults.arm(SendFault(FaultKind.REFUSE, None, message="archive-7 of shop.example is unknown"))
        error = failure(staged, replace(MAIL, bcc=("archive-7@shop.example",)))
    assert "archive-7" not in str(error)


def test_a_copy_that_a_mail_server_refuses_keeps_no_mail_from_its_reader(tmp_path: Path) -> None:
    with stage("smtp", tmp_path) as staged:
        staged.faults.arm(SendFault(FaultKind.REFUSE, recipient="books@shop.example"))
        receipt = staged.provider.send(replace(MAIL, cc=CC, bcc=BCC), KEY)
        assert sorted(take_mail(staged).to) == ["ada@example.com", "archive@shop.example", "sales@shop.example"]
    assert receipt.aside.startswith("a copy was refused: the mail server answered 550")
    assert "books@" not in receipt.aside


FILES = (
    Attachment("invoice-4711.pdf", "application/pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40),
    Attachment("Rechnung für März, 雪.csv", "text/csv", "Größe;Preis\r\n.5;1,00 €\r\n".encode()),
    Attachment("a very long name " * 6 + ".png", "image/png", b"\x89PNG\r\n\x1a\n--boundary\r\n"),
)


def test_files_arrive_with_names_types_and_every_byte(staged: Stage) -> None:
    staged.provider.send(replace(MAIL, attachments=FILES), KEY)
    mail = take_mail(staged)
    assert mail.subject == MAIL.subject
    assert mail.files == [(one.name, one.type, one.content) for one in FILES]
    assert (mail.text or "").splitlines() == MAIL.text.splitlines()
    assert (mail.html or "").strip() == MAIL.html
    found = headers(mail)
    assert {name: found[name.lower()] for name in MAIL.headers} == dict(MAIL.headers)
    assert found["reply-to"] == "help@herald.example"
    read: EmailMessage = message_from_bytes(mail.raw, _class=EmailMessage, policy=policy.default)
    assert parseaddr(str(read["From"])) == ("Bücher", "books@herald.example")
    assert [(part.get_filename(), part.get_content_disposition()) for part in read.iter_attachments()] == [
        (one.name, "attachment") for one in FILES
    ]


CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nX-WORDS:Grüße 雪\r\nEND:VCALENDAR\r\n"


def test_an_invitation_arrives_as_a_calendar_reads_it_beside_the_files(staged: Stage) -> None:
    staged.provider.send(replace(MAIL, attachments=FILES[:1], invitation=Invitation("REQUEST", CALENDAR)), KEY)
    mail = take_mail(staged)
    pdf, invite = mail.files
    assert pdf == (FILES[0].name, FILES[0].type, FILES[0].content)
    assert (invite.name, invite.content.decode()) == ("invite.ics", CALENDAR)
    read: EmailMessage = message_from_bytes(mail.raw, _class=EmailMessage, policy=policy.default)
    parts = [part for part in read.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_payload(decode=True) for part in parts] == [CALENDAR.encode()]
    methods = [part.get_param("method") for part in parts]
    assert methods == ([None] if staged.name == "sendgrid" else ["REQUEST"])
    if staged.name in ("ses", "smtp"):  # the others have no field for a third form of the same mail
        assert [part.get_content_type() for part in next(read.iter_parts()).iter_parts()] == [
            "text/plain",
            "text/html",
            "text/calendar",
        ]


def test_10_mb_of_files_go_with_a_mail(staged: Stage) -> None:
    half = bytes(range(256)) * (5_000_000 // 256)
    files = tuple(Attachment(f"{name}.pdf", "application/pdf", half) for name in ("one", "two"))
    staged.provider.send(replace(MAIL, attachments=files), KEY)
    assert [len(one.content) for one in take_mail(staged).files] == [len(half), len(half)]


def test_a_mail_with_files_after_one_without_is_no_less_whole(staged: Stage) -> None:
    for number, files in enumerate([(), FILES, (), FILES[:1]]):
        staged.provider.send(replace(MAIL, attachments=files), f"{KEY}-{number}")
    assert [len(mail.files) for mail in staged.mailbox.find()] == [0, 3, 0, 1]


@pytest.mark.parametrize("line", ["雪国 " * 400, "<td>x</td>" * 4000], ids=["a-long-line-of-snow", "one-line-of-40-KB"])
def test_64_kb_of_html_arrive_as_they_are(staged: Stage, line: str) -> None:
    html = "\r\n".join([line] * (65_536 // len(line.encode()) + 1))
    assert len(html.encode()) >= 65_536
    staged.provider.send(replace(MAIL, html=html), KEY)
    assert (take_mail(staged).html or "").splitlines() == html.splitlines()


def test_several_mails_go_one_after_the_other(staged: Stage) -> None:
    for number in range(3):
        staged.provider.send(replace(MAIL, subject=f"number {number}"), f"{KEY}-{number}")
    assert [mail.subject for mail in staged.mailbox.find()] == ["number 0", "number 1", "number 2"]


# -- certainly not --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultKind.THROTTLE, Throttled),
        (FaultKind.EXHAUST_QUOTA, QuotaExhausted),
        (FaultKind.REFUSE, RefusedForGood),
    ],
)
def test_each_refusal_says_what_follows_and_sends_nothing(
    staged: Stage, fault: FaultKind, kind: type[NotificationError]
) -> None:
    staged.faults.arm(SendFault(fault, None))
    assert type(failure(staged)) is kind
    assert staged.mailbox.find() == []


def test_a_refusal_does_not_spoil_the_next_mail(staged: Stage) -> None:
    staged.faults.arm(SendFault(FaultKind.THROTTLE))
    failure(staged)
    assert isinstance(staged.provider.send(MAIL, KEY), Receipt)
    assert len(staged.mailbox.find()) == 1


def test_a_key_that_was_rotated_is_read_again_for_the_next_mail(staged: Stage) -> None:
    if staged.name == "ses":
        pytest.skip("SES takes the function's own rights")
    staged.rotate()
    assert type(failure(staged)) is ProviderUnavailable
    assert isinstance(staged.provider.send(MAIL, KEY), Receipt)
    assert len(staged.mailbox.find()) == 1


# -- nobody knows ---------------------------------------------------------------------------------------------------


def test_a_connection_that_closes_before_it_is_read_sends_nothing_and_claims_no_more(staged: Stage) -> None:
    staged.faults.arm(SendFault(FaultKind.CLOSE_BEFORE_READING, None))
    error = failure(staged)
    assert isinstance(error, OutcomeUnknown | NotSent)
    assert staged.mailbox.find() == []


def test_a_mail_that_was_taken_without_an_answer_is_unknown(staged: Stage) -> None:
    staged.faults.arm(SendFault(FaultKind.ACCEPT_THEN_CLOSE, None))
    assert type(failure(staged)) is OutcomeUnknown
    assert len(staged.mailbox.find()) == 1


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_mail_whose_answer_never_comes_is_unknown(name: str, tmp_path: Path) -> None:
    """On a busy machine the patience may end before the mail was handed over, and truly nothing was sent: then more."""
    for patience in (5, 25, 125) if name == "smtp" else (0.5, 5, 50):
        with stage(name, tmp_path, patience=patience) as staged:
            staged.faults.arm(SendFault(FaultKind.ACCEPT_THEN_HANG, None))
            outcome, mails = failure(staged), staged.mailbox.find()
        if not isinstance(outcome, NotSent):
            break
        assert mails == []
    assert type(outcome) is OutcomeUnknown
    assert len(mails) == 1


def test_a_lost_answer_costs_no_second_mail_even_where_it_is_asked_for_again(staged: Stage) -> None:
    staged.faults.arm(SendFault(FaultKind.ACCEPT_THEN_CLOSE))
    if staged.name == "resend":  # the first answer again, under the idempotency key
        assert staged.provider.send(MAIL, KEY).message_id == take_mail(staged).id
    else:
        failure(staged)
    assert len(staged.mailbox.find()) == 1


def test_another_attempt_is_another_mail(staged: Stage) -> None:
    for attempt in ("request-1", "request-2"):
        staged.provider.send(replace(MAIL, tags={"attempt": attempt}), KEY)
    assert len(staged.mailbox.find()) == 2
