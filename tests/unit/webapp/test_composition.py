"""Whoever does something in the web app is given what they need for it, never all of its services."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

WEBAPP = Path(__file__).parents[3] / "webapp"
#: What puts the app together.
COMPOSING = {("app.py", "create_app")}


def find_takers(tree: ast.Module) -> Iterator[str]:
    """What takes all services: by `ServicesOf` only a route and a dependency may, which pick from them."""
    depended = {
        call.args[0].id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Depends" and isinstance(call.args[0], ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                given = [argument.annotation for argument in (*node.args.args, *node.args.kwonlyargs)]
                picks = bool(node.decorator_list) or node.name in depended
            case ast.ClassDef():
                given, picks = [each.annotation for each in node.body if isinstance(each, ast.AnnAssign)], False
            case _:
                continue
        named = {name.id for each in given if each for name in ast.walk(each) if isinstance(name, ast.Name)}
        if "Services" in named or ("ServicesOf" in named and not picks):
            yield node.name


@pytest.mark.parametrize(
    "code",
    [
        "def f(request: Request, services: Services) -> None: ...",
        "def f(*, services: Services | None = None) -> None: ...",
        "async def f(services: ServicesOf) -> None: ...",
        "class f:\n    services: Services",
    ],
)
def test_what_takes_all_services_is_found(code: str) -> None:
    assert list(find_takers(ast.parse(code))) == ["f"]


def test_a_route_and_a_dependency_pick_from_them() -> None:
    route = "@router.get('/')\ndef route(services: ServicesOf): ..."
    code = f"{route}\ndef book(services: ServicesOf): ...\nBookOf = Depends(book)"
    assert list(find_takers(ast.parse(code))) == []


def test_nothing_but_the_composition_takes_all_services() -> None:
    files = {path.relative_to(WEBAPP).as_posix(): ast.parse(path.read_text("utf-8")) for path in WEBAPP.rglob("*.py")}
    assert {(name, taker) for name, tree in files.items() for taker in find_takers(tree)} == COMPOSING
