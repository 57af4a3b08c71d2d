"""What stops a notification from being packaged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from function.errors import InvalidEvent
from package import PackageError
from package.notifications.catalogue import compile_catalogue, list_types, read_examples

TYPE = "book.created"


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Change a file, and make sure that it did change."""
    before = path.read_text("utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, "utf-8")


def edit_schema(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    schema = json.loads(path.read_text("utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), "utf-8")


def require_refusal(source: Path, out: Path, reason: str) -> None:
    """The build stops with one line that holds `reason`."""
    with pytest.raises(PackageError, match=re.escape(reason)) as error:
        compile_catalogue(out, source)
    assert len(str(error.value).splitlines()) == 1


def test_the_notifications_of_the_checkout_compile(source: Path, out: Path) -> None:
    assert compile_catalogue(out, source).types == set(list_types())


def test_a_template_may_write_money_and_counts_in_the_readers_language(source: Path, out: Path) -> None:
    def price(schema: dict[str, Any]) -> None:
        line = {
            "type": "object",
            "description": "a line of the bill",
            "required": ["amount"],
            "properties": {"amount": {"type": "number", "description": "an amount in euros"}},
        }
        lines = {"type": "array", "description": "1 to 9 lines", "minItems": 1, "maxItems": 9, "items": line}
        schema["properties"]["lines"] = lines

    edit_schema(source / TYPE / "schema.json", price)
    bill = "{% for line in lines | default([]) %}{{ line.amount | money('EUR') }};{% endfor %}"
    for locale in ("en", "de"):
        edit(source / TYPE / locale / "body.txt", lambda text: bill + text)
    data = read_examples("book.created")["typical"] | {"lines": [{"amount": 1234.5}, {"amount": 2}]}
    (source / TYPE / "examples" / "typical.json").write_text(json.dumps(data), "utf-8")
    notification = compile_catalogue(out, source).get("book.created")
    notification.validate(data)
    assert notification.render(data, "de-AT").text.startswith("€\u00a01.234,50;€\u00a02,00;")
    assert notification.render(data, "de").text.startswith("1.234,50\u00a0€;2,00\u00a0€;")
    assert notification.render(data, "en-US").text.startswith("€1,234.50;€2.00;")
    assert notification.render(data, "it").text.startswith("€1,234.50;"), "in the language that the mail is in"
    with pytest.raises(InvalidEvent, match="an amount in euros") as refused:
        notification.validate(data | {"lines": [{"amount": 1}, {"amount": "2"}]})
    assert refused.value.pointer == "/data/lines/1/amount"


def test_tables_that_no_template_uses_are_not_packaged(source: Path, out: Path) -> None:
    compile_catalogue(out, source)
    assert not (out / "localization.json").exists()


def test_compiling_twice_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        compile_catalogue(tmp_path / name, source)
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / name).glob("*.*")} for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("format", "email"),
        ("maxItems", 1),
        ("minimum", 1),
        ("enum", ["a"]),
        ("unevaluatedProperties", False),
        ("additionalProperties", False),
        ("dependentRequired", {}),
        ("$ref", "#"),
        ("$dynamicRef", "#"),
        ("prefixItems", []),
        ("default", ""),
        ("oneOf", []),
        ("if", {}),
        ("maxlength", 3),
    ],
)
@pytest.mark.parametrize("place", ["", "recipient"])
def test_a_keyword_outside_the_list_is_refused(
    source: Path, out: Path, keyword: str, value: object, place: str
) -> None:
    def spoil(schema: dict[str, Any]) -> None:
        part = schema["properties"][place] if place else schema
        part[keyword] = value

    edit_schema(source / TYPE / "schema.json", spoil)
    require_refusal(source, out, f"the keyword {keyword!r} is not on the list")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"type": "null", "description": "nothing"}, "the type is one of object, array"),
        ({"type": ["string", "null"], "description": "a text"}, "the type is one of object, array"),
        ({"const": "a", "description": "one"}, "the type is one of object, array"),
        ({"type": "string", "const": 1, "description": "one"}, "const and enum name values of type string"),
        ({"type": "integer", "enum": [1, True], "description": "one"}, "const and enum name values of type integer"),
        ({"type": "integer", "enum": [1.5], "description": "one"}, "const and enum name values of type integer"),
        ({"type": "number", "enum": [1, 1.0], "description": "one"}, "const and enum name values of type number"),
        ({"type": "string", "enum": [], "description": "none"}, "const and enum name values of type string"),
        ({"type": "string", "enum": "ab", "description": "none"}, "const and enum name values of type string"),
        ({"type": "string"}, "the description is missing"),
        ({"type": "string", "description": "a", "minimum": 1}, "'minimum' is not on the list of string"),
        ({"type": "number", "description": "a", "maxLength": 1}, "'maxLength' is not on the list of number"),
        ({"type": "boolean", "description": "a", "enum": [True]}, "'enum' is not on the list of boolean"),
        ({"type": "number", "description": "a", "minimum": "1"}, "minimum is a number"),
        ({"type": "number", "description": "a", "maximum": True}, "maximum is a number"),
        ({"type": "string", "description": "a", "maxLength": -1}, "maxLength is a whole number"),
        ({"type": "string", "description": "a", "maxLength": 1.5}, "maxLength is a whole number"),
        ({"type": "string", "description": "a", "format": "ipv4"}, "the format is one of date, date-time, email, uri"),
        ({"type": "string", "description": "a", "format": "uri", "pattern": "a"}, "no pattern stands beside it"),
        ({"type": "array", "description": "a", "maxItems": 1}, "an array needs items and maxItems"),
        (
            {"type": "array", "description": "a", "items": {"type": "string", "description": "a"}},
            "an array needs items and maxItems",
        ),
        (
            {"type": "array", "description": "a", "maxItems": 1, "items": True},
            "a property is a plain name and an object",
        ),
        ({"type": "object", "description": "a", "required": ["b"]}, "required is a list of names, each of a property"),
        ({"type": "object", "description": "a", "properties": []}, "properties is not an object"),
        ({"type": "string", "description": "a", "pattern": 7}, "the pattern is a text"),
        ({"type": "string", "description": "a", "pattern": "^a$"}, "name the characters"),
        ({"type": "string", "description": "a", "pattern": r"^\d+"}, "name the characters"),
        ({"type": "string", "description": "a", "pattern": "("}, "not a regular expression"),
        (True, "a plain name and an object"),
    ],
)
def test_a_schema_keeps_to_what_every_validator_reads_alike(source: Path, out: Path, part: object, reason: str) -> None:
    edit_schema(source / TYPE / "schema.json", lambda schema: schema["properties"].update(more=part))
    require_refusal(source, out, reason)


def test_every_fault_of_a_schema_is_told_at_once(source: Path, out: Path) -> None:
    more = {
        "one": {"type": "text", "description": "a text"},
        "lines": {
            "type": "array",
            "description": "lines",
            "maxItems": 2,
            "items": {"type": "object", "description": "a line", "properties": {"amount": {"type": "number"}}},
        },
    }
    edit_schema(source / TYPE / "schema.json", lambda schema: schema["properties"].update(more))
    with pytest.raises(PackageError) as error:
        compile_catalogue(out, source)
    told = [line.partition(" at ")[2].partition(":")[0] for line in str(error.value).splitlines()]
    assert told == ["/one", "/lines/*/amount"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda schema: schema["required"].remove("recipient"),
        lambda schema: schema["properties"]["recipient"]["required"].remove("email"),
        lambda schema: schema["properties"]["recipient"]["required"].remove("locale"),
        lambda schema: schema["properties"].update(recipient={"type": "string", "description": "an address"}),
    ],
)
def test_data_says_whom_the_mail_goes_to(source: Path, out: Path, spoil: Callable[[dict[str, Any]], object]) -> None:
    edit_schema(source / TYPE / "schema.json", spoil)
    require_refusal(source, out, "it must require recipient, with the texts email and locale")


def test_the_recipient_is_one_plain_address(source: Path, out: Path) -> None:
    edit_schema(
        source / TYPE / "schema.json", lambda s: s["properties"]["recipient"]["properties"]["email"].pop("format")
    )
    require_refusal(source, out, 'give it "format": "email"')


def test_a_schema_is_draft_2020_12(source: Path, out: Path) -> None:
    edit(source / TYPE / "schema.json", lambda text: text.replace("draft/2020-12", "draft-07"))
    require_refusal(source, out, "2020-12")


@pytest.mark.parametrize("tag", ["mj-foo", "mj-button-group", "stong", "img", "script", "svg"])
def test_a_tag_outside_the_list_is_refused(source: Path, out: Path, tag: str) -> None:
    added = f"<{tag}></{tag}></mj-column>"
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("</mj-column>", added))
    require_refusal(source, out, f"<{tag}> is not on MJML's list")


def test_a_tag_in_a_partial_is_refused_too(source: Path, out: Path) -> None:
    partial = source / "_partials" / "header.mjml"
    edit(partial, lambda text: text.replace("<mj-text", "<mj-foo/><mj-text"))
    require_refusal(source, out, "<mj-foo> is not on MJML's list")


def test_a_tag_that_is_never_closed_is_refused(source: Path, out: Path) -> None:
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("</mj-column>", ""))
    require_refusal(source, out, "is not MJML")


@pytest.mark.parametrize("part", ["subject.txt", "body.txt", "body.mjml"])
@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("template", ["{{ book.price }}", "{{ nobody }}", "{% if book.price %}a{% endif %}"])
def test_an_undefined_name_is_refused(source: Path, out: Path, part: str, locale: str, template: str) -> None:
    edit(source / TYPE / locale / part, lambda text: text.replace("{{", template + "{{", 1))
    require_refusal(source, out, "undefined")


@pytest.mark.parametrize("template", ["{{ book.title", "{% if book %}", "{{ book.title | shout }}", "{% oops %}"])
def test_a_template_that_is_not_one_is_refused(source: Path, out: Path, template: str) -> None:
    edit(source / TYPE / "en" / "body.txt", lambda text: text + template)
    with pytest.raises(PackageError):
        compile_catalogue(out, source)


def test_html_that_would_be_clipped_is_refused(source: Path, out: Path) -> None:
    long = "<mj-text>" + "many words " * 10_000 + "</mj-text></mj-column>"
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("</mj-column>", long))
    require_refusal(source, out, "mail programs clip it at 100000")


def test_html_that_loads_something_is_refused(source: Path, out: Path) -> None:
    image = '<mj-image src="https://pictures.example/a.png"></mj-image></mj-column>'
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("</mj-column>", image))
    require_refusal(source, out, "loads nothing")


def test_an_address_without_the_link_filter_is_refused(source: Path, out: Path) -> None:
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("book.url | link", "book.url"))
    require_refusal(source, out, "needs the filter link")


def test_a_template_may_not_switch_escaping_off(source: Path, out: Path) -> None:
    edit(source / TYPE / "en" / "body.mjml", lambda text: text.replace("recipient.name", "recipient.name|safe"))
    require_refusal(source, out, "'safe'")


def test_an_example_that_its_schema_refuses_is_refused(source: Path, out: Path) -> None:
    edit(source / TYPE / "examples" / "typical.json", lambda text: text.replace("ada@example.com", "ada"))
    require_refusal(source, out, "examples/typical.json:3: data.recipient.email must be")


@pytest.mark.parametrize(("name", "lacks"), [("book", "1: data lacks book"), ("title", "7: data.book lacks title")])
def test_an_example_that_lacks_something_is_told_with_what_asks_for_it(
    source: Path, out: Path, name: str, lacks: str
) -> None:
    example, schema = source / TYPE / "examples" / "typical.json", source / TYPE / "schema.json"
    edit(example, lambda text: text.replace(f'"{name}": ', '"other": '))
    require_refusal(source, out, f"{example}:{lacks}: add it here, or take it out of required in {schema}")


def test_three_examples_are_asked_for(source: Path, out: Path) -> None:
    for path in list((source / TYPE / "examples").iterdir())[2:]:
        path.unlink()
    require_refusal(source, out, "has 2 examples and needs 3")


def test_english_is_asked_for(source: Path, out: Path) -> None:
    (source / TYPE / "en").rename(source / TYPE / "fr")
    require_refusal(source, out, "needs a folder 'en'")


@pytest.mark.parametrize("part", ["subject.txt", "body.txt", "body.mjml"])
def test_every_language_has_three_parts(source: Path, out: Path, part: str) -> None:
    (source / TYPE / "de" / part).unlink()
    require_refusal(source, out, "cannot be read")


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "[]",
        "{}",
        '{"category": "books"}',
        '{"category": "Books!", "max_age": null}',
        '{"category": "books", "max_age": {"moons": 1}}',
        '{"category": "books", "max_age": {"days": 0}}',
        '{"category": "books", "subscription": true, "max_age": {"days": 1000000000}}',
        '{"category": "books", "max_age": null, "colour": "red"}',
    ],
)
def test_settings_that_make_no_sense_are_refused(source: Path, out: Path, settings: str) -> None:
    (source / TYPE / "notification.json").write_text(settings)
    require_refusal(source, out, "must say")
