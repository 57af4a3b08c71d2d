"""`function/notifications` to the compiled catalogue that `function.message.catalogue` reads."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
from minijinja import TemplateError

from function.errors import NotificationError
from function.message.catalogue import Catalogue
from package.errors import PackageError
from package.notifications.localization import FILTERS, localization
from package.notifications.mails import html_template, refuse_html, text_template
from package.notifications.schemas import Schema, descriptions, read_data_schema, read_schema, validator_code

__all__ = ["SOURCE", "compile_catalogue", "examples", "types"]

#: The bundle of the Lambda package in the checkout.
SOURCE = Path(__file__).parents[2] / "function"

_TYPE = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*")
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


def types(source: Path = SOURCE) -> list[str]:
    """The types of event that have a folder in `notifications/`."""
    folders = (path for path in (source / "notifications").iterdir() if path.is_dir())
    return sorted(path.name for path in folders if not path.name.startswith(("_", ".")))


def examples(type_: str, source: Path = SOURCE) -> dict[str, Any]:
    """The example data of one type, by the name of its file."""
    paths = sorted((source / "notifications" / type_ / "examples").glob("*.json"))
    try:
        return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    except ValueError as error:
        raise PackageError(f"an example of {type_} is not JSON: {error}") from error


def compile_catalogue(out: Path, source: Path = SOURCE) -> Catalogue:
    """Compile everything in `source` into `out`, then write every example's mail, as the function does.

    Raises `PackageError` for what would otherwise show when an event comes: a keyword or a tag outside the
    lists, an undefined name, a mail that is too large, an example that its schema refuses.
    """
    out.mkdir(parents=True, exist_ok=True)
    schemas = {type_: _schema(type_, source) for type_ in types(source)}
    event = read_schema(source / "contracts" / "event.schema.json")
    templates: dict[str, str] = {}
    notifications = {type_: _notification(type_, schemas[type_], source, templates) for type_ in schemas}
    _refuse_mixed(notifications)
    compiled = {"event": descriptions(event), "notifications": notifications, "templates": templates}
    _write_json(out / "catalogue.json", compiled)
    if any(map(FILTERS.search, templates.values())):
        languages = {locale for each in notifications.values() for locale in each["locales"]}
        _write_json(out / "localization.json", localization(languages))
    for name, schema in {"event": event, **schemas}.items():
        module = f"validate_{name.replace('.', '_').replace('-', '_')}.py"
        (out / module).write_text(validator_code(schema), "utf-8", newline="\n")
    _write_json(out / "trials.json", {type_: examples(type_, source) for type_ in schemas})
    return _check_examples(out, source, schemas)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, sort_keys=True) + "\n", "utf-8", newline="\n")


def _schema(type_: str, source: Path) -> Schema:
    if not _TYPE.fullmatch(type_):
        raise PackageError(f"notifications/{type_}: a type is words in small letters, joined by dots")
    return read_data_schema(source / "notifications" / type_ / "schema.json")


def _notification(type_: str, schema: Schema, source: Path, templates: dict[str, str]) -> dict[str, Any]:
    folder, root = source / "notifications" / type_, source / "notifications"
    locales = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "examples")
    if "en" not in locales or not all(map(_LOCALE.fullmatch, locales)):
        raise PackageError(f"{folder} needs a folder 'en'; others are named like 'de' or 'pt-br'")
    for locale in locales:
        where = folder / locale
        templates[f"{type_}/{locale}/subject.txt"] = text_template(where / "subject.txt", root)
        templates[f"{type_}/{locale}/body.txt"] = text_template(where / "body.txt", root)
        templates[f"{type_}/{locale}/body.html"] = html_template(where / "body.mjml", root)
    settings = _settings(folder / "notification.json")
    return {"locales": locales, "descriptions": descriptions(schema), **settings}


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text("utf-8"))
        category, max_age = settings.pop("category"), settings.pop("max_age")
        subscription = settings.pop("subscription")
        seconds = None if max_age is None else timedelta(**max_age).total_seconds()
        sound = not settings and re.fullmatch(r"[a-z][a-z-]*", category) and (seconds is None or seconds > 0)
        sound = sound and isinstance(subscription, bool)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        sound = None
    if not sound:
        wanted = '{"category": "books", "subscription": true or false, "max_age": {"days": 30} or null}'
        raise PackageError(f"{path} must say {wanted}")
    return {"category": category, "subscription": subscription, "max_age_seconds": seconds}


def _refuse_mixed(notifications: dict[str, dict[str, Any]]) -> None:
    """A reader who unsubscribes from a category gets none of its mails, so none of them may be sent anyway."""
    for category in {each["category"] for each in notifications.values()}:
        kinds = {each["subscription"] for each in notifications.values() if each["category"] == category}
        if len(kinds) > 1:
            raise PackageError(f"the category {category!r} has subscriptions and others: give one of them another name")


def _check_examples(out: Path, source: Path, schemas: dict[str, Schema]) -> Catalogue:
    try:
        catalogue = Catalogue.load(out)
    except TemplateError as error:
        raise PackageError(f"a template is not sound: {str(error).splitlines()[0]}") from error
    for type_, schema in schemas.items():
        found = examples(type_, source)
        if len(found) < 3:
            raise PackageError(f"{type_} has {len(found)} examples and needs 3: typical, very long, right to left")
        for name, data in found.items():
            _check_example(catalogue, type_, schema, f"{type_}, example {name}", data)
    return catalogue


def _check_example(catalogue: Catalogue, type_: str, schema: Schema, what: str, data: Any) -> None:
    notification = catalogue.get(type_)
    try:
        jsonschema.Draft202012Validator(schema).validate(data)
        notification.validate(data)
        for locale in sorted(notification.locales):
            content = notification.render(data, locale)
            refuse_html(content.html, f"{what}, {locale}")
    except (NotificationError, jsonschema.ValidationError) as error:
        raise PackageError(f"{what}: {str(error).splitlines()[0]}") from error
