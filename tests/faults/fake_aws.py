"""What outlives a killed process: the table, the queues and the post office. They speak AWS's JSON."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from fakes.dynamodb.table import MemoryTable

__all__ = ["DOWN", "UNWRITABLE", "Answer", "FakeAws", "Mail", "Refused", "shorten_operation"]

Answer = tuple[int, bytes]
_METHODS = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "TransactWriteItems": "transact_write_items",
}
_NOT_PLAYED = ("ReturnConsumedCapacity", "ClientRequestToken")


class Refused(Exception):
    """The post office refuses a mail with this code and status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


#: The message of which the table takes nothing.
UNWRITABLE = "not-to-be-written"
#: A provider that takes nothing for now.
DOWN = Refused("AccountSuspendedException", 400)


@dataclass(frozen=True, slots=True)
class Mail:
    """What the post office took: the recipient, the tags, when (epoch milliseconds), and what it says."""

    to: str
    tags: dict[str, str]
    at: int
    subject: str = ""

    @property
    def probe(self) -> bool:
        """Whether it goes to SES's own simulator, which nobody reads."""
        return self.to.endswith("@simulator.amazonses.com")


@dataclass(slots=True)
class FakeAws:
    """The world of one event. `posted` are messages that handlers put into queues, by the queue's name."""

    table: MemoryTable
    now_ms: int
    #: Until then the post office takes nothing (epoch milliseconds).
    down_until: int = 0
    mails: list[Mail] = field(default_factory=list)
    posted: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    #: Visibility that a handler gave to the message that it is working on, in seconds by receipt handle.
    postponed: dict[str, int] = field(default_factory=dict)

    def answer(self, operation: str, body: bytes, refusal: Refused | None = None) -> Answer:
        """Do what one HTTP request asks."""
        request = json.loads(body, object_hook=_binary)
        try:
            if refusal:
                raise refusal
            return 200, json.dumps(self._do(shorten_operation(operation), request), default=_bytes).encode()
        except ClientError as error:
            return 400, json.dumps(_problem(error.response), default=_bytes).encode()
        except Refused as error:
            return error.status, json.dumps({"__type": error.code, "message": error.code}).encode()

    def _do(self, operation: str, request: dict[str, Any]) -> Any:
        if operation in _METHODS:
            if UNWRITABLE in json.dumps(request, default=_bytes):
                raise Refused("AccessDeniedException", 400)
            known = {name: value for name, value in request.items() if name not in _NOT_PLAYED}
            return getattr(self.table, _METHODS[operation])(**known)
        if operation == "SendEmail":
            if self.now_ms < self.down_until:
                raise DOWN
            tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])}
            subject = request["Content"]["Simple"]["Subject"]["Data"]
            self.mails.append(Mail(request["Destination"]["ToAddresses"][0], tags, self.now_ms, subject))
            return {"MessageId": f"mail-{len(self.mails)}"}
        if operation == "SendMessage":
            delay = int(request.get("DelaySeconds", 0))
            self.posted.append((request["QueueUrl"].rpartition("/")[2], delay, request))
            return {"MessageId": str(uuid.uuid4())}
        if operation == "ChangeMessageVisibility":
            self.postponed[request["ReceiptHandle"]] = int(request["VisibilityTimeout"])
            return {}
        raise NotImplementedError(f"the world outside does not play {operation}")


def shorten_operation(operation: str) -> str:
    """`SendEmail` for SES's path, and what follows the dot of an `X-Amz-Target`."""
    return "SendEmail" if operation.startswith("/v2/email/outbound-emails") else operation.rpartition(".")[2]


def _problem(response: Mapping[str, Any]) -> dict[str, Any]:
    error = response["Error"]
    more = {name: response[name] for name in ("CancellationReasons", "Item") if name in response}
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{error['Code']}", "message": error["Message"]} | more


def _bytes(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """Binary travels in base64."""
    content = value.get("B")
    return {"B": base64.b64decode(content)} if len(value) == 1 and isinstance(content, str) else value
