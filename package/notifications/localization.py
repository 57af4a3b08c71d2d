"""Compiles how each language writes numbers, money, dates and plurals, from Babel's copy of CLDR.

https://babel.pocoo.org/, https://cldr.unicode.org/; function/message/locale_filters.py reads the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import DateTimePattern
from babel.localedata import locale_identifiers
from babel.numbers import NumberPattern
from babel.plural import PluralRule

from package.errors import PackageError

__all__ = ["FILTERS", "compile_localization", "is_right_to_left"]

#: Matches the use of a filter that needs the tables, in a template.
FILTERS = re.compile(r"\|\s*(?:number|money|date|datetime|plural)\b")
_STYLES = ("short", "medium", "long", "full")
#: The fields of a date that Herald can write.
_FIELDS = frozenset(
    {"y", "yy", "yyyy", "M", "MM", "MMM", "MMMM", "L", "LL", "LLL", "LLLL", "d", "dd", "E", "EEE", "EEEE"}
) | {"H", "HH", "h", "hh", "m", "mm", "a"}

LocaleTable = dict[str, Any]


def is_right_to_left(language: str) -> bool:
    """Whether a language (`ar`, `pt-br`) is written from right to left; one that CLDR does not know is not."""
    try:
        return bool(Locale.parse(language, sep="-").text_direction == "rtl")
    except (UnknownLocaleError, ValueError):
        return False


def compile_localization(languages: Iterable[str]) -> LocaleTable:
    """The tables of these languages (`en`, `pt-br`) and of all regions that write them differently.

    `locales` has them by language tag in lower case; that of a region holds only what differs from its language's.
    `digits` has the number of decimals of each currency that does not have two. Raises `PackageError` for a language
    that CLDR does not know, or whose dates have fields that Herald does not write.
    """
    return {"digits": _list_digits(), "locales": dict(_list_tables(sorted(set(languages))))}


def _list_tables(languages: Iterable[str]) -> Iterator[tuple[str, LocaleTable]]:
    for language in languages:
        yield from _compile_language(language)


@cache  # the studio compiles the same again when files change
def _compile_language(language: str) -> list[tuple[str, LocaleTable]]:
    """The tables of a language and of its regions; callers must not change them."""
    known = {name.replace("_", "-").lower(): name for name in sorted(locale_identifiers())}
    if language not in known:
        raise PackageError(f"CLDR does not know how {language!r} writes numbers and dates: name another language")
    base = _compile_table(Locale.parse(known[language]))
    if unknown := _list_unknown_fields(base):
        raise PackageError(f"dates in {language!r} have fields that Herald does not write: {', '.join(unknown)}")
    regions = {tag: _compile_table(Locale.parse(name)) for tag, name in known.items() if tag.startswith(f"{language}-")}
    written = {tag: _find_differences(table, base) for tag, table in regions.items() if not _list_unknown_fields(table)}
    return [(language, base), *((tag, different) for tag, different in written.items() if different)]


def _compile_table(locale: Locale) -> LocaleTable:
    symbols = locale.number_symbols["latn"]
    return {
        "decimal": symbols["decimal"],
        "group": symbols["group"],
        "number": _compile_number_pattern(locale.decimal_formats[None]),
        "money": _compile_number_pattern(locale.currency_formats["standard"]),
        "currencies": {code: symbol for code, symbol in locale.currency_symbols.items() if code != symbol},
        "dates": {style: _read_pattern(locale.date_formats[style]) for style in _STYLES},
        "time": _read_pattern(locale.time_formats["short"]),
        "joined": {style: locale.datetime_formats[style].replace("'", "") for style in _STYLES},
        "months": _list_names(locale.months, range(1, 13)),
        "days": _list_names({"format": locale.days["format"]}, range(7)),
        "periods": [_find_period(locale.day_periods["format"], half) for half in ("am", "pm")],
        "plural": PluralRule.parse(locale.plural_form).abstract,
    }


def _find_differences(table: LocaleTable, base: LocaleTable) -> LocaleTable:
    return {
        name: {key: each for key, each in value.items() if base[name].get(key) != each}
        if name == "currencies"
        else value
        for name, value in table.items()
        if value != base[name]
    }


def _compile_number_pattern(pattern: NumberPattern) -> LocaleTable:
    """`sign`: prefix and suffix of a number that is not negative, and of one that is; `grouping`: digits in the last
    group and in the others; `digits`: the least before the point, the least and the most after it."""
    around = [[pattern.prefix[sign], pattern.suffix[sign]] for sign in (0, 1)]
    return {"sign": around, "grouping": list(pattern.grouping), "digits": [pattern.int_prec[0], *pattern.frac_prec]}


def _find_period(names: Any, half: str) -> str:
    known = (names[width][half] for width in ("abbreviated", "wide", "narrow") if half in names.get(width, {}))
    return str(next(known, half))


def _read_pattern(pattern: DateTimePattern) -> str:
    return str(pattern.format)


def _list_unknown_fields(table: LocaleTable) -> list[str]:
    written = " ".join([*table["dates"].values(), table["time"]])
    return sorted(set(re.findall(r"%\((\w+)\)s", written)) - _FIELDS)


def _list_names(contexts: Any, numbers: Iterable[int]) -> dict[str, dict[str, list[str]]]:
    widths = ("abbreviated", "wide")
    return {
        context: {width: [names[width][number] for number in numbers] for width in widths}
        for context, names in contexts.items()
    }


def _list_digits() -> dict[str, int]:
    """Digits after the point, by currency, if there are not two."""
    return {code: digits[0] for code, digits in get_global("currency_fractions").items() if digits[0] != 2}
