"""An address is taken off SES's list in every region first, then off Herald's; whatever fails on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from function.event.compression import compress
from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key
from operations.aws_retries import retry_contention
from operations.errors import UserError
from operations.installation import Installation, read_sending_regions
from operations.suppressions import RekeyResult, find_address_suppressions, find_suppression, rekey_addresses, take_off
from tests.integration.operations.ses_lists import Region, simulate_regions
from tests.integration.operations.test_pause import Lambda
from tests.integration.refusals import refuse_calls

ADA = "Ada@example.com"
NEW, OLD = b"n" * 32, b"o" * 32
HERE, THERE = "eu-west-1", "eu-central-1"


@pytest.fixture
def regions() -> Iterator[dict[str, Region]]:
    with simulate_regions(HERE, THERE) as regions:
        yield regions


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch, regions: dict[str, Region]) -> Iterator[Installation]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        dynamodb = retry_contention(boto3.client("dynamodb", "us-east-1"))
        dynamodb.create_table(
            TableName="ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        unused: Any = None
        clients = {name: region.client for name, region in regions.items()}
        yield Installation(unused, dynamodb, "", "", "", "ledger", lambda: (NEW, OLD), ses=lambda: clients)


def list_here(installation: Installation, secret: bytes = NEW) -> None:
    item = {"pk": address_key(secret, ADA), "reason": "bounced", "since": 1, "message_id": "m"}
    installation.dynamodb.put_item(TableName="ledger", Item=serialize_item(item | {"stopped:books": {"since": 1}}))


def test_it_is_taken_off_every_list(installation: Installation, regions: dict[str, Region]) -> None:
    list_here(installation)
    for region in regions.values():
        region.suppress(ADA)
        region.suppress("bob@example.com")
    assert find_address_suppressions(installation, ADA).regions == (HERE, THERE)
    was = take_off(installation, ADA)
    assert ([entry.reason for entry in was.entries], was.regions) == (["bounced"], (HERE, THERE))
    assert [region.listed for region in regions.values()] == [{"bob@example.com"}] * 2
    assert not find_address_suppressions(installation, ADA)
    assert not take_off(installation, ADA)


def test_what_is_on_the_list_of_ses_alone_is_found_and_taken_off(
    installation: Installation, regions: dict[str, Region]
) -> None:
    """Its mails are accepted and never sent, and Herald's list says nothing."""
    regions[THERE].suppress(ADA)
    assert take_off(installation, ADA).regions == (THERE,)
    assert regions[THERE].listed == frozenset()


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["newest key", "older key"])
def test_it_is_found_under_each_key_of_the_address(installation: Installation, secret: bytes) -> None:
    list_here(installation, secret)
    assert find_suppression(installation, ADA) is not None
    take_off(installation, ADA)
    assert find_suppression(installation, ADA) is None
    kept = installation.dynamodb.scan(TableName="ledger")["Items"]
    assert [sorted(item) for item in kept] == [["pk", "stopped:books"]], "what the reader chose stays"


def test_where_ses_refuses_it_stays_on_the_list_of_herald_and_a_second_try_ends_it(
    installation: Installation, regions: dict[str, Region]
) -> None:
    list_here(installation)
    for region in regions.values():
        region.suppress(ADA)
    with (
        refuse_calls(regions[THERE].client, "DeleteSuppressedDestination", "AccessDeniedException"),
        pytest.raises(ClientError),
    ):
        take_off(installation, ADA)
    assert find_suppression(installation, ADA) is not None, "or a mail would be accepted and never sent"
    assert [bool(region.listed) for region in regions.values()] == [False, True]
    assert take_off(installation, ADA).regions == (THERE,)
    assert not find_address_suppressions(installation, ADA)


def test_where_the_ledger_refuses_a_second_try_ends_it(installation: Installation, regions: dict[str, Region]) -> None:
    list_here(installation)
    regions[HERE].suppress(ADA)
    with refuse_calls(installation.dynamodb, "UpdateItem", "AccessDeniedException"), pytest.raises(ClientError):
        take_off(installation, ADA)
    assert find_suppression(installation, ADA) is not None
    assert regions[HERE].listed == frozenset()
    take_off(installation, ADA)
    assert not find_address_suppressions(installation, ADA)


def test_the_regions_are_those_that_the_function_sends_from(installation: Installation) -> None:
    function = Lambda(None)
    with pytest.raises(UserError, match="does not say which regions"):
        read_sending_regions(function.client, "herald-notify")

    def configure(providers: str) -> None:
        function.client.update_function_configuration(
            FunctionName="herald-notify", Environment={"Variables": {"HERALD_PROVIDERS": providers}}
        )

    configure("ses://eu-west-1, ses://eu-central-1,smtp://mail.example:587")
    assert read_sending_regions(function.client, "herald-notify") == [HERE, THERE]
    configure("ses://eu-west-1,smtp://ada:secret@mail.example:587")
    with pytest.raises(UserError, match=r"^HERALD_PROVIDERS of herald-notify names no providers: (?!.*secret)"):
        read_sending_regions(function.client, "herald-notify")
    with pytest.raises(UserError, match="there is no function nobody-notify"):
        read_sending_regions(function.client, "nobody-notify")


def test_what_lies_under_an_older_key_is_moved_where_its_address_is_known(
    installation: Installation, regions: dict[str, Region]
) -> None:
    bob, eve = "bob@example.com", "eve@example.com"
    list_here(installation, OLD)
    for address in (bob, eve):
        item = {"pk": address_key(OLD, address), "stopped:books": {"since": 1, "by": "link"}}
        installation.dynamodb.put_item(TableName="ledger", Item=serialize_item(item))
    body = compress(json.dumps({"data": {"recipient": {"email": bob}}}))
    kept = {"pk": "event#1", "message_id": "m", "body": body}
    installation.dynamodb.put_item(TableName="ledger", Item=serialize_item(kept))
    regions[THERE].suppress(ADA)
    assert rekey_addresses(installation) == RekeyResult(addresses=2, moved=2, left=1), "nothing names eve any more"
    items = {item["pk"]["S"]: sorted(item) for item in installation.dynamodb.scan(TableName="ledger")["Items"]}
    assert items[address_key(NEW, ADA)] == ["message_id", "pk", "reason", "since", "stopped:books"]
    assert items[address_key(NEW, bob)] == ["pk", "stopped:books"]
    assert items[address_key(OLD, eve)] == ["pk", "stopped:books"]
    assert len(items) == 4
    assert rekey_addresses(installation) == RekeyResult(addresses=2, moved=0, left=1)


def test_what_the_newest_key_has_already_stays(installation: Installation, regions: dict[str, Region]) -> None:
    list_here(installation, NEW)
    old = {
        "pk": address_key(OLD, ADA),
        "reason": "complained",
        "since": 9,
        "message_id": "m9",
        "stopped:more": {"since": 2},
    }
    installation.dynamodb.put_item(TableName="ledger", Item=serialize_item(old))
    regions[HERE].suppress(ADA)
    assert rekey_addresses(installation).moved == 1
    [entry] = find_address_suppressions(installation, ADA).entries
    assert (entry.reason, entry.message_id) == ("bounced", "m")
    [item] = installation.dynamodb.scan(TableName="ledger")["Items"]
    assert {"stopped:books", "stopped:more"} <= item.keys()
