"""Amazon SES, API version 2.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from function.errors import NotificationError
from function.event.cloudevent import PROBE_RECIPIENT, PROBE_TAG, SYNTHETIC_TAG
from function.message.email import Email, Receipt
from function.providers.ses.errors import read_error, read_missing_answer
from function.runtime.lean_dataclass import dataclass

__all__ = ["CONNECT_TIMEOUT", "READ_TIMEOUT", "SesProvider", "build_client_config"]

CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 10.0
#: In seconds. A connection that idled longer may have died while the sandbox was frozen; using it would look like a
#: lost answer.
_LONGEST_IDLE = 3.0


def build_client_config() -> Config:
    """Return the SES client's configuration: no retries, since botocore would by itself repeat SendEmail after a read
    timeout."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"total_max_attempts": 1},
        max_pool_connections=1,
        tcp_keepalive=True,
    )


@dataclass(slots=True)
class SesProvider:
    """Sends through one SES region. `clock` returns seconds and must advance while the sandbox is frozen (not
    monotonic)."""

    url: str
    client: Any
    sender: str
    configuration_set: str
    clock: Callable[[], float] = time.time
    timeout: float = CONNECT_TIMEOUT + READ_TIMEOUT
    _last_use: float = field(default=0.0, init=False)
    #: Whether the current call's request was sent; None until the botocore event handler is registered.
    _left: bool | None = field(default=None, init=False)

    def send(self, email: Email, key: str) -> Receipt:
        """Send through SES, with the key as the tag `message_id`, which SES repeats in all its feedback."""
        return self._send(email, {**email.tags, "message_id": key})

    def probe(self) -> None:
        """Send a mail to SES's simulator, to cause a report. The result of the call is ignored: the report counts."""
        line = "This mail asks for a report."
        with contextlib.suppress(NotificationError):
            self._send(Email(PROBE_RECIPIENT, line, line, line), dict([SYNTHETIC_TAG, PROBE_TAG]))

    def _send(self, email: Email, tags: Mapping[str, str]) -> Receipt:
        if self.clock() - self._last_use > _LONGEST_IDLE:
            self.client.close()
        request = self._request(email, tags)
        if self._left is None:
            self.client.meta.events.register("before-send.sesv2.SendEmail", self._note_that_it_left)
        self._left = False
        try:
            return Receipt(self.url, self.client.send_email(**request)["MessageId"])
        except ClientError as error:
            raise read_error(error, email.addresses, email.sender or self.sender) from error
        except Exception as error:
            raise read_missing_answer(error, self._left) from error
        finally:
            self._last_use = self.clock()

    def _note_that_it_left(self, **_: object) -> None:
        """Note that botocore is about to open a connection: whatever failed before, such as finding credentials, sent
        nothing."""
        self._left = True

    def _request(self, email: Email, tags: Mapping[str, str]) -> dict[str, Any]:
        sender, tenant = email.sender or self.sender, email.tenant
        return {
            "FromEmailAddress": sender,
            **({"TenantName": tenant.ses_tenant} if tenant and tenant.ses_tenant else {}),
            "Destination": _build_destination(email),
            **({"ReplyToAddresses": [email.reply_to]} if email.reply_to else {}),
            "Content": _build_raw(email, sender) if email.files else _build_simple(email),
            "ConfigurationSetName": (tenant and tenant.configuration_set) or self.configuration_set,
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
        }


def _build_destination(email: Email) -> dict[str, list[str]]:
    lists = {"ToAddresses": [email.to], "CcAddresses": [*email.cc], "BccAddresses": [*email.bcc]}
    return {name: addresses for name, addresses in lists.items() if addresses}


def _build_simple(email: Email) -> dict[str, Any]:
    return {
        "Simple": {
            "Subject": _encode_utf8(email.subject),
            "Body": {"Text": _encode_utf8(email.text), "Html": _encode_utf8(email.html)},
            "Headers": [{"Name": name, "Value": value} for name, value in email.headers.items()],
        }
    }


def _build_raw(email: Email, sender: str) -> dict[str, Any]:
    """Build a mail with files as MIME: SES does not document how `Simple` encodes file names outside ASCII."""
    from function.providers.mime import build_reader_headers, compose, encode_header  # noqa: PLC0415  few mails need it

    own = {"From": sender, **build_reader_headers(email), "Subject": encode_header(email.subject)}
    return {"Raw": {"Data": compose(email, own)}}


def _encode_utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
