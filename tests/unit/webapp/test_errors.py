"""Errors of the domain: only the API and the pages know HTTP, and every error has an answer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from webapp import errors
from webapp.api.problems import KINDS
from webapp.http.error_handlers import translate_error

ROOT = Path(__file__).parents[3]
ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, errors.RequestError) and error is not errors.RequestError
]


def list_imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_only_the_api_and_the_pages_know_http_problems() -> None:
    files = [path for folder in ("webapp", "operations") for path in (ROOT / folder).rglob("*.py")]
    outside = {
        str(path.relative_to(ROOT))
        for path in files
        if "webapp.api.problems" in list_imports(path)
        and not any(path.is_relative_to(ROOT / "webapp" / folder) for folder in ("api", "http", "pages"))
    }
    assert outside == set()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_its_problem_with_the_time_to_wait(error: type[errors.RequestError]) -> None:
    problem = translate_error(error("some sentence.", retry_after=7))
    assert problem.slug in KINDS
    assert problem.headers["Retry-After"] == "7"


def test_who_is_not_known_is_told_how_to_say_it() -> None:
    problem = translate_error(errors.NotAuthenticated("the token has expired"))
    assert (problem.kind.status, problem.detail) == (401, "The token has expired.")
    assert 'error_description="the token has expired"' in problem.headers["WWW-Authenticate"]
