"""`SendEmail` against the simulator, by a botocore client with SES's own service model."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from laptop.ses.api import Ses
from tests.integration.ses.conftest import Now, send

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response: Any = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def simple(subject: str = "s", text: str | None = "t", html: str | None = None, **more: Any) -> dict[str, Any]:
    parts = {"Text": text, "Html": html}
    body = {name: {"Data": data} for name, data in parts.items() if data is not None}
    return {"Simple": {"Subject": {"Data": subject}, "Body": body, **more}}


def with_headers(*names: str, value: str = "v") -> dict[str, Any]:
    return simple(Headers=[{"Name": name, "Value": value} for name in names])


RAW = (
    b"From: Ada <ada@herald.example>\r\nTo: ada@example.com\r\nSubject: =?utf-8?q?B=C3=BCcher?=\r\n"
    b"Message-ID: <mine@herald.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--b--\r\n"
)


def test_a_raw_mail_is_kept_whole_but_for_what_ses_sets_itself(account: SESV2Client, ses: Ses) -> None:
    mail_id = send(account, "ada@example.com", Content={"Raw": {"Data": RAW}})
    mail = ses.mailbox.get(mail_id)
    assert mail is not None
    assert (mail.subject, (mail.text or "").strip(), mail.html) == ("Bücher", "Hello", None)
    assert mail.files == [("a.pdf", "application/pdf", b"%PDF-")]
    assert dict(mail.headers)["Message-ID"] == f"<{mail_id}@email.amazonses.com>"
    assert mail.tags == {"message_id": "m-1"}


def test_a_raw_mail_with_a_line_longer_than_smtp_has_it_is_refused(account: SESV2Client) -> None:
    with pytest.raises(ClientError) as caught:
        send(account, "ada@example.com", Content={"Raw": {"Data": RAW + b"x" * 999 + b"\r\n"}})
    assert code_of(caught)[0] == "BadRequestException"


def test_a_simple_mail_is_kept_whole(account: SESV2Client, ses: Ses) -> None:
    link = "<https://herald.example/unsubscribe/" + "x" * 200 + ">"
    headers = [{"Name": "List-Unsubscribe", "Value": link}]
    mail_id = send(
        account,
        "Ada <ada@example.com>",
        Content=simple("Ein Büchlein", "Hallo", "<b>Hallo</b>", Headers=headers),
        ReplyToAddresses=["help@herald.example"],
    )
    mail = ses.mailbox.get(mail_id)
    assert mail is not None
    assert (mail.to, mail.subject, mail.text, mail.html) == (
        ("ada@example.com",),
        "Ein Büchlein",
        "Hallo",
        "<b>Hallo</b>",
    )
    assert mail.tags == {"message_id": "m-1"}
    assert mail.configuration_set == "herald"
    kept = dict(mail.headers)
    assert kept["List-Unsubscribe"] == link
    assert kept["Reply-To"] == "help@herald.example"
    assert kept["Message-ID"] == f"<{mail_id}@email.amazonses.com>"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("書籍が追加されました 📚", "こんにちは"),
        ("أُضيف كتابك إلى المكتبة", "مرحبًا \u200f🎉"),
        ("long", "word " * 100_000),
        ("one endless line", "x" * 5_000),
    ],
    ids=["cjk", "right-to-left", "long", "line"],
)
def test_its_mime_form_reads_back_the_same(account: SESV2Client, ses: Ses, subject: str, text: str) -> None:
    mail = ses.mailbox.get(send(account, Content=simple(subject, text, f"<p>{text}</p>")))
    assert mail is not None
    message = message_from_bytes(mail.raw, EmailMessage, policy=policy.SMTPUTF8)
    plain, rich = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert rich is not None
    assert message["Subject"] == subject
    assert plain.get_content().rstrip("\r\n") == text.rstrip("\n")
    assert rich.get_content().rstrip("\r\n") == f"<p>{text}</p>"
    assert b"=?" not in mail.raw.split(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("change", "code", "status", "words"),
    [
        ({"FromEmailAddress": "x@elsewhere.example"}, "MessageRejected", 400, "not verified"),
        ({"ConfigurationSetName": "absent"}, "NotFoundException", 404, "<absent> does not exist"),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException", 400, "any recipients"),
        ({"Destination": {"ToAddresses": ["no address"]}}, "BadRequestException", 400, "Illegal address"),
        ({"Destination": {"ToAddresses": ["a@b.example"] * 51}}, "MessageRejected", 400, "50"),
        ({"EmailTags": [{"Name": "a b", "Value": "c"}]}, "BadRequestException", 400, "a b"),
        ({"EmailTags": [{"Name": "to", "Value": "a@b"}]}, "BadRequestException", 400, "a@b"),
        ({"Content": with_headers(*(f"X-{n}" for n in range(16)))}, "BadRequestException", 400, "above 15"),
        ({"Content": with_headers("X Y")}, "BadRequestException", 400, "does not match"),
        ({"Content": with_headers("X" * 127)}, "BadRequestException", 400, "above 126"),
        ({"Content": with_headers("X", value="x" * 996)}, "BadRequestException", 400, "above 995"),
        ({"Content": with_headers("X", value="é")}, "BadRequestException", 400, "does not match"),
        ({"Content": simple("a\r\nBcc: x@y.example")}, "BadRequestException", 400, "line breaks"),
        ({"Content": simple(text=None)}, "BadRequestException", 400, "Text or Html"),
    ],
)
def test_what_aws_refuses_is_refused(
    account: SESV2Client, ses: Ses, change: dict[str, Any], code: str, status: int, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        send(account, **change)
    assert code_of(caught)[0] == code
    assert words in code_of(caught)[1]
    assert code_of(caught)[2] == status
    assert isinstance(caught.value, getattr(account.exceptions, code))
    assert ses.mailbox.find() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Content": {"Simple": {"Body": {"Text": {"Data": "t"}}}}}, "Subject"),
        ({"Content": {"Simple": {"Subject": {}, "Body": {"Text": {"Data": "t"}}}}}, "Data"),
    ],
)
def test_a_request_that_the_model_does_not_allow_is_refused(
    account: SESV2Client, ses: Ses, change: dict[str, Any], words: str
) -> None:
    careless = boto3.client(
        "sesv2",
        endpoint_url=account.meta.endpoint_url,
        config=Config(parameter_validation=False, proxies={}),
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    with pytest.raises(ClientError, match=words) as caught:
        send(careless, **change)
    assert code_of(caught)[0] == "BadRequestException"
    assert ses.mailbox.find() == []


def test_a_subdomain_of_a_verified_domain_may_send(account: SESV2Client, ses: Ses) -> None:
    send(account, FromEmailAddress="a@mail.herald.example")
    assert len(ses.mailbox.find()) == 1


def test_sending_can_be_paused_for_the_account_and_for_a_set(account: SESV2Client) -> None:
    account.put_configuration_set_sending_options(ConfigurationSetName="herald", SendingEnabled=False)
    with pytest.raises(account.exceptions.SendingPausedException):
        send(account)
    account.put_configuration_set_sending_options(ConfigurationSetName="herald", SendingEnabled=True)
    account.put_account_sending_attributes(SendingEnabled=False)
    with pytest.raises(account.exceptions.SendingPausedException):
        send(account)
    assert account.get_account()["SendingEnabled"] is False


def test_the_rate_and_the_quota_differ_only_in_their_sentence(account: SESV2Client, ses: Ses, now: Now) -> None:
    ses.limits.per_second, ses.limits.per_day = 2, 3
    send(account)
    send(account)
    with pytest.raises(ClientError) as too_fast:
        send(account)
    assert code_of(too_fast) == ("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
    now.seconds += 1
    send(account)
    now.seconds += 1
    with pytest.raises(ClientError) as too_many:
        send(account)
    assert code_of(too_many) == ("TooManyRequestsException", "Daily message quota exceeded.", 429)
    quota = account.get_account()["SendQuota"]
    assert (quota["MaxSendRate"], quota["Max24HourSend"], quota["SentLast24Hours"]) == (2, 3, 3)
    now.seconds += 86_400
    send(account)


def test_in_the_sandbox_only_identities_and_the_simulators_mailboxes_get_mail(account: SESV2Client, ses: Ses) -> None:
    ses.limits.production = False
    assert account.get_account()["ProductionAccessEnabled"] is False
    send(account, "success@simulator.amazonses.com")
    send(account, "Ada <ada@books.herald.example>")  # its domain is verified
    with pytest.raises(ClientError) as refused:
        send(account, "Ada <ada@example.com>")
    said = "The following identities failed the check in region US-EAST-1: ada@example.com"
    assert code_of(refused) == ("MessageRejected", f"Email address is not verified. {said}", 400)


def test_the_mailbox_simulator_counts_to_the_rate_but_not_to_the_quota(account: SESV2Client, ses: Ses) -> None:
    ses.limits.per_second, ses.limits.per_day = 1, 0
    send(account, "success@simulator.amazonses.com")
    with pytest.raises(ClientError, match="sending rate"):
        send(account, "success@simulator.amazonses.com")


def test_what_is_not_played_goes_on_to_ministack(client: SESV2Client) -> None:
    assert client.list_contact_lists()["ContactLists"][0]["ContactListName"] == "v2-email-contact-lists"


def test_a_send_that_is_not_played_is_refused_and_not_lost_in_the_emulator(
    client: SESV2Client, posted: list[str]
) -> None:
    with pytest.raises(client.exceptions.BadRequestException, match="does not play SendBulkEmail"):
        client.send_bulk_email(
            FromEmailAddress="books@herald.example",
            DefaultContent={"Template": {"TemplateContent": {"Subject": "s", "Text": "t"}, "TemplateData": "{}"}},
            BulkEmailEntries=[{"Destination": {"ToAddresses": ["ada@example.com"]}}],
        )
    assert posted == []
