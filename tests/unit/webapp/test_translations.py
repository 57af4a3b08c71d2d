"""Every sentence that a reader's page can show has its words in each language, and none is left in the list."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from function.reason_codes import MEANING
from webapp import errors
from webapp.api.problems import KINDS
from webapp.http.error_handlers import DETAILS, translate_error
from webapp.pages import rendering, state_labels
from webapp.preferences.preferences import CATEGORIES
from webapp.user_locale import LANGUAGES

WEBAPP = Path(rendering.__file__).parents[1]
TEMPLATES = sorted(
    path.name for path in (WEBAPP / "pages" / "templates").glob("*.html") if "operations" not in path.name
)
ENVIRONMENT = rendering.make_environment()
#: Words that are the same in every language.
SAME = {"Herald", "ISBN", "OpenAPI"}
#: What is put together elsewhere: by Pydantic, by the outbox, by the budget of mails, by the pages' own code.
ELSEWHERE = {
    "Each book that is added or deleted sends a mail, and one account may send # in a day.",
    "Each book that is added or deleted sends a mail, and one account may send # in ten minutes.",
    "# fields are not right.",
    "Please fill this in.",
    "String should have at most # characters.",
    "The event was erased before it was published.",
    "again, because nothing had come of it",
}
#: Sentences for programs: no page of a reader leads to them.
FOR_PROGRAMS = {
    "##.",
    'Idempotency-Key must be one string of 1 to 255 characters, such as "8e03978e-40d5".',
    "Say in If-Match which state of the book you change; its ETag names it.",
    "Send #=#, as RFC 8058 has it.",
    "Send the body as #.",
    "The notifier writes no mail for this event: #.",
    "The request with this Idempotency-Key is under way.",
    "The table of books cannot be read.",
    "The token is not valid.",
    "The token was not issued for this app.",
    "There is no bearer token.",
    "This Idempotency-Key was sent before, with another body.",
    "This is not an id token.",
    "You are signed out.",
}
DOMAIN_ERRORS = set(errors.__all__) - {"RateLimitStatus", "RequestError", "Misconfigured"}


def in_templates() -> Iterator[str]:
    for name in TEMPLATES:
        source = (WEBAPP / "pages" / "templates" / name).read_text("utf-8")
        for _, _, message in ENVIRONMENT.extract_translations(source):  # type: ignore[attr-defined]  # the extension's
            yield message if isinstance(message, str) else message[0]


def in_code() -> Iterator[str]:
    """Sentences of errors that can come to a page, with # for a number."""
    for path in WEBAPP.rglob("*.py"):
        if path.parent.name in {"admin", "functions"} or path.name == "operations.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name("Problem"), args=[_, sentence, *_]):
                    yield from texts(sentence)
                case ast.Call(func=ast.Name("PydanticCustomError"), args=[_, sentence, *_]):
                    yield from (
                        f"{each[0].upper()}{each[1:].rstrip('.?')}{each[-1] if each[-1] in '?' else '.'}"
                        for each in texts(sentence)
                    )
                case ast.Call(func=ast.Name(name), args=[sentence, *_]) if name in DOMAIN_ERRORS:
                    kind = getattr(errors, name)
                    if isinstance(kind, type) and name not in {"SignInTooOld", "AccountDeleted"}:
                        yield from (translate_error(kind(each)).detail for each in texts(sentence))
                case ast.Assign(targets=[ast.Subscript(value=ast.Name("wrong"))], value=sentence):
                    yield from texts(sentence)


def texts(sentence: ast.expr) -> Iterator[str]:
    match sentence:
        case ast.Constant(str(text)):
            yield text
        case ast.JoinedStr(values):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "#" for each in values)


def in_data() -> Iterator[str]:
    kept = vars(state_labels).values()
    labels = [each for value in kept for each in (value.values() if isinstance(value, dict) else [value])]
    for label in (each for each in labels if isinstance(each, state_labels.StateLabel)):
        yield from filter(None, (label.label, label.meaning, label.advice, label.step))
    yield from state_labels.STEPS.values()
    yield from (text for kind in KINDS.values() for text in (kind.title, kind.help))
    yield from (text for each in CATEGORIES.values() for text in (each.title, each.about))
    yield from MEANING.values()
    yield from DETAILS.values()
    yield from (translate_error(error).detail for error in (errors.SignInTooOld(), errors.AccountDeleted()))


SENTENCES = {*in_templates(), *in_code(), *in_data(), *ELSEWHERE} - FOR_PROGRAMS
OTHERS = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_has_its_words_and_no_other_is_listed(language: str) -> None:
    listed = json.loads((WEBAPP / "pages" / "translations" / f"{language}.json").read_text("utf-8"))
    assert sorted(SENTENCES - set(listed)) == []
    assert sorted(set(listed) - SENTENCES) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_holds_what_its_sentence_holds(language: str) -> None:
    """The same places for values, the same elements and links, the same numbers."""
    listed = json.loads((WEBAPP / "pages" / "translations" / f"{language}.json").read_text("utf-8"))
    holds = re.compile(r"%\((?!count\))[a-z]+\)s|<[^>]+>|#")  # a number may be a word
    for message, told in listed.items():
        for each in [told] if isinstance(told, str) else told:
            assert sorted(holds.findall(each)) == sorted(holds.findall(message)), (message, each)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_words_stand_in_a_template_by_themselves(name: str) -> None:
    source = (WEBAPP / "pages" / "templates" / name).read_text("utf-8")
    data = " ".join(each.data for each in ENVIRONMENT.parse(source).find_all(nodes.TemplateData))
    shown = re.sub(r"<!doctype html>|<[^>]*>?|^[^<>]*>", " ", data)
    spoken = re.findall(r'(?:alt|aria-label|placeholder|title)="([^"]*)"', data)
    assert set(re.findall(r"[A-Za-zÀ-ž]{2,}", " ".join([shown, *spoken]))) <= SAME
