"""Whose mails these are: what a brand may say, and where it is seen."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.errors import UnknownTenant
from function.message.from_header import split_sender
from function.message.rendering import Content
from package import PackageError
from package.notifications.brand import read_brand
from package.notifications.catalogue import NOTIFICATIONS, compile_catalogue, read_examples

SHIPPED: dict[str, Any] = json.loads((NOTIFICATIONS / "brand.json").read_text("utf-8"))
LOGO = {"url": "https://static.shop.example/logo.png?v=1&w=2", "alt": "Shop & Co", "width": 140, "height": 32}
SHOP = SHIPPED | {
    "name": "Shop & Co.uk <b>",
    "logo": LOGO,
    "image_hosts": ["static.shop.example"],
    "support": "help@shop.example",
    "reply_to": "answers@shop.example",
    "legal": {"en": "Shop Ltd, 1 High Street", "de": "Shop GmbH, Hauptstraße 1"},
}


def write_brand(tmp_path: Path, brand: Any) -> Path:
    path = tmp_path / "brand.json"
    path.write_text(json.dumps(brand), "utf-8")
    return path


def find_problems(tmp_path: Path, brand: Any) -> list[str]:
    """What is wrong, a line each, without the file's name."""
    path = write_brand(tmp_path, brand)
    with pytest.raises(PackageError) as error:
        read_brand(path)
    lines = str(error.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def mail(source: Path, out: Path, brand: Any, locale: str = "en", unsubscribe: str | None = None) -> Content:
    (source / "brand.json").write_text(json.dumps(brand), "utf-8")
    catalogue = compile_catalogue(out, source)
    return catalogue.get("book.created").render(read_examples("book.created")["typical"], locale, unsubscribe)


def test_a_brand_is_seen_in_every_part_of_a_mail(source: Path, out: Path) -> None:
    content = mail(source, out, SHOP)
    assert '<img src="https://static.shop.example/logo.png?v=1&amp;w=2" alt="Shop &amp; Co" width="140"' in content.html
    assert "Shop &amp; Co.uk &lt;b&gt;" in content.html, "a name is text, and its dot is the brand's own"
    assert "Shop & Co.uk <b> wrote to" in content.text
    for part in (content.text, content.html):
        assert "help@shop.example" in part
        assert "Shop Ltd, 1 High Street" in part
        assert "Herald" not in part


@pytest.mark.parametrize(("locale", "legal"), [("de-AT", "Shop GmbH"), ("en-GB", "Shop Ltd"), ("fr", "Shop Ltd")])
def test_what_the_law_asks_for_is_in_the_mails_language(source: Path, out: Path, locale: str, legal: str) -> None:
    assert legal in mail(source, out, SHOP, locale).text


def test_without_a_logo_the_name_stands_there(source: Path, out: Path) -> None:
    content = mail(source, out, {**SHIPPED, "name": "Bücher"})
    assert "<img" not in content.html
    assert '<span dir="auto">Bücher</span>' in content.html


def test_every_colour_of_the_brand_is_used(source: Path, out: Path) -> None:
    brand = {**SHIPPED, "light": {**SHIPPED["light"], "card": "#fffffe"}}
    colours = [*brand["light"].values(), *brand["dark"].values()]
    assert len({*colours}) == len(colours), "each can be told from the others"
    assert {*colours} <= {*re.findall("#[0-9a-f]{6}", mail(source, out, brand).html)}


def test_answers_go_where_the_brand_says_or_the_notification(source: Path, out: Path) -> None:
    path = source / "book.deleted" / "notification.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"reply_to": "returns@shop.example"}), "utf-8")
    (source / "brand.json").write_text(json.dumps(SHOP), "utf-8")
    catalogue = compile_catalogue(out, source)
    assert catalogue.get("book.created").reply_to == "answers@shop.example"
    assert catalogue.get("book.deleted").reply_to == "returns@shop.example"


def test_a_notification_may_be_from_another_address(source: Path, out: Path) -> None:
    path = source / "book.deleted" / "notification.json"
    settings = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(settings | {"from": "Bücher & Co. <orders@shop.example>"}), "utf-8")
    (source / "brand.json").write_text(json.dumps(SHOP), "utf-8")
    catalogue = compile_catalogue(out, source)
    assert catalogue.get("book.created").sender is None
    header = str(catalogue.get("book.deleted").sender)
    assert header.isascii()
    assert split_sender(header) == ("Bücher & Co.", "orders@shop.example")
    assert catalogue.senders == {"book.deleted": header}


@pytest.mark.parametrize(
    "wrong", ["orders", "a@b.example, c@d.example", "A\nB <a@b.example>", "", None, 7, ["a@b.example"]]
)
def test_what_is_no_sender_is_refused_with_what_to_do(source: Path, out: Path, wrong: object) -> None:
    path = source / "book.deleted" / "notification.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"from": wrong}), "utf-8")
    with pytest.raises(PackageError, match=r'may say .* "from": "Orders <orders@example\.com>"'):
        compile_catalogue(out, source)


def test_a_picture_that_is_not_the_logo_is_refused(source: Path, out: Path) -> None:
    header = source / "_partials" / "header.mjml"
    header.write_text(
        header.read_text("utf-8").replace("{{ brand.logo.url | link }}", "https://x.example/a.png"), "utf-8"
    )
    with pytest.raises(PackageError, match=r"header\.mjml:3: <img> is not on MJML's list"):
        mail(source, out, SHOP)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name is what readers know you by"),
        ({"name": "a\nb"}, "name is what readers know you by"),
        ({"colour": "red"}, "colour is none of"),
        ({"light": {}}, "light names these colours and no others"),
        ({"dark": {**SHIPPED["dark"], "accent": "#000000"}}, "dark names these colours and no others"),
        ({"light": {**SHIPPED["light"], "text": "#ABCDEF"}}, "light.text is a colour such as"),
        ({"light": {**SHIPPED["light"], "text": "red"}}, "light.text is a colour such as"),
        ({"logo": {**LOGO, "url": "http://static.shop.example/a.png"}}, "starts with https://"),
        ({"logo": {**LOGO, "url": "https://elsewhere.example/a.png"}}, "elsewhere.example, which is not among"),
        ({"logo": {**LOGO, "url": "https://static.shop.example@elsewhere.example/a"}}, "starts with https://"),
        ({"logo": {**LOGO, "alt": ""}}, "logo.alt is what stands there"),
        ({"logo": {**LOGO, "width": 601}}, "logo.width is a whole number"),
        ({"logo": {**LOGO, "height": True}}, "logo.height is a whole number"),
        ({"logo": "https://static.shop.example/a.png"}, 'logo is {"url"'),
        ({"logo": LOGO, "image_hosts": "static.shop.example"}, "image_hosts is a list of hosts"),
        ({"reply_to": "Shop <a@shop.example>"}, "reply_to is one plain address"),
        ({"support": "a@shop.example, b@shop.example"}, "support is one plain address"),
        ({"support": None}, "support is one plain address"),
        ({"legal": {"de": "Shop GmbH"}}, "legal is what the law asks for"),
        ({"legal": {"en": "a" * 1001}}, "legal.en is one line"),
        ({"legal": {"en": "Shop", "EN_us": "Shop"}}, "legal.EN_us is one line"),
    ],
)
def test_what_is_no_brand_is_refused_with_what_to_do(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    (line,) = find_problems(tmp_path, {**SHOP, **change})
    assert told in line


@pytest.mark.parametrize(
    ("scheme", "front", "back", "contrast"),
    [
        ("light", "text", "card", "2.84"),
        ("light", "muted", "page", "2.57"),
        ("dark", "text", "card", "1.28"),
        ("dark", "button_text", "button", "1"),
    ],
)
def test_colours_that_people_cannot_read_are_refused_in_light_and_in_dark(
    tmp_path: Path, scheme: str, front: str, back: str, contrast: str
) -> None:
    bad = {"light": "#999999", "dark": {"text": "#000000", "button_text": "#8cc4d6"}.get(front)}[scheme]
    lines = find_problems(tmp_path, {**SHIPPED, scheme: {**SHIPPED[scheme], front: bad}})
    on = SHIPPED[scheme][back]
    assert any(
        f"{scheme}.{front} {bad} on {scheme}.{back} {on} has a contrast of {contrast}, and readers need 4.5" in line
        for line in lines
    ), lines


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert len(find_problems(tmp_path, {"name": "", "light": {}, "support": "x", "more": 1})) == 5


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*SHOP, "url", "alt", "page", "en"]), inner, max_size=8)
        ),
        max_leaves=20,
    )
)
@settings(max_examples=100)
def test_any_json_is_a_brand_or_is_refused(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    for brand in (value, SHOP | value if isinstance(value, dict) else SHOP):
        try:
            read_brand(write_brand(folder, brand))
        except PackageError as error:
            assert str(error)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "brand.json"
    path.write_bytes(b"\xff{")
    with pytest.raises(PackageError, match="is not JSON"):
        read_brand(path)


def test_each_tenant_has_a_brand_of_its_own(source: Path, out: Path) -> None:
    (source / "brands").mkdir(exist_ok=True)
    (source / "brands" / "acme.json").write_text(json.dumps(SHOP), "utf-8")
    catalogue = compile_catalogue(out, source)
    data = read_examples("book.created")["typical"]
    own, acme = catalogue.get("book.created"), catalogue.get("book.created", "acme")
    assert "Shop &amp; Co" in acme.render(data, "en").html
    assert "Shop" not in own.render(data, "en").html
    assert (own.reply_to, acme.reply_to) == (None, "answers@shop.example")
    with pytest.raises(UnknownTenant, match="'none'"):
        catalogue.get("book.created", "none")


def test_a_tenant_has_neither_sender_nor_reply_to_of_a_notification(source: Path, out: Path) -> None:
    path = source / "book.created" / "notification.json"
    own = {"from": "Orders <orders@herald.example>", "reply_to": "orders@herald.example"}
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | own), "utf-8")
    (source / "brands").mkdir(exist_ok=True)
    (source / "brands" / "acme.json").write_text(json.dumps(SHIPPED), "utf-8")
    acme = compile_catalogue(out, source).get("book.created", "acme")
    assert (acme.sender, acme.reply_to) == (None, None)


def test_what_is_wrong_with_the_brands_of_tenants_is_told_at_once(source: Path, out: Path) -> None:
    folder = source / "brands"
    folder.mkdir(exist_ok=True)
    pale = {**SHIPPED, "light": {**SHIPPED["light"], "text": "#eeeeee"}}
    elsewhere = {**SHOP, "image_hosts": ["static.other.example"]}
    bad = {"acme.json": pale, "globex.json": elsewhere, "Big Corp.json": SHIPPED, "notes.txt": SHIPPED}
    for name, brand in bad.items():
        (folder / name).write_text(json.dumps(brand, indent=1), "utf-8")
    with pytest.raises(PackageError) as error:
        compile_catalogue(out, source)
    told = str(error.value).splitlines()
    assert len(told) == 4
    assert any(line.startswith(f"{folder / 'acme.json'}:") and "contrast of" in line for line in told)
    assert any(line.startswith(f"{folder / 'globex.json'}:") and "add it, or move the picture" in line for line in told)
    assert sum("is called like acme.json" in line for line in told) == 2


def test_a_template_that_only_a_tenants_brand_does_not_fill_is_refused(source: Path, out: Path) -> None:
    path = source / "book.created" / "en" / "body.txt"
    path.write_text(path.read_text("utf-8") + "{{ brand.logo.alt }}", "utf-8")
    (source / "brand.json").write_text(json.dumps(SHOP), "utf-8")
    (source / "brands").mkdir(exist_ok=True)
    (source / "brands" / "acme.json").write_text(json.dumps(SHIPPED), "utf-8")
    with pytest.raises(PackageError, match=r"under brands/acme\.json"):
        compile_catalogue(out, source)
