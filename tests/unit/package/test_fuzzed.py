"""Whatever stands in a brand, a schema or a notification's settings, the build takes it or says what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from package.errors import PackageError
from package.notifications.brand import read_brand
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue
from package.notifications.schemas import read_data_schema, write_validator
from package.notifications.settings import read_settings

_SHOP = EXAMPLES.parent / "shop" / "notifications"


def compile_schema(path: Path) -> None:
    schema = read_data_schema(path)
    jsonschema.Draft202012Validator.check_schema(schema)
    compile(write_validator(schema), str(path), "exec")


_LOGO = {"logo": {"url": "https://a.example/l.png", "alt": "A", "width": 9, "height": 9}, "image_hosts": ["a.example"]}
_READERS: dict[str, tuple[Any, Callable[[Path], object]]] = {
    "brand.json": (
        json.loads((NOTIFICATIONS / "brand.json").read_text("utf-8")) | _LOGO | {"legal": {"en": "A"}},
        read_brand,
    ),
    "schema.json": (json.loads((EXAMPLES / "receipt" / "schema.json").read_text("utf-8")), compile_schema),
    "notification.json": (
        {"category": "a", "subscription": True, "max_age": {"days": 30}, "reply_to": "a@b.co"},
        read_settings,
    ),
}
_WORDS = st.sampled_from(
    [
        "https://[",
        "https://a.example@b.example/",
        "#FFFFFF",
        "\ud800",
        "",
        "email",
        "array",
        "object",
        "(",
        "a" * 5000,
        "\u0661",
    ]
)
_WILD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -1, 1e308])
    | _WORDS
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from _places(value, (*path, key))


@st.composite
def _draw_spoilt(draw: st.DrawFn, document: Any) -> Any:
    path = draw(st.sampled_from([*_places(document)]))
    if not path:
        return draw(_WILD)
    home = document
    for key in path[:-1]:
        home = home[key]
    match draw(st.sampled_from(["change", "change", "leave out", "add"])):
        case "leave out":
            del home[path[-1]]
        case "add" if isinstance(home, dict):
            home[draw(st.sampled_from(["enum", "minItems", "format", "pattern", "properties", "items", "x"]))] = draw(
                _WILD
            )
        case _:
            home[path[-1]] = draw(_WILD)
    return document


@pytest.mark.parametrize("name", sorted(_READERS))
def test_what_is_spoilt_is_taken_or_refused_with_its_file(name: str, tmp_path: Path) -> None:
    sound, read = _READERS[name]
    path = tmp_path / name

    @settings(suppress_health_check=list(HealthCheck), deadline=None)
    @given(data=st.data())
    def hold(data: st.DataObject) -> None:
        document = json.loads(json.dumps(sound))
        for _ in range(data.draw(st.integers(1, 3))):
            document = data.draw(_draw_spoilt(document))
        path.write_text(json.dumps(document))
        try:
            read(path)
        except PackageError as error:
            assert all(line.startswith(str(path)) for line in str(error).splitlines()), str(error)

    hold()


@pytest.mark.parametrize(
    "name", ["brand.json", *(f"invoice.ready/{name}.json" for name in ("notification", "schema", "examples/typical"))]
)
def test_a_folder_with_a_spoilt_file_is_compiled_or_refused_with_a_file_in_each_line(name: str, tmp_path: Path) -> None:
    """Of a notification with files and an invitation: what reads one file may trip over another."""
    folder = tmp_path / "notifications"
    shutil.copytree(_SHOP / "invoice.ready", folder / "invoice.ready")
    shutil.copyfile(_SHOP / "brand.json", folder / "brand.json")
    path = folder / name
    sound = json.loads(path.read_text("utf-8"))

    @settings(suppress_health_check=list(HealthCheck), deadline=None)
    @given(data=st.data())
    def hold(data: st.DataObject) -> None:
        path.write_text(json.dumps(data.draw(_draw_spoilt(json.loads(json.dumps(sound))))))
        try:
            compile_catalogue(tmp_path / "compiled", folder)
        except PackageError as error:
            assert all(line.startswith(str(folder)) for line in str(error).splitlines()), str(error)

    hold()


@pytest.mark.parametrize(
    ("name", "member", "told"),
    [
        ("brand.json", {"\x1e": None}, r"\x1e"),
        (
            "schema.json",
            {"properties": {"a": {"type": "string", "description": "a", "format": []}}},
            "the format is one of",
        ),
        ("schema.json", {"properties": {"\x1e": {}}}, "a property is a plain name"),
        (
            "schema.json",
            {"properties": {"a": {"type": "string", "description": "a", "enum": None}}},
            "const and enum name values of type string",
        ),
        ("notification.json", {"max_age": {"days": 10**9}}, "must say"),
    ],
)
def test_what_once_ended_in_a_traceback_or_broke_the_line(
    name: str, member: dict[str, Any], told: str, tmp_path: Path
) -> None:
    sound, read = _READERS[name]
    path = tmp_path / name
    path.write_text(json.dumps(sound | member))
    with pytest.raises(PackageError) as refused:
        read(path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    assert any(told in line for line in lines)


@pytest.mark.parametrize("name", sorted(_READERS))
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b"1" * 5000,
        b"null",
        b"[]",
        b"\xef\xbb\xbf{}",
        b"NaN",
    ],
    ids=["empty", "utf-16", "cut", "deep", "deeper", "long", "null", "list", "mark", "nan"],
)
def test_what_is_no_document_is_refused_with_its_file(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PackageError) as refused:
        _READERS[name][1](path)
    assert str(refused.value).startswith(str(path))
