"""Compiles a folder of notifications to the catalogue that `function.message.catalogue` reads.

All faults are reported together, one a line: which file, what is wrong, what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from function.errors import NotificationError
from function.message.catalogue import Catalogue, Notification, ViolationError
from package.errors import Faults, PackageError
from package.notifications.attachments import find_attachment_faults, has_attachments, require_attachments
from package.notifications.brand import BRAND, BRANDS, Brand, read_brand, read_brands
from package.notifications.digests import build_template_examples, build_template_schema
from package.notifications.explanations import UNKNOWN, explain, find_missing_name
from package.notifications.formats import LOCALE
from package.notifications.invitations import find_invitation_faults, has_invitation, require_invitation
from package.notifications.localization import FILTERS, compile_localization
from package.notifications.mail_templates import (
    compile_html_template,
    find_names,
    locate_name,
    read_text_template,
    refuse_content,
)
from package.notifications.schemas import Schema, list_descriptions, read_data_schema, read_schema, write_validator
from package.notifications.settings import read_settings
from package.notifications.strict_json import locate_member, read_json

__all__ = [
    "BRAND",
    "EXAMPLES",
    "NOTIFICATIONS",
    "UNSUBSCRIBE_URL",
    "compile_catalogue",
    "find_brand",
    "is_type",
    "list_types",
    "read_examples",
]

_FUNCTION = Path(__file__).parents[2] / "function"
#: Herald's own notifications, and the partials that every other folder may include.
NOTIFICATIONS = _FUNCTION / "notifications"
#: Mails that most teams need, as examples to copy; no package includes them.
EXAMPLES = _FUNCTION.parent / "examples" / "mails"

_TYPE = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*")
_PARTS = ("subject.txt", "body.txt", "body.mjml")
#: Replaces a reader's own link when an example is rendered.
UNSUBSCRIBE_URL = "https://herald.example/unsubscribe/token"
#: Names that templates see beside the data; the data may not use them.
_OWN_NAMES = frozenset({"brand", "unsubscribe_url", "_locale", "_timezone"})


_UNSEEN = "is in no example, so nobody has seen it: add it to one"


def is_type(name: str) -> bool:
    """Whether an event's type may have this name; the name of the folder of brands is not allowed."""
    return bool(_TYPE.fullmatch(name)) and name != BRANDS


def list_types(notifications: Path = NOTIFICATIONS) -> list[str]:
    """The types of event that have a folder in `notifications`."""
    try:
        folders = [path.name for path in notifications.iterdir() if path.is_dir()]
    except OSError as error:
        raise PackageError(f"{notifications}: {error.strerror}: name the folder of your notifications") from error
    return sorted(name for name in folders if not name.startswith(("_", ".")) and name != BRANDS)


def read_examples(type_: str, notifications: Path = NOTIFICATIONS) -> dict[str, Any]:
    """The example data of one type, by the name of its file."""
    faults, found = Faults(), {}
    for path in sorted((notifications / type_ / "examples").glob("*.json")):
        with faults.gather():
            found[path.stem] = read_json(path)
    faults.raise_all()
    return found


def compile_catalogue(out: Path, notifications: Path = NOTIFICATIONS) -> Catalogue:
    """Compile everything in `notifications` into `out`, then render every example's mail, as the function does.

    Raises `PackageError`, with a line for each fault, for what would otherwise fail when an event arrives: a keyword or
    a tag outside the lists, an undefined name, a mail that is too large, an example that its schema refuses.
    """
    out.mkdir(parents=True, exist_ok=True)
    faults, brand, event = Faults(), {}, read_schema(_FUNCTION / "contracts" / "event.schema.json")
    with faults.gather():
        brand = find_brand(notifications)
    brands = read_brands(notifications, faults)
    sources = [_read(type_, notifications, faults) for type_ in list_types(notifications)]
    if not sources:
        faults.add(f"{notifications} has no notification: make one with herald new TYPE")
    for fault in _list_alike(sources):
        faults.add(f"{notifications}: {fault}")
    for fault in _find_mixed_categories([each.settings for each in sources]):
        faults.add(f"{notifications}: {fault}")
    faults.raise_all()
    _write(out, event, brand, brands, sources)
    catalogue = Catalogue.load(out)
    for source in sources:
        found = [*_find_example_faults(source, catalogue, brand)]
        found = found or [*_find_brand_faults(source, catalogue, brands)]
        places = {fault.partition(": ")[0] for fault in found}
        found += [fault for fault in _list_unknown_names(source) if fault.partition(": ")[0] not in places]
        for fault in found or _list_missing_names(source):
            faults.add(fault)
    faults.raise_all()
    return catalogue


@dataclass(slots=True)
class _Source:
    """One notification as its files define it; what could not be read is empty."""

    type: str
    folder: Path
    roots: tuple[Path, ...]
    schema: Schema = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    examples: dict[str, Any] = field(default_factory=dict)
    locales: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> tuple[Schema, Mapping[str, Any]]:
        """The schema and examples of what the templates see: the data, or for a digest what is made of it."""
        if "digest" in self.settings:
            return build_template_schema(self.schema), build_template_examples(self.examples)
        return self.schema, self.examples

    @property
    def entry(self) -> dict[str, Any]:
        """Its entry in the catalogue."""
        more = {"attachments": True} if has_attachments(self.schema) else {}
        more |= {"invitation": True} if has_invitation(self.schema) else {}
        return {"locales": self.locales, "descriptions": list_descriptions(self.schema), **self.settings, **more}


def find_brand(notifications: Path) -> Brand:
    """The brand of a folder of notifications, or else Herald's. Raises `PackageError`."""
    own = notifications / BRAND
    return read_brand(own if own.exists() else NOTIFICATIONS / BRAND)


def _read(type_: str, notifications: Path, faults: Faults) -> _Source:
    """Read one folder; whatever is wrong with it goes to `faults`."""
    folder = notifications / type_
    source = _Source(type_, folder, (notifications, NOTIFICATIONS))
    if not is_type(type_):
        faults.add(f"{folder}: a type is words in small letters, joined by dots")
    with faults.gather():
        source.schema = read_data_schema(folder / "schema.json")
        require_attachments(source.schema, folder / "schema.json")
        require_invitation(source.schema, folder / "schema.json")
        for name in sorted(_OWN_NAMES & source.schema.get("properties", {}).keys()):
            faults.add(f"{folder / 'schema.json'} at /{name}: templates have {name} of Herald: give it another name")
    with faults.gather():
        source.settings = read_settings(folder / "notification.json")
    if source.settings.get("recipients") and "recipients" in source.schema.get("properties", {}):
        faults.add(f"{folder / 'schema.json'} at /recipients: these are as many as recipient: leave them out here")
    with faults.gather():
        source.examples = read_examples(type_, notifications)
        if len(source.examples) < 3:
            faults.add(f"{folder} has {len(source.examples)} examples and needs 3: typical, very long, right to left")
    parts = {"attachments": has_attachments(source.schema), "invitation": has_invitation(source.schema)}
    for part in (name for name, there in parts.items() if there and "digest" in source.settings):
        faults.add(f"{folder}: a digest has no {part}: take digest or {part} away")
    source.locales = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "examples")
    if "en" not in source.locales or not all(map(LOCALE.fullmatch, source.locales)):
        faults.add(f"{folder} needs a folder 'en'; others are named like 'de' or 'pt-br'")
    for locale in source.locales:
        for part in _PARTS:
            read = compile_html_template if part.endswith(".mjml") else read_text_template
            with faults.gather():
                source.templates[f"{locale}/{part}"] = read(folder / locale / part, source.roots)
    return source


def _list_missing_names(source: _Source) -> Iterator[str]:
    """Names that one language uses and another leaves out."""
    for part in _PARTS:
        named = {locale: find_names(source.templates[f"{locale}/{part}"]) for locale in source.locales}
        for locale, names in named.items():
            for other, others in named.items():
                if missing := sorted(others - names):
                    there = locate_name(source.folder / other / part, missing[0], source.roots)
                    yield (
                        f"{source.folder / locale / part} says nothing of {missing[0]}, as {there} does: "
                        "all languages say the same"
                    )
                    break


def _list_unknown_names(source: _Source) -> Iterator[str]:
    """Names that a template uses and that the schema lacks or no example fills: no mail would show the mistake."""
    schema, examples_ = source.seen
    for locale in source.locales:
        for part in _PARTS:
            names = [name.split(".") for name in find_names(source.templates[f"{locale}/{part}"])]
            used = [steps for steps in names if steps[0] not in _OWN_NAMES]
            unknown = {missing for steps in used if (missing := find_missing_name(schema, steps))}
            unseen = {
                ".".join(steps)
                for steps in used
                if not find_missing_name(schema, steps)
                and not any(_is_in_data(data, steps) for data in examples_.values())
            }
            for name in sorted(unknown | unseen):
                place = locate_name(source.folder / locale / part, name, source.roots)
                yield f"{place}: {name} {UNKNOWN if name in unknown else _UNSEEN}"


def _is_in_data(data: Any, steps: list[str]) -> bool:
    for step in steps:
        if isinstance(data, list):
            return True
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True


def _list_alike(sources: list[_Source]) -> Iterator[str]:
    """Types that differ only in dots and hyphens have the same name in code, and one would get the other's contract."""
    by_name: dict[str, list[str]] = {}
    for source in sources:
        by_name.setdefault(re.sub("[.-]", "_", source.type), []).append(source.type)
    for types_ in by_name.values():
        if len(types_) > 1:
            yield f"{' and '.join(types_)} are one name but for dots and hyphens: give one of them another"


def _find_mixed_categories(settings: list[dict[str, Any]]) -> Iterator[str]:
    """Categories of subscriptions and other mails: a reader who unsubscribes must get none of a category's mails."""
    for category in sorted({each["category"] for each in settings if each}):
        if len({each["subscription"] for each in settings if each and each["category"] == category}) > 1:
            yield f"the category {category!r} has subscriptions and others: give one of them another name"


def _write(
    out: Path, event: Schema, brand: Mapping[str, Any], brands: Mapping[str, Any], sources: list[_Source]
) -> None:
    templates = {
        f"{source.type}/{name.replace('.mjml', '.html')}": template
        for source in sources
        for name, template in source.templates.items()
    }
    notifications = {source.type: source.entry for source in sources}
    compiled = {"event": list_descriptions(event), "notifications": notifications, "templates": templates}
    compiled["brand"] = _drop_hosts(brand)
    if brands:
        compiled["brands"] = {tenant: _drop_hosts(one) for tenant, one in brands.items()}
    _write_json(out / "catalogue.json", compiled)
    if any(map(FILTERS.search, templates.values())):
        languages = {locale for source in sources for locale in source.locales}
        _write_json(out / "localization.json", compile_localization(languages))
    for name, schema in {"event": event, **{source.type: source.schema for source in sources}}.items():
        module = f"validate_{name.replace('.', '_').replace('-', '_')}.py"
        (out / module).write_text(write_validator(schema), "utf-8", newline="\n")
    _write_json(out / "examples.json", {source.type: source.examples for source in sources})


def _drop_hosts(brand: Mapping[str, Any]) -> dict[str, Any]:
    """A brand without the hosts of its images, which a mail does not need."""
    return {name: value for name, value in brand.items() if name != "image_hosts"}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, sort_keys=True) + "\n", "utf-8", newline="\n")


def _find_example_faults(source: _Source, catalogue: Catalogue, brand: Mapping[str, Any]) -> Iterator[str]:
    notification, valid = catalogue.get(source.type), {}
    for name, data in source.examples.items():
        try:
            notification.validate(data)
            jsonschema.Draft202012Validator(source.schema).validate(data)
            valid[name] = data
        except (NotificationError, jsonschema.ValidationError) as error:
            members = [int(step) if step.isdecimal() else step for step in _find_pointer(error).split("/")[2:]]
            place = locate_member(source.folder / "examples" / f"{name}.json", members)
            yield f"{place}: {_describe_missing(error, source.folder / 'schema.json') or str(error).splitlines()[0]}"
    if notification.attachments:
        yield from find_attachment_faults(valid, source.folder / "examples")
    if notification.invitation:
        yield from find_invitation_faults(valid, source.folder / "examples")
    shown = valid if notification.digest is None else build_template_examples(valid)
    for locale in source.locales:
        yield from _find_mail_faults(source, notification, brand, locale, shown)


def _find_brand_faults(source: _Source, catalogue: Catalogue, brands: Mapping[str, Any]) -> Iterator[str]:
    """Faults of the mails under each tenant's brand: one example in each language."""
    for tenant, brand in brands.items():
        for locale in source.locales:
            name, data = next(iter(source.seen[1].items()))
            found = _find_mail_faults(source, catalogue.get(source.type, tenant), brand, locale, {name: data})
            yield from (f"{fault}, under {BRANDS}/{tenant}.json" for fault in found)


def _find_mail_faults(
    source: _Source, notification: Notification, brand: Mapping[str, Any], locale: str, shown: Mapping[str, Any]
) -> Iterator[str]:
    """The first fault of a mail in this language, if there is any."""
    logo = brand["logo"]["url"] if brand["logo"] else None
    link = UNSUBSCRIBE_URL if notification.subscription else None
    for name, data in shown.items():
        try:
            refuse_content(notification.render_whole(data, locale, link), logo)
        except NotificationError as error:
            yield explain(error, source.folder / locale, source.roots, source.seen[0], f"examples/{name}.json")
            return
        except PackageError as error:
            yield f"{source.folder / locale}, with examples/{name}.json: {error}"
            return


def _describe_missing(error: Exception, schema: Path) -> str:
    """The required names that an example lacks, and what to do; empty if something else is wrong with it."""
    cause = error.__cause__
    listed = re.search(r"\[(.*)\]", str(cause))
    if not (isinstance(cause, ViolationError) and cause.rule == "required" and listed):
        return ""
    names = listed[1].replace("'", "")
    return f"{cause.name} lacks {names}: add it here, or take it out of required in {schema}"


def _find_pointer(error: Exception) -> str:
    """The pointer of the wrong value, in `/data`."""
    if isinstance(error, jsonschema.ValidationError):
        return "/data" + "".join(f"/{step}" for step in error.absolute_path)
    return getattr(error, "pointer", None) or "/data"
