"""Template filters that write numbers, money, dates and counts in the reader's language.

Loaded only if a template uses one of them. The tables come from CLDR (package/notifications/localization.py).
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from minijinja import pass_state

from function.errors import InvalidEvent, TemplateNotFilled

__all__ = ["LOCALE", "ZONE", "make_filters"]

#: The names under which a template's state holds the reader's language tag and IANA time zone.
LOCALE, ZONE = "_locale", "_timezone"
#: Most digits of a number: more than any amount has. Numbers such as 1e999 are rejected.
_LONGEST = 40
_CURRENCY = re.compile("[A-Z]{3}")
_FIELD = re.compile(r"%\((\w+)\)s")

LocaleTable = Mapping[str, Any]


def make_filters(compiled: LocaleTable) -> dict[str, Callable[..., str]]:
    """Return the filters `number`, `money`, `date`, `datetime` and `plural`, by name."""
    locales, digits = compiled["locales"], compiled["digits"]

    @pass_state
    def number(state: Any, value: object) -> str:
        """`{{ count | number }}`: a number with at most three decimal places."""
        table = _choose_table(locales, state)
        return _format_number(table, table["number"], _read_decimal(value), table["number"]["digits"][1:])

    @pass_state
    def money(state: Any, value: object, currency: str = "") -> str:
        """`{{ total | money("EUR") }}`: an amount in whole units, rounded to the currency's decimal places."""
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            raise InvalidEvent("a currency is three capital letters of ISO 4217")
        table, after = _choose_table(locales, state), digits.get(currency, 2)
        text = _format_number(table, table["money"], _read_decimal(value), [after, after])
        return _with_currency(text, table["currencies"].get(currency, currency))

    @pass_state
    def date_(state: Any, value: str, style: str = "medium", zone: str | None = None) -> str:
        """`{{ shipped | date("long") }}`: a date, in short, medium, long or full style; that of a time is in the
        reader's zone."""
        return _format_date(_choose_table(locales, state), _read_time(value, _choose_zone(state, zone)), style)

    @pass_state
    def datetime_(state: Any, value: str, style: str = "medium", zone: str | None = None) -> str:
        """`{{ pickup | datetime }}`: date and time in the reader's zone; if that is unknown, in UTC and marked so."""
        table, timezone = _choose_table(locales, state), _choose_zone(state, zone)
        read = _read_time(value, timezone)
        if not isinstance(read, datetime):
            raise InvalidEvent("a date without a time has no time to be written")
        time = _write(table, table["time"], read) + (" UTC" if timezone is None else "")
        return str(table["joined"][style]).replace("{1}", _format_date(table, read, style)).replace("{0}", time)

    @pass_state
    def plural(state: Any, value: object, **forms: str) -> str:
        """`{{ n | plural(one="# book", other="# books") }}`: the plural form for the language; `#` is replaced by the
        number."""
        table, count = _choose_table(locales, state), _read_decimal(value)
        chosen = next(
            (name for name, rule in table["plural"] if _evaluate_rule(rule, _compute_operands(count))), "other"
        )
        text = _format_number(table, table["number"], count, table["number"]["digits"][1:])
        return forms.get(chosen, forms["other"]).replace("#", text)

    return {"number": number, "money": money, "date": date_, "datetime": datetime_, "plural": plural}


def _choose_table(locales: Mapping[str, LocaleTable], state: Any) -> LocaleTable:
    """Return the table of the reader's language, with the differences of its region."""
    tag: str = state.lookup(LOCALE)
    found: dict[str, Any] = {}
    parts = tag.split("-")
    for length in range(1, len(parts) + 1):
        found |= _merge(found, locales.get("-".join(parts[:length]), {}))
    return found


def _merge(base: LocaleTable, more: LocaleTable) -> LocaleTable:
    currencies = {**base.get("currencies", {}), **more.get("currencies", {})}
    return {**more, "currencies": currencies}


def _read_decimal(value: object) -> Decimal:
    """Read a JSON number, or a number in a text such as "12.50"."""
    try:
        number = Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        raise TemplateNotFilled("a number was expected")
    return number


def _format_number(table: LocaleTable, pattern: LocaleTable, value: Decimal, after: list[int]) -> str:
    """Format a number, rounding half to even: https://www.unicode.org/reports/tr35/tr35-numbers.html#Number_Patterns"""
    least, most = after
    whole, _, rest = f"{abs(value).quantize(Decimal(1).scaleb(-most)):f}".partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    last, others = pattern["grouping"]
    whole, groups = whole[:-last], [whole[-last:]]
    while whole:
        whole, groups = whole[:-others], [whole[-others:], *groups]
    before, behind = pattern["sign"][value.is_signed()]
    return f"{before}{table['group'].join(groups)}{table['decimal'] + rest if rest else ''}{behind}"


def _with_currency(text: str, symbol: str) -> str:
    """Insert the currency; a space separates a digit from a code that is not a symbol: `$5`, but `CHF 5`.

    https://www.unicode.org/reports/tr35/tr35-numbers.html#Currencies (currencySpacing)
    """
    before, after = ("\u00a0" if unicodedata.category(end)[0] not in "SZ" else "" for end in (symbol[0], symbol[-1]))
    place = text.index("¤")
    before = before if text[place - 1 : place].isdigit() else ""
    after = after if text[place + 1 : place + 2].isdigit() else ""
    return text.replace("¤", f"{before}{symbol}{after}")


def _choose_zone(state: Any, named: str | None) -> tzinfo | None:
    """Return the zone that the template names, else the reader's; None if there is no such zone."""
    try:
        return ZoneInfo(named or state.lookup(ZONE) or "")
    except (ValueError, OSError, KeyError, TypeError):
        return None


def _read_time(value: object, zone: tzinfo | None) -> date:
    try:
        text = str(value).upper()
        if len(text) <= len("2026-11-21"):
            return date.fromisoformat(text)
        read = datetime.fromisoformat(text)
        return read.astimezone(zone or UTC)
    except (ValueError, OverflowError) as error:
        raise TemplateNotFilled("a date of RFC 3339 was expected") from error


def _format_date(table: LocaleTable, value: date, style: str) -> str:
    if style not in table["dates"]:
        raise InvalidEvent("a date is short, medium, long or full")
    return _write(table, table["dates"][style], value)


def _write(table: LocaleTable, pattern: str, value: date) -> str:
    """Fill the fields of a date pattern: https://www.unicode.org/reports/tr35/tr35-dates.html#Date_Field_Symbol_Table"""
    return _FIELD.sub(lambda found: _format_field(table, found[1], value), pattern)


def _format_field(table: LocaleTable, field: str, value: date) -> str:
    width, names = len(field), "wide" if len(field) == 4 else "abbreviated"
    hour, minute = (value.hour, value.minute) if isinstance(value, datetime) else (0, 0)
    match field[0]:
        case "M" | "L" if width > 2:
            text = table["months"]["format" if field[0] == "M" else "stand-alone"][names][value.month - 1]
        case "E":
            text = table["days"]["format"][names][value.weekday()]
        case "a":
            text = table["periods"][hour >= 12]
        case letter:
            year = value.year % 100 if width == 2 else value.year
            numbers = {"y": year, "M": value.month, "L": value.month, "d": value.day}
            numbers |= {"H": hour, "h": hour % 12 or 12, "m": minute}
            text = f"{numbers[letter]:0{width}}"
    return str(text)


def _compute_operands(value: Decimal) -> dict[str, Decimal | int]:
    """Compute the plural operands of a number: https://www.unicode.org/reports/tr35/tr35-numbers.html#Operands"""
    number = abs(value)
    rest = f"{number:f}".partition(".")[2]
    shown = rest.rstrip("0")
    return {
        "n": number,
        "i": int(number),
        "v": len(rest),
        "w": len(shown),
        "f": int(rest or 0),
        "t": int(shown or 0),
        "c": 0,
        "e": 0,
    }


def _evaluate_rule(rule: Any, operands: Mapping[str, Decimal | int]) -> Any:
    """Evaluate a plural rule, or a part of it, for a number."""
    name, parts = rule
    if name in operands:
        return operands[name]
    if name == "value":
        return parts[0]
    if name == "relation":
        _, of, (_, ranges) = parts
        number = _evaluate_rule(of, operands)
        ends = ([_evaluate_rule(end, operands) for end in each] for each in ranges)
        return number == int(number) and any(first <= number <= last for first, last in ends)
    return _JOINS[name](_evaluate_rule(part, operands) for part in parts)


#: The operators that combine the parts of a rule.
_JOINS: Mapping[str, Callable[[Iterable[Any]], Any]] = {
    "and": all,
    "or": any,
    "not": lambda parts: not any(parts),
    "mod": lambda parts: operator.mod(*parts),
}
