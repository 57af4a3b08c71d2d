"""The link that the notifier writes is the link that the web app reads, and so is the choice that comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from fakes.dynamodb.table import MemoryTable
from function.ledger.attributes import deserialize_item
from function.ledger.keys import address_key, choice_name, own_list_key, split_keys
from function.message.unsubscribe import UnsubscribeLinks, build_headers
from package.notifications.catalogue import NOTIFICATIONS, list_types
from webapp.preferences import unsubscribe_links
from webapp.preferences.preferences import CATEGORIES, Preferences

CONTRACT: dict[str, Any] = json.loads((NOTIFICATIONS.parent / "contracts" / "unsubscribe.schema.json").read_text())
[EXAMPLE] = CONTRACT["examples"]
KEY, ADDRESS_KEY = EXAMPLE["key"].encode(), EXAMPLE["address_key"].encode()
ADDRESS = address_key(ADDRESS_KEY, EXAMPLE["address"])


def is_a(name: str, value: object) -> None:
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": CONTRACT["$defs"]}).validate(value)


def link(key: bytes = KEY) -> str:
    return UnsubscribeLinks(EXAMPLE["url"], key).link(EXAMPLE["category"], ADDRESS)


def token_of(address: str) -> str:
    return address.removeprefix(EXAMPLE["url"] + "/")


def test_both_sides_mean_the_same_reader_and_category() -> None:
    found = unsubscribe_links.verify(token_of(link()), [KEY])
    assert found == unsubscribe_links.UnsubscribeLink("books", ADDRESS.removeprefix("address#"))
    assert f"address#{found.hashed}" == ADDRESS


def test_the_link_holds_what_the_contract_says_and_no_address() -> None:
    token = token_of(link())
    is_a("header", jwt.get_unverified_header(token))
    claims = jwt.decode(token, KEY, algorithms=["HS256"])
    is_a("claims", claims)
    assert "@" not in str(claims)


def test_a_link_of_a_tenant_with_a_list_of_its_own_names_that_list() -> None:
    own = own_list_key(ADDRESS, "acme")
    token = token_of(UnsubscribeLinks(EXAMPLE["url"], KEY).link(EXAMPLE["category"], own))
    is_a("claims", jwt.decode(token, KEY, algorithms=["HS256"]))
    found = unsubscribe_links.verify(token, [KEY])
    assert found
    assert f"address#{found.hashed}" == own
    table: Any = MemoryTable("ledger")
    Preferences(table, "ledger").unsubscribe("books", found.hashed, 1_795_248_000_000, "link")
    [kept] = map(deserialize_item, table.scan(TableName="ledger")["Items"])
    is_a("choices", kept)


def test_the_readers_choice_is_what_the_claim_looks_for() -> None:
    table: Any = MemoryTable("ledger")
    Preferences(table, "ledger").unsubscribe("books", ADDRESS.removeprefix("address#"), 1_795_248_000_000, "link")
    [kept] = map(deserialize_item, table.scan(TableName="ledger")["Items"])
    is_a("choices", kept)
    assert kept["pk"] == ADDRESS
    assert kept[choice_name("books")] == {"since": 1_795_248_000_000, "by": "link"}


def test_a_key_that_was_replaced_still_opens_old_links() -> None:
    assert unsubscribe_links.verify(token_of(link()), [b"n" * 32, KEY]) is not None
    assert unsubscribe_links.verify(token_of(link()), [b"n" * 32]) is None


@given(some.integers(0, 400), some.sampled_from("AZaz09-_."))
def test_no_change_of_a_link_passes(place: int, character: str) -> None:
    token = token_of(link())
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    found = unsubscribe_links.verify(changed, [KEY])
    assert found is None or found == unsubscribe_links.verify(token, [KEY]), "the last bits of base64 may not matter"


@pytest.mark.parametrize(
    "forged",
    [
        jwt.encode({"category": "books", "sub": "a" * 64}, "", algorithm="none"),
        jwt.encode({"category": "books", "sub": "a" * 64}, KEY, algorithm="HS256"),
        jwt.encode(
            {"category": "books", "sub": "a" * 64}, KEY * 2, algorithm="HS512", headers={"typ": "herald-unsubscribe"}
        ),
        jwt.encode({"category": "Books#", "sub": "a" * 64}, KEY, headers={"typ": "herald-unsubscribe"}),
        jwt.encode({"category": "books", "sub": "../x"}, KEY, headers={"typ": "herald-unsubscribe"}),
        jwt.encode({"sub": "a" * 64}, KEY, headers={"typ": "herald-unsubscribe"}),
        "",
        "..",
        "ä.ö.ü",
        "x" * 5000,
    ],
)
def test_what_the_notifier_would_not_write_is_no_link(forged: str) -> None:
    assert unsubscribe_links.verify(forged, [KEY]) is None


@given(some.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=40), some.integers(20, 200))
def test_the_header_is_one_line_of_ascii_whatever_the_length(category: str, length: int) -> None:
    url = "https://herald.example/" + "u" * length
    written = build_headers(UnsubscribeLinks(url, KEY).link(category, ADDRESS))
    assert written["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    value = written["List-Unsubscribe"]
    assert value.startswith("<https://")
    assert value.endswith(">")
    assert value.isascii()
    assert value.isprintable()
    assert " " not in value
    assert len(value) < 995, "what SES takes as a header's value"


def test_the_settings_page_offers_every_subscription_and_nothing_else() -> None:
    declared = [json.loads(Path(NOTIFICATIONS, type_, "notification.json").read_text()) for type_ in list_types()]
    assert set(CATEGORIES) == {each["category"] for each in declared if each["subscription"]}


def test_the_first_key_signs_and_none_may_be_short() -> None:
    assert split_keys(b"n" * 32 + b"\n" + b"o" * 40 + b"\n") == (b"n" * 32, b"o" * 40)
    for parameter in (b"a " + b"b" * 40, b"b" * 40 + b" a", b"", b" ", b"b" * 31):
        with pytest.raises(ValueError, match="at least 32 bytes"):
            split_keys(parameter)
