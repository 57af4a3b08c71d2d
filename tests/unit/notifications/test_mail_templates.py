"""What every mail of the catalogue is held to, in every language, with every example."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from function.message.catalogue import Catalogue
from function.message.rendering import LARGEST_HTML, Content
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, list_types, read_examples
from package.notifications.schemas import read_data_schema
from tests.unit.notifications.snapshots import KEPT, digests

ROOTS = (NOTIFICATIONS, EXAMPLES)
CASES = [(root, type_, name) for root in ROOTS for type_ in list_types(root) for name in read_examples(type_, root)]


class Page(HTMLParser):
    """The parts of a page that a mail program looks at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(params=CASES, ids=lambda case: f"{case[1]}-{case[2]}")
def written(
    request: pytest.FixtureRequest, catalogue: Catalogue, example_mails: Catalogue
) -> list[tuple[dict[str, Any], Content]]:
    """One example and its mail in every language."""
    root, type_, name = request.param
    data = read_examples(type_, root)[name]
    notification = (catalogue if root == NOTIFICATIONS else example_mails).get(type_)
    return [(data, notification.render(data, locale)) for locale in sorted(notification.locales)]


Written = list[tuple[dict[str, Any], Content]]


def test_every_type_has_a_category_and_an_age(catalogue: Catalogue, example_mails: Catalogue) -> None:
    everything = [(catalogue, type_) for type_ in list_types()] + [
        (example_mails, type_) for type_ in list_types(EXAMPLES)
    ]
    for home, type_ in everything:
        notification = home.get(type_)
        assert notification.type == type_
        assert notification.category
        assert notification.max_age is None or notification.max_age.days >= 15, "a redriven letter is 14 days old"


def test_the_page_says_that_it_is_light_and_dark(written: Written) -> None:
    for _, content in written:
        metas = [attrs for tag, attrs in Page(content.html).tags if tag == "meta"]
        assert {"name": "color-scheme", "content": "light dark"} in metas


def test_a_preheader_comes_first_and_is_not_seen(written: Written) -> None:
    for _, content in written:
        body = content.html.partition("<body")[2]
        hidden = re.search(r'<div style="display:none[^>]*>([^<]{20,})', body)
        assert hidden is not None
        assert body.index(hidden[0]) < 200


def test_nothing_is_loaded_and_nothing_runs(written: Written) -> None:
    for _, content in written:
        tags = Page(content.html).tags
        assert not {"img", "script", "link", "iframe", "form", "object"} & {tag for tag, _ in tags}
        assert not any(name.startswith("on") or name in {"src", "background"} for _, attrs in tags for name in attrs)
        assert "url(" not in content.html
        assert "@import" not in content.html


def test_the_mail_is_not_clipped(written: Written) -> None:
    for _, content in written:
        assert len(content.html.encode()) < LARGEST_HTML


def test_both_parts_say_who_and_where(written: Written) -> None:
    for data, content in written:
        page = Page(content.html)
        links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
        for part in (content.text, page.words):
            assert data["recipient"]["name"] in part
            assert data["recipient"]["email"] in part
        for url in links:
            assert url is not None
            assert url in content.text


def test_every_type_asks_for_the_same_recipient() -> None:
    for root in ROOTS:
        schemas = [read_data_schema(root / name / "schema.json") for name in list_types(root)]
        recipients = [schema["properties"]["recipient"] for schema in schemas]
        assert all(recipient == recipients[0] for recipient in recipients)


def test_the_mails_to_copy_speak_five_languages_and_only_a_digest_is_a_subscription(
    example_mails: Catalogue,
) -> None:
    assert example_mails.types == {"account", "comments", "receipt", "shipment", "security"}
    for type_ in example_mails.types:
        assert example_mails.get(type_).locales == {"en", "de", "fr", "es", "ar"}
        assert example_mails.get(type_).subscription == (example_mails.get(type_).digest is not None)


def test_an_arabic_mail_runs_from_right_to_left(written: Written) -> None:
    for _, content in written:
        rtl = 'lang="ar"' in content.html
        body = re.sub(r'align="center"[^>]*', "", content.html.partition("<body")[2])
        assert ("direction:ltr" in body) != rtl
        assert ("direction:rtl" in body) == rtl


def test_no_mail_changed_since_somebody_saw_it() -> None:
    """Look at what is named here (`herald preview`); tests/unit/notifications/snapshots.py then keeps it anew."""
    kept, now = json.loads(KEPT.read_text("utf-8")), digests()
    assert kept.keys() == now.keys()
    for root, files in now.items():
        changed = [name for name in sorted(files | kept[root]) if files.get(name) != kept[root].get(name)]
        assert not changed, f"{root}: {', '.join(changed)}"
