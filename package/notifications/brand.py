"""Reads `brand.json`, the brand of the mails: name, colours for light and dark, a logo, the address for replies.

A tenant's brand is such a file, too: `brands/<tenant>.json`.

Colours must have the contrast that people need: 4.5 for text, 3 for other parts that must be visible.
https://www.w3.org/TR/WCAG22/#contrast-minimum and https://www.w3.org/TR/WCAG22/#non-text-contrast
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from function.message.addressing.tenant import TENANT_NAME
from package.errors import Faults, PackageError
from package.notifications.formats import LOCALE, PATTERNS
from package.notifications.strict_json import escape_unprintable, locate_member, read_json

__all__ = ["BRAND", "BRANDS", "Brand", "read_brand", "read_brands"]

#: The file's name, in the folder of the notifications.
BRAND = "brand.json"
#: The folder beside it, with a brand for each tenant.
BRANDS = "brands"
#: The same pattern as in the event's schema.

_SCHEMES = ("light", "dark")
_COLOURS = ("page", "card", "title", "text", "muted", "line", "button", "button_text")
_COLOUR = re.compile("#[0-9a-f]{6}")
#: Foreground, background, and the least contrast between the two.
_CONTRASTS = (
    ("title", "page", 4.5),
    ("title", "card", 4.5),
    ("text", "card", 4.5),
    ("muted", "card", 4.5),
    ("muted", "page", 4.5),
    ("button_text", "button", 4.5),
    ("button", "card", 3.0),
)
_KEYS = frozenset({"name", *_SCHEMES, "logo", "image_hosts", "reply_to", "support", "legal"})
_LOGO = frozenset({"url", "alt", "width", "height"})
#: Pixels: mails are 600 wide.
_WIDEST = 600
#: The most characters of a name, and of the legal text at the end of a mail.
_LONGEST_NAME, _LONGEST_LEGAL = 100, 1000
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

Brand = dict[str, Any]


def read_brand(path: Path) -> Brand:
    """Read a brand, with None and {} for what it leaves out. Raises `PackageError`, with a line for each fault."""
    given = read_json(path)
    if not isinstance(given, dict):
        raise PackageError(f"{path}: a brand is an object")
    # A fault begins with the name of the value, such as light.text.
    if faults := [
        f"{locate_member(path, fault.partition(' ')[0].split('.'))}: {escape_unprintable(fault)}"
        for fault in _list_faults(given)
    ]:
        raise PackageError("\n".join(faults))
    return {"logo": None, "reply_to": None, "support": None, "legal": {}, **given}


def read_brands(notifications: Path, faults: Faults) -> dict[str, Brand]:
    """Read the brands of tenants beside the notifications, by name; whatever is wrong with them goes to `faults`."""
    found: dict[str, Brand] = {}
    folder = notifications / BRANDS
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix != ".json" or not TENANT_NAME.fullmatch(path.stem):
            faults.add(f"{path}: a tenant's brand is called like acme.json: small letters, digits and hyphens")
            continue
        with faults.gather():
            found[path.stem] = read_brand(path)
    return found


def _list_faults(given: Brand) -> Iterator[str]:
    for name in sorted(given.keys() - _KEYS):
        yield f"{name} is none of {', '.join(sorted(_KEYS))}"
    if not _is_line(given.get("name"), _LONGEST_NAME):
        yield f"name is what readers know you by: one line of at most {_LONGEST_NAME} characters"
    for scheme in _SCHEMES:
        yield from _list_colour_faults(scheme, given.get(scheme))
    if "logo" in given:
        yield from _list_logo_faults(given["logo"], given.get("image_hosts", []))
    for name in ("reply_to", "support"):
        value = given.get(name, "a@example.com")
        if not isinstance(value, str) or not re.search(PATTERNS["email"], value):
            yield f"{name} is one plain address, such as help@example.com"
    yield from _list_legal_faults(given.get("legal", {}))


def _list_colour_faults(scheme: str, colours: object) -> Iterator[str]:
    if not isinstance(colours, Mapping) or colours.keys() != set(_COLOURS):
        yield f"{scheme} names these colours and no others: {', '.join(_COLOURS)}"
        return
    wrong = [name for name in _COLOURS if not isinstance(colours[name], str) or not _COLOUR.fullmatch(colours[name])]
    yield from (f"{scheme}.{name} is a colour such as #1f4e5f, in small letters" for name in wrong)
    for front, back, least in _CONTRASTS:
        if front not in wrong and back not in wrong:
            found = _compute_contrast(colours[front], colours[back])
            if found < least:
                yield (
                    f"{scheme}.{front} {colours[front]} on {scheme}.{back} {colours[back]} has a contrast of "
                    f"{int(found * 100) / 100:g}, and readers need {least:g}: make one of them lighter or darker"
                )


def _list_logo_faults(logo: object, hosts: object) -> Iterator[str]:
    if not isinstance(logo, Mapping) or logo.keys() != _LOGO:
        yield 'logo is {"url": "https://…", "alt": "your name", "width": 140, "height": 32}'
        return
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        yield "image_hosts is a list of hosts that mails may load a picture from, such as static.example.com"
        return
    url = logo["url"]
    if not isinstance(url, str) or not re.search(PATTERNS["uri"], url) or not url.startswith("https://"):
        yield "logo.url is an address that starts with https://"
    elif urlsplit(url).hostname not in hosts:
        yield f"logo.url is on {urlsplit(url).hostname}, which is not among image_hosts: add it, or move the picture"
    if not _is_line(logo["alt"], _LONGEST_NAME):
        yield f"logo.alt is what stands there when the picture does not load: at most {_LONGEST_NAME} characters"
    for side in ("width", "height"):
        if type(logo[side]) is not int or not 0 < logo[side] <= _WIDEST:
            yield f"logo.{side} is a whole number of pixels, 1 to {_WIDEST}"


def _list_legal_faults(legal: object) -> Iterator[str]:
    if not isinstance(legal, Mapping) or (legal and "en" not in legal):
        yield 'legal is what the law asks for below a mail, by language: {"en": "Example Ltd, 1 High Street"}'
        return
    for locale, text in legal.items():
        if not LOCALE.fullmatch(locale) or not _is_line(text, _LONGEST_LEGAL):
            yield f"legal.{locale} is one line of at most {_LONGEST_LEGAL} characters, under a language such as pt-br"


def _is_line(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= most and bool(_LINE.fullmatch(value))


def _compute_contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((_compute_luminance(one), _compute_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _compute_luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
