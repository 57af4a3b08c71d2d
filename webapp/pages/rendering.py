"""Renders pages from templates: always escaped, an undefined name is an error, in the reader's language and time zone.

Sentences are written in English in the templates. Their translations are in translations/<language>.json: a string, or
one for each plural form. https://jinja.palletsprojects.com/en/stable/extensions/#i18n-extension
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from function.reason_codes import MEANING
from webapp.clock import format_rfc3339
from webapp.pages import state_labels
from webapp.pages.sessions import choose_user_locale
from webapp.timeline.timeline import FINAL, EventTimeline, TimelineEntry, list_steps
from webapp.user_locale import UserLocale

__all__ = ["make_environment", "render_page", "translate"]

_TEMPLATES = Path(__file__).with_name("templates")
_TRANSLATIONS = Path(__file__).with_name("translations")
_NUMBER = re.compile(r"\d+")
_DEFAULT = UserLocale()
_USER_LOCALE: ContextVar[UserLocale] = ContextVar("user_locale", default=_DEFAULT)
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
}


def render_page(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Render a template; it also gets the signed-in reader, and the token that each form must contain."""
    session = request.scope.get("session")
    user_locale = choose_user_locale(request)
    if template.startswith("operations"):  # operators' pages are in English
        user_locale = UserLocale("en", user_locale.zone)
    shown = {
        "reader": session.reader if session else None,
        "csrf": session.csrf if session else "",
        "request_id": request.scope.get("request_id", ""),
        "user_locale": user_locale,
        **context,
    }
    _USER_LOCALE.set(user_locale)
    html = _ENVIRONMENT.get_template(template).render(shown)
    # a form may contain a lone surrogate
    return HTMLResponse(html.encode(errors="replace"), status, {"Content-Language": user_locale.language})


def translate(message: str, language: str, number: int = 1) -> str:
    """Translate a sentence of the pages; returns it unchanged if there is no translation.

    Numbers in the sentence are # in the translations, and are inserted in the same order.
    """
    translations = _load_translations(language)
    text = translations.get(message)
    if text is None:
        numbers = iter(_NUMBER.findall(message))
        text = translations.get(_NUMBER.sub("#", message), message)
        text = re.sub("#", lambda _: next(numbers, "#"), text) if isinstance(text, str) else text
    return text if isinstance(text, str) else text[number != 1]


@cache
def _load_translations(language: str) -> Mapping[str, str | Sequence[str]]:
    path = _TRANSLATIONS / f"{language}.json"
    found: Mapping[str, str | Sequence[str]] = json.loads(path.read_text("utf-8")) if language != "en" else {}
    return found


def _gettext(message: str) -> str:
    return translate(message, _USER_LOCALE.get().language)


def _ngettext(one: str, many: str, number: int) -> str:
    language = _USER_LOCALE.get().language
    return translate(one, language, number) if language != "en" else (one if number == 1 else many)


def _explain_mail(mail: EventTimeline) -> str:
    return _explain(mail.reason, mail.reason_code)


def _describe_row(row: TimelineEntry) -> str:
    return _explain(row.detail, row.reason_code)


def _explain(reason: str | None, code: str | None) -> str:
    """Return the notifier's own sentence in English; in another language, the translated meaning of its code."""
    meaning = MEANING.get(code) if code else None  # type: ignore[call-overload]  # a code is a string
    return _gettext(reason or "") if meaning is None or _USER_LOCALE.get().language == "en" else _gettext(meaning)


def _format_elapsed(milliseconds: int) -> str:
    if milliseconds < 1000:
        return f"{max(milliseconds, 0)} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        shown = f"{seconds:.1f} s"
        return shown.replace(".", ",") if _USER_LOCALE.get().language == "de" else shown
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def _format_moment(milliseconds: int) -> str:
    """Format day, time and zone, as in 21 Nov 2026, 09:00 CET."""
    at = _USER_LOCALE.get().to_local(milliseconds)
    return f"{_format_day(milliseconds)}, {at:%H:%M} {at.tzname()}"


def _format_day(milliseconds: int) -> str:
    user_locale = _USER_LOCALE.get()
    at = user_locale.to_local(milliseconds)
    month = _MONTHS[user_locale.language][at.month - 1]
    return f"{at.day}{'.' if user_locale.language == 'de' else ''} {month} {at.year}"


def _mark(text: str) -> Markup:
    """Mark up text between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped first


def make_environment(*folders: Path) -> Environment:
    """Create the template environment for these folders and the web app's own; the laptop's console also uses it."""
    made = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    made.filters.update(
        elapsed=_format_elapsed,
        moment=_format_moment,
        day=_format_day,
        rfc3339=format_rfc3339,
        translated=_gettext,
        marked=_mark,
        why=_explain_mail,
        detail=_describe_row,
    )
    made.globals.update(
        label_for=state_labels.label_for, step_label=state_labels.find_step_label, steps=list_steps, final_states=FINAL
    )
    return made


_ENVIRONMENT = make_environment()
