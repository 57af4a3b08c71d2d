"""Warns of features of a mail that mail programs do not support, by the data of https://www.caniemail.com.

Its npm library runs in Node.js; the data comes with it, so that it needs no network after its installation.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from package.errors import PackageError
from package.notifications.catalogue import NOTIFICATIONS
from package.notifications.mail_templates import find_line
from package.npm import install_npm

__all__ = ["ACCEPTED", "Unsupported", "find_features", "find_unsupported"]

_HERE = Path(__file__).parent
_FOLDER = _HERE.parents[3] / "build" / "mail-programs"
_SECONDS = 600
#: The mail programs that most readers use, by the library's names.
_PROGRAMS = ("apple-mail.*", "gmail.*", "outlook.*", "samsung-email.*", "thunderbird.*", "yahoo.*")
_NAMES = {
    "apple-mail": "Apple Mail",
    "gmail": "Gmail",
    "outlook": "Outlook",
    "samsung-email": "Samsung Email",
    "thunderbird": "Thunderbird",
    "yahoo": "Yahoo Mail",
}
_REMEDIES = {"<bdi> element": 'write <span dir="auto">, which keeps a name apart in them, too'}
#: Features that Herald's own frame and mails use, and without which a mail can be read just as well: dark colours,
#: round corners, breaks of long words, the pointer's shape, and the rules for narrow screens.
ACCEPTED = frozenset(
    {
        *("<body> element", "<style> element", "@media", "Chaining selectors", "Class selector"),
        *("Descendant combinator", "ID selector", "Type selector", "aria-label attribute", "border-radius"),
        *("color-scheme CSS property", "color-scheme meta tag", "cursor", "display:none", "height property"),
        *("max-height property", "opacity", "outline", "overflow", "overflow-wrap", "role attribute"),
        *("target attribute", "white-space", "word-break", "word-spacing"),
    }
)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A feature of HTML or CSS, where a template uses it (file, with the line if known), and which programs lack it."""

    where: str
    feature: str
    programs: tuple[str, ...]

    def __str__(self) -> str:
        remedy = _REMEDIES.get(self.feature, "see that the mail reads well without it")
        return f"{self.where}: warning: {self.feature} is left out by {', '.join(self.programs)}: {remedy}"


def find_unsupported(mails: Mapping[tuple[str, str], str], notifications: Path) -> list[Unsupported]:
    """The features of these mails (HTML by type and language) that programs lack, except the accepted ones; each once.

    Raises `PackageError` if there is no Node.js, or if the library cannot be installed.
    """
    named = {f"{type_}/{locale}": html for (type_, locale), html in mails.items()}
    found = {
        Unsupported(_locate(notifications, name, feature), feature, tuple(_list_families(programs)))
        for name, features in find_features(named).items()
        for feature, programs in features.items()
        if feature not in ACCEPTED
    }
    return sorted(found, key=lambda one: (one.where, one.feature))


def find_features(pages: Mapping[str, str]) -> dict[str, dict[str, list[str]]]:
    """By page, the features in it that a program lacks, with the programs that lack each. Raises `PackageError`."""
    folder = install_npm(_HERE, _FOLDER)
    script = folder / "find_unsupported.mjs"
    script.write_bytes((_HERE / script.name).read_bytes())  # in this folder Node.js finds the library
    input_ = json.dumps({"pages": pages, "programs": _PROGRAMS})
    done = subprocess.run(
        ["node", script], input=input_, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise PackageError(f"Node.js could not look at the mails: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return found


def _list_families(programs: list[str]) -> Iterator[str]:
    """The name of each program once: Gmail, not each of its variants."""
    yield from dict.fromkeys(_NAMES[program.partition(".")[0]] for program in sorted(programs))


def _locate(notifications: Path, name: str, feature: str) -> str:
    return find_line(notifications / name / "body.mjml", _compile_pattern(feature), (notifications, NOTIFICATIONS))


def _compile_pattern(feature: str) -> re.Pattern[str]:
    """A pattern of a feature's use in a template, from its name: an element, an attribute, or a property."""
    name = re.escape(feature.partition(":")[0].removesuffix(" property").removesuffix(" CSS property"))
    if element := re.fullmatch(r"<(\S+)> element", feature):
        return re.compile(rf"<{element[1]}\b")
    if attribute := re.fullmatch(r"(\S+) attribute", feature):
        return re.compile(rf"\b{attribute[1]}=")
    return re.compile(rf"(?<![\w-]){name}\s*[:=(]")
