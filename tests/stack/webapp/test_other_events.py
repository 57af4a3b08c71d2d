"""The web app's other events, on the real road: each becomes its own mail, once."""

from __future__ import annotations

import json

from laptop.cloud import LaptopCloud
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.stack.webapp.conftest import Reader
from tests.waiting import eventually


def test_a_deletion_is_told_by_one_mail_of_its_own(herald: Herald, reader: Reader) -> None:
    book = reader.add_book()
    reader.wait_for(book, "sent", "delivered")
    with reader.client() as web:
        assert web.delete(book["links"]["self"]).status_code == 204
        herald.inbox.exactly(reader.address, 2)
        told = eventually(
            lambda: web.get(book["links"]["notifications"]).json()["notifications"],
            lambda both: all(each["mailed"] for each in both),
        )
    assert [each["type"] for each in told] == ["book.created", "book.deleted"]
    created, deleted = herald.inbox.mails(reader.address)
    assert created["subject"] != deleted["subject"]
    assert "The Dispossessed" in deleted["text"]


def test_a_confirmed_account_is_greeted_once(herald: Herald, cloud: LaptopCloud) -> None:
    address = new_address()
    attributes = {"sub": address, "email": address, "email_verified": "true", "name": "Ada", "locale": "en"}
    trigger = {"triggerSource": "PostConfirmation_ConfirmSignUp", "request": {"userAttributes": attributes}}
    for _ in range(2):
        answer = cloud.clients.functions.invoke(
            FunctionName="herald-post-confirmation", Payload=json.dumps(trigger).encode()
        )
        assert json.loads(answer["Payload"].read()) == trigger
    [mail] = herald.inbox.exactly(address, 1)
    assert mail["to"] == [address]
    assert herald.names.endpoints["web"] in mail["text"]
