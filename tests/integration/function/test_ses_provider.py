"""The SES provider with a real botocore client, before servers that break in every way that a server can."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from fakes.clock import Clock
from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable, RefusedForGood, Throttled
from function.message.email import Email, Receipt
from function.providers.ses import client as ses
from function.providers.ses.client import SesProvider, build_client_config
from laptop.providers.certificate import make_tls_context
from tests.broken_server import (
    Behaviour,
    Server,
    answer_garbage,
    answer_with,
    close_after_reading,
    close_before_reading,
    never_answer,
    reset_after_reading,
)
from tests.waiting import LIMIT

MAIL = Email(
    "ada@example.com",
    "Neu: „Der Zauberberg“ 雪 😀",
    "text ü",
    "<p>html ü</p>",
    {"List-Unsubscribe": "<https://herald.example/u?t=1>"},
)


def refuse_with(status: int, code: str, text: str) -> Behaviour:
    """Answer with an error in the shape of SES v2."""
    return answer_with(status, json.dumps({"__type": code, "message": text}))


ACCEPTING = answer_with(200, '{"MessageId": "0100-abc-000000"}')


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def provider(url: str, clock: Callable[[], float] = lambda: 1000.0, patience: float = LIMIT) -> SesProvider:
    """The provider as it is composed, but for the seconds that it waits for an answer."""
    config = build_client_config().merge(botocore.config.Config(connect_timeout=LIMIT, read_timeout=patience))
    client: Any = botocore.session.get_session().create_client(
        "sesv2", region_name="eu-west-1", endpoint_url=url, config=config
    )
    return SesProvider("ses://eu-west-1", client, "Herald <books@herald.example>", "herald", clock)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(close_before_reading, OutcomeUnknown, id="closes-before-reading"),
        pytest.param(close_after_reading, OutcomeUnknown, id="reads-then-closes"),
        pytest.param(reset_after_reading, OutcomeUnknown, id="reads-then-resets"),
        pytest.param(answer_garbage, OutcomeUnknown, id="garbage"),
        pytest.param(never_answer, OutcomeUnknown, id="never-answers"),
        pytest.param(answer_with(200, '{"MessageId": "0100-a', 4000), OutcomeUnknown, id="truncated-200"),
        pytest.param(answer_with(200, "not JSON"), OutcomeUnknown, id="200-that-is-no-json"),
        pytest.param(answer_with(200, "{}"), OutcomeUnknown, id="200-without-an-id"),
        pytest.param(answer_with(200, "[]"), OutcomeUnknown, id="200-of-another-shape"),
        pytest.param(answer_with(500, ""), OutcomeUnknown, id="500"),
        pytest.param(refuse_with(503, "ServiceUnavailable", "busy"), OutcomeUnknown, id="503"),
        pytest.param(answer_with(504, "<html>gateway</html>"), OutcomeUnknown, id="504-of-a-proxy"),
        pytest.param(
            refuse_with(429, "TooManyRequestsException", "Maximum sending rate exceeded."), Throttled, id="429"
        ),
        pytest.param(answer_with(429, ""), Throttled, id="429-without-a-word"),
        pytest.param(refuse_with(400, "MessageRejected", "Virus found."), RefusedForGood, id="rejected"),
        pytest.param(answer_with(403, '{"message": "no"}'), ProviderUnavailable, id="403"),
    ],
)
def test_a_broken_answer_is_asked_for_once_and_says_what_is_known(
    behaviour: Behaviour, kind: type[NotificationError]
) -> None:
    with Server(behaviour) as server:
        with pytest.raises(NotificationError) as raised:
            provider(server.url, patience=0.5 if behaviour is never_answer else LIMIT).send(MAIL, "m1")
        assert type(raised.value) is kind, raised.value
        assert server.connections == 1, "botocore must not send the mail again by itself"
        assert len(server.requests) <= 1


def test_nobody_listening_is_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProviderUnavailable, match="EndpointConnectionError"):
        provider(f"http://127.0.0.1:{port}").send(MAIL, "m1")


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that it signed itself."""
    return make_tls_context(tmp_path_factory.mktemp("tls"))


def test_a_certificate_that_is_not_trusted_is_certainly_not_sent(untrusted: ssl.SSLContext) -> None:
    with Server(ACCEPTING, untrusted) as server:
        with pytest.raises(ProviderUnavailable, match="SSLError"):
            provider(server.url).send(MAIL, "m1")
        assert server.requests == []


@pytest.mark.exact  # a worst-case AWS refuses it before botocore does
def test_what_is_not_valid_for_ses_never_leaves() -> None:
    with Server(ACCEPTING) as server:
        with pytest.raises(ProviderUnavailable, match="ParamValidationError"):
            provider(server.url).send(replace(MAIL, headers={"X-Empty": ""}), "m1")
        assert server.connections == 0


def test_an_accepted_mail_has_the_receipt_of_ses() -> None:
    with Server(ACCEPTING) as server:
        assert provider(server.url).send(MAIL, "m1") == Receipt("ses://eu-west-1", "0100-abc-000000")


def test_the_request_on_the_wire_is_the_whole_mail_with_its_key() -> None:
    with Server(ACCEPTING) as server:
        provider(server.url).send(MAIL, "01234567-0123-0123-0123-0123456789ab")
        ((line, headers, body),) = server.requests
    assert line == "POST /v2/email/outbound-emails HTTP/1.1"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert json.loads(body) == {
        "FromEmailAddress": "Herald <books@herald.example>",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "ConfigurationSetName": "herald",
        "EmailTags": [{"Name": "message_id", "Value": "01234567-0123-0123-0123-0123456789ab"}],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Neu: „Der Zauberberg“ 雪 😀", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "text ü", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>html ü</p>", "Charset": "UTF-8"},
                },
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://herald.example/u?t=1>"}],
            }
        },
    }


def test_a_long_line_in_any_script_reaches_ses_as_it_is() -> None:
    """SES gets the text, not MIME of ours, so no line is folded and no letter encoded on the way."""
    text = "雪国 и Ада Лавлейс, Zoë, ليلى " * 100
    assert len(text) > 998
    with Server(ACCEPTING) as server:
        provider(server.url).send(replace(MAIL, text=text, html=f"<p>{text}</p>"), "m1")
        ((_, _, body),) = server.requests
    sent = json.loads(body)["Content"]["Simple"]["Body"]
    assert (sent["Text"]["Data"], sent["Html"]["Data"]) == (text, f"<p>{text}</p>")


def test_a_connection_is_used_again_only_while_it_is_warm() -> None:
    clock = Clock(1_000_000)
    with Server(ACCEPTING) as server:
        warm = provider(server.url, lambda: clock() / 1000)
        seen = []
        for seconds in (0, 1, ses._LONGEST_IDLE, ses._LONGEST_IDLE + 0.1, 3600):
            clock.forward(seconds)
            warm.send(MAIL, "m1")
            seen.append(server.connections)
    assert seen == [1, 1, 1, 2, 3]


def test_a_connection_that_died_while_the_sandbox_slept_costs_no_mail_its_clear_answer() -> None:
    def answer_one(server: Server, connection: socket.socket) -> None:
        body = '{"MessageId": "0100"}'
        server.read(connection)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    clock = Clock(1_000_000)
    with Server(answer_one) as server:
        sender = provider(server.url, lambda: clock() / 1000)
        for _ in range(3):
            assert sender.send(MAIL, "m1").message_id == "0100"
            clock.forward(60)


def test_a_failure_does_not_spoil_the_next_mail() -> None:
    def fail_first(server: Server, connection: socket.socket) -> None:
        (close_after_reading if server.connections == 1 else ACCEPTING)(server, connection)

    with Server(fail_first) as server:
        sender = provider(server.url)
        with pytest.raises(OutcomeUnknown):
            sender.send(MAIL, "m1")
        assert isinstance(sender.send(MAIL, "m2"), Receipt)
        assert [json.loads(body)["EmailTags"][0]["Value"] for _, _, body in server.requests] == ["m1", "m2"]


def test_a_send_takes_no_longer_than_the_provider_says() -> None:
    config: Any = build_client_config()
    assert config.connect_timeout + config.read_timeout == SesProvider("", None, "", "").timeout
    assert config.retries == {"total_max_attempts": 1}
