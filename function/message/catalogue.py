"""The notifications that Herald can send: the schema of each event's data, and the templates of its mail.

This module reads the *compiled* catalogue: `package` turns `notifications/` into one `catalogue.json` and one validator
module for each schema, so that the function loads no schema library and no MJML engine.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from function.errors import InvalidEvent, UnknownNotification, UnknownTenant
from function.message.rendering import Content, Renderer
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["COMPILED", "Catalogue", "Notification", "ViolationError", "as_digest", "build_pointer"]

#: Where the package keeps the compiled catalogue.
COMPILED = Path(__file__).parents[1] / "compiled"

#: An array index in a JSON Pointer: descriptions apply to all items alike.
_INDEX = re.compile("/[0-9]+(?=/|$)")
_FALLBACK = "en"


class ViolationError(ValueError):
    """A value violates its schema: `name` is its path, such as `data.book.url`; `rule` is the schema's keyword.

    The value itself is not kept, as it may be personal.
    """

    def __init__(self, message: str, *, name: str, rule: str, **_: object) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Contract:
    """One JSON Schema, compiled: `check` raises `ViolationError`; `descriptions` says what each value must be."""

    check: Callable[..., object]
    descriptions: Mapping[str, str]

    def validate(self, value: object, name: str, base: str = "") -> None:
        """Raise `InvalidEvent` for the first violation in `value`; its pointer starts with `base`. The reason never
        repeats the value, as it may be personal."""
        try:
            self.check(value, name_prefix=name)
        except ViolationError as violation:
            at = build_pointer(violation.name)
            what = self.descriptions.get(_INDEX.sub("/*", at))
            wrong = what if violation.rule != "required" else None
            reason = f"{violation.name} must be {wrong}" if wrong else str(violation)
            raise InvalidEvent(reason, base + at) from violation


@dataclass(frozen=True, slots=True)
class Notification:
    """What Herald sends for one type of event.

    With `subscription`, a reader may unsubscribe from its `category`. An event older than `max_age` is not mailed any
    more.
    """

    type: str
    category: str
    subscription: bool
    max_age: timedelta | None
    locales: frozenset[str]
    #: The Reply-To address; None: the sender.
    reply_to: str | None
    #: The rule for its digests, as `digest.py` describes; None: each event has a mail of its own.
    digest: Mapping[str, Any] | None
    #: The From header; None: the deployment's.
    sender: str | None
    #: Whether its mails may have attachments, and calendar invitations.
    attachments: bool
    invitation: bool
    #: Whether an event may name several recipients.
    recipients: bool
    #: The roles that get a copy: visible to the reader, and blind.
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    _contract: Contract = field(repr=False)
    _renderer: Renderer = field(repr=False)
    _brand: Mapping[str, Any] = field(repr=False)

    def validate(self, data: object) -> None:
        """Raise `InvalidEvent` unless `data` matches this type's schema; unknown fields are allowed."""
        self._contract.validate(data, "data", "/data")

    def validate_digest(self, data: Mapping[str, Any]) -> None:
        """Raise `InvalidEvent` unless each item of a digest, together with the recipient, matches the schema."""
        items = data.get("items")
        if self.digest is None or not isinstance(items, list) or not isinstance(data.get("more"), int):
            raise InvalidEvent(f"{self.type} is no longer a digest, or this event is not one")
        for item in items:
            self.validate({**item, "recipient": data.get("recipient")})

    def render(self, data: Mapping[str, object], locale: str, unsubscribe_url: str | None = None) -> Content:
        """Render the mail in `locale`, else in its language, else in English: `de-AT`, `de`, `en`. For a digest, render
        one with this event only.

        Raises as `render_whole` does.
        """
        return self.render_whole(data if self.digest is None else as_digest([data]), locale, unsubscribe_url)

    def render_whole(self, data: Mapping[str, object], locale: str, unsubscribe_url: str | None = None) -> Content:
        """Render the mail from the templates' whole data: for a digest `items` and `more` besides the recipient.

        Templates see `data`, `unsubscribe_url` and `brand`; filters see the reader's language and time zone as
        `_locale` and `_timezone`. These names are reserved: data under such a name is hidden.

        Raises `InvalidEvent` if a template uses a value that `data` lacks, or if the subject is not one line.
        """
        nearest, recipient = self._choose_nearest(locale), data.get("recipient")
        same_language = locale.lower().partition("-")[0] == nearest.partition("-")[0]
        own = {
            "unsubscribe_url": unsubscribe_url,
            "_locale": locale.lower() if same_language else nearest,
            "_timezone": recipient.get("timezone") if isinstance(recipient, Mapping) else None,
            "brand": {**self._brand, "legal": self._choose_legal(nearest)},
        }
        while True:
            try:
                return self._renderer.render(f"{self.type}/{nearest}", data, own)
            except InvalidEvent as error:
                data = self._with_fewer_lines(data, error)

    def explain_language(self, locale: str) -> Reason | None:
        """Return why the mail to a reader of `locale` is in English, if it is not available in the reader's
        language."""
        wanted, nearest = locale.lower().partition("-")[0], self._choose_nearest(locale)
        if nearest.partition("-")[0] == wanted:
            return None
        return Reason(ReasonCode.LANGUAGE_MISSING, f"written in {nearest}: there is none in {wanted}")

    def _with_fewer_lines(self, data: Mapping[str, Any], error: InvalidEvent) -> Mapping[str, object]:
        """Remove a quarter of the lines of a digest whose mail is too large, and count them in `more`. Raises the error
        if that does not help."""
        lines = data["items"] if self.digest is not None else ()
        if error.reason.code != ReasonCode.EVENT_TOO_LARGE or len(lines) < 2:
            raise error
        kept = lines[: len(lines) * 3 // 4]
        return {**data, "items": kept, "more": data["more"] + len(lines) - len(kept)}

    def _choose_legal(self, locale: str) -> str:
        """Return the legal text below a mail in `locale`: in its language, else in English; it may be empty."""
        texts: Mapping[str, str] = self._brand["legal"]
        return texts.get(locale) or texts.get(locale.partition("-")[0]) or texts.get(_FALLBACK, "")

    def _choose_nearest(self, locale: str) -> str:
        wanted = locale.lower()
        while wanted and wanted not in self.locales:
            wanted = wanted.rpartition("-")[0]
        return wanted or _FALLBACK


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All notifications, by event type, and the contract of the event's envelope."""

    _envelope: Contract
    _notifications: Mapping[str, Notification]
    _brands: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path = COMPILED) -> Catalogue:
        """Read the compiled catalogue in `root`; nothing is read later."""
        compiled: dict[str, Any] = json.loads((root / "catalogue.json").read_bytes())
        tables = root / "localization.json"
        renderer = Renderer(compiled["templates"], json.loads(tables.read_bytes()) if tables.exists() else None)
        entries = compiled["notifications"].items()
        brand = compiled["brand"]
        notifications = {type_: _load_notification(root, type_, entry, renderer, brand) for type_, entry in entries}
        return cls(_load_contract(root, "event", compiled["event"]), notifications, compiled.get("brands", {}))

    @property
    def has_digests(self) -> bool:
        """Whether any notification is a digest."""
        return any(each.digest is not None for each in self._notifications.values())

    @property
    def with_attachments(self) -> frozenset[str]:
        """The event types whose mails may have attachments."""
        return frozenset(type_ for type_, one in self._notifications.items() if one.attachments)

    @property
    def has_recipients(self) -> bool:
        """Whether any notification allows several recipients."""
        return any(each.recipients for each in self._notifications.values())

    @property
    def types(self) -> frozenset[str]:
        """The event types that have a notification."""
        return frozenset(self._notifications)

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that have a brand."""
        return frozenset(self._brands)

    @property
    def senders(self) -> dict[str, str]:
        """The From header of each event type whose notification has its own."""
        return {type_: one.sender for type_, one in self._notifications.items() if one.sender}

    @property
    def roles(self) -> dict[str, frozenset[str]]:
        """The roles that get a copy, by event type."""
        return {type_: frozenset(named) for type_, one in self._notifications.items() if (named := one.cc + one.bcc)}

    def validate_envelope(self, event: object) -> None:
        """Raise `InvalidEvent` unless `event` is one CloudEvents 1.0 event that matches Herald's envelope schema."""
        self._envelope.validate(event, "event")

    def get(self, type_: str, tenant: str | None = None) -> Notification:
        """Return the notification for events of `type_`; for a `tenant`, with its brand, and without the deployment's
        own sender, Reply-To and copies. Raises `UnknownNotification` and `UnknownTenant`."""
        try:
            found = self._notifications[type_]
        except KeyError:
            raise UnknownNotification(f"there is no notification for events of type {type_!r}") from None
        if tenant is None:
            return found
        if tenant not in self._brands:
            raise UnknownTenant(f"there is no brand for the tenant {tenant!r}")
        brand = self._brands[tenant]
        return replace(found, reply_to=brand["reply_to"], sender=None, cc=(), bcc=(), _brand=brand)


def as_digest(events: Sequence[Mapping[str, object]], more: int = 0) -> dict[str, object]:
    """Return the data for a digest's templates: the events' data, and how many `more` events were left out."""
    items = [{name: value for name, value in data.items() if name != "recipient"} for data in events]
    return {"recipient": events[-1].get("recipient"), "items": items, "more": more}


def build_pointer(name: str) -> str:
    """Return the JSON Pointer of a dotted path, without its first part: `data.book.url` is `/book/url`."""
    return "".join(f"/{part}" for part in re.split(r"[.\[\]]+", name)[1:] if part)


def _load_notification(
    root: Path, type_: str, entry: dict[str, Any], renderer: Renderer, brand: dict[str, Any]
) -> Notification:
    seconds = entry["max_age_seconds"]
    return Notification(
        type=type_,
        category=entry["category"],
        subscription=entry["subscription"],
        max_age=None if seconds is None else timedelta(seconds=seconds),
        locales=frozenset(entry["locales"]),
        reply_to=entry.get("reply_to") or brand["reply_to"],
        digest=entry.get("digest"),
        sender=entry.get("from"),
        attachments=entry.get("attachments", False),
        invitation=entry.get("invitation", False),
        recipients=entry.get("recipients", False),
        cc=tuple(entry.get("cc", ())),
        bcc=tuple(entry.get("bcc", ())),
        _contract=_load_contract(root, type_, entry["descriptions"]),
        _renderer=renderer,
        _brand=brand,
    )


def _load_contract(root: Path, name: str, descriptions: Mapping[str, str]) -> Contract:
    module = f"validate_{name.replace('.', '_').replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(f"function.compiled.{module}", root / f"{module}.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{root / module}.py is not there: build the package again")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return Contract(loaded.validate, descriptions)
