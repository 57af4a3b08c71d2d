"""Numbers, money, dates and counts are written as Babel writes them, in every language and region."""

from __future__ import annotations

import datetime
import functools
import json
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from function.errors import InvalidEvent
from function.message.rendering import Renderer
from package.errors import PackageError
from package.notifications.localization import compile_localization

LANGUAGES = ("en", "de", "fr", "es", "ar", "pl", "hi", "ja", "pt-br", "he")
TAGS = (*LANGUAGES, "de-ch", "de-at", "en-gb", "en-in", "es-mx", "fr-ca", "ar-eg", "en-us")
tags = st.sampled_from(TAGS)
#: Babel takes the ' between the groups of Swiss numbers for a quotation mark, and leaves it out.
others = st.sampled_from([tag for tag in TAGS if tag != "de-ch"])
amounts = st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=4).map(float)


@functools.cache
def renderer(template: str) -> Renderer:
    tables = json.loads(json.dumps(compile_localization(LANGUAGES)))
    return Renderer({"x/subject.txt": "s", "x/body.txt": template, "x/body.html": "h"}, tables)


def render(template: str, tag: str = "en", zone: str | None = None, **data: Any) -> str:
    return renderer(template).render("x", {**data, "_locale": tag, "_timezone": zone}).text


def locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


@given(tag=others, amount=amounts)
def test_a_number_is_written_as_in_the_readers_country(tag: str, amount: float) -> None:
    assert render("{{ n | number }}", tag, n=amount) == format_decimal(Decimal(str(amount)), locale=locale(tag))


@given(tag=others, amount=amounts, currency=st.sampled_from(sorted(list_currencies())))
def test_money_has_the_currencys_digits_and_the_languages_sign(tag: str, amount: float, currency: str) -> None:
    expected = format_currency(Decimal(str(amount)), currency, locale=locale(tag))
    found = render("{{ n | money(c) }}", tag, n=amount, c=currency)
    assert found.replace("\xa0", "") == expected.replace("\xa0", ""), "Babel does not part letters from digits"


@pytest.mark.parametrize(
    ("tag", "currency", "expected"),
    [
        ("en", "CHF", "CHF\xa05.00"),
        ("en", "EUR", "€5.00"),
        ("en", "CAD", "CA$5.00"),
        ("de", "CHF", "5,00\xa0CHF"),
        ("en-ca", "CAD", "$5.00"),
    ],
)
def test_letters_of_a_currency_do_not_stand_against_digits(tag: str, currency: str, expected: str) -> None:
    """https://www.unicode.org/reports/tr35/tr35-numbers.html#Currencies"""
    assert render("{{ 5 | money(c) }}", tag, c=currency) == expected


def test_a_swiss_reader_sees_swiss_groups() -> None:
    assert render("{{ n | number }}", "de-ch", n=1234567) == "1'234'567"
    assert render("{{ n | money('CHF') }}", "de-ch", n=-1234567.5) == "CHF-1'234'567.50"


@given(tag=tags, day=st.dates(), style=st.sampled_from(["short", "medium", "long", "full"]))
def test_a_date_is_written_as_in_the_readers_country(tag: str, day: datetime.date, style: Any) -> None:
    assert render("{{ d | date(s) }}", tag, d=day.isoformat(), s=style) == format_date(day, style, locale(tag))


@given(tag=tags, count=st.integers(0, 10**7) | st.decimals(0, 200, places=1).map(float))
def test_a_count_takes_the_form_that_the_language_has_for_it(tag: str, count: float) -> None:
    template = "{{ n | plural(zero='zero', one='one', two='two', few='few', many='many', other='other') }}"
    value = count if isinstance(count, int) else Decimal(str(count))
    assert render(template, tag, n=count) == locale(tag).plural_form(value)


@pytest.mark.parametrize(("tag", "text"), [("en", "1,234 books"), ("de", "1.234 Bücher"), ("pl", "1\u00a0234 książki")])
def test_the_number_stands_in_its_form(tag: str, text: str) -> None:
    forms = {"en": "other='# books'", "de": "other='# Bücher'", "pl": "few='# książki', other='#'"}
    assert render("{{ n | plural(" + forms[tag] + ") }}", tag, n=1234) == text


@pytest.mark.parametrize(
    ("zone", "template", "text"),
    [
        ("Europe/Berlin", "{{ t | datetime }}", "Nov 22, 2026, 12:30\u202fAM"),
        (None, "{{ t | datetime }}", "Nov 21, 2026, 11:30\u202fPM UTC"),
        ("Nowhere/At_All", "{{ t | datetime }}", "Nov 21, 2026, 11:30\u202fPM UTC"),
        ("../../etc/passwd", "{{ t | datetime }}", "Nov 21, 2026, 11:30\u202fPM UTC"),
        ("Europe/Berlin", "{{ t | date }}", "Nov 22, 2026"),
        ("Europe/Berlin", "{{ t | date('medium', 'America/New_York') }}", "Nov 21, 2026"),
        ("Europe/Berlin", "{{ t | datetime(zone='America/New_York') }}", "Nov 21, 2026, 6:30\u202fPM"),
    ],
)
def test_a_time_is_told_in_the_readers_zone_or_says_that_it_is_not(zone: str | None, template: str, text: str) -> None:
    assert render(template, "en", zone, t="2026-11-21T23:30:00Z") == text


@given(tag=tags, time=st.datetimes(timezones=st.just(datetime.UTC)))
def test_a_time_of_day_is_written_as_in_the_readers_country(tag: str, time: datetime.datetime) -> None:
    text = render("{{ t | datetime }}", tag, "UTC", t=time.isoformat())
    assert format_time(time, "short", locale=locale(tag)) in text
    assert format_date(time, "medium", locale=locale(tag)) in text


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ v | number }}", "twelve"),
        ("{{ v | number }}", True),
        ("{{ v | number }}", "NaN"),
        ("{{ v | number }}", "1e999999"),
        ("{{ v | number }}", None),
        ("{{ v | number }}", [1]),
        ("{{ 5 | money(v) }}", "eur"),
        ("{{ 5 | money(v) }}", "€"),
        ("{{ v | date }}", "yesterday"),
        ("{{ v | date }}", "2026-02-30"),
        ("{{ '2026-02-01' | date(v) }}", "huge"),
        ("{{ v | datetime }}", "2026-02-01"),
        ("{{ v | datetime }}", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_is_no_such_value_is_an_invalid_event(template: str, value: object) -> None:
    with pytest.raises(InvalidEvent) as refused:
        render(template, v=value)
    assert str(value) not in str(refused.value) or len(str(value)) < 5


def test_a_language_that_cldr_does_not_know_is_refused_when_it_is_packaged() -> None:
    with pytest.raises(PackageError, match="'xx'"):
        compile_localization(["en", "xx"])
