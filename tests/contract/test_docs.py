"""What the documents name is there: files, folders, make targets, commands, packages, states, diagrams, tables."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import pytest
import typer
from typer.core import TyperGroup

from function.ledger.states import MEANING, PRECEDENCE
from herald.cli import app

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
DIAGRAM = ROOT / "docs" / "diagrams" / "event-flow.dot"

#: What whoever deploys Herald makes in the checkout.
_MADE_LOCALLY = {"infra/terraform.tfvars", "infra/terraform.tfstate"}
#: What folders of content, of the map's own tests and of an example are made of: the map names the folder above.
_CONTENT = re.compile(r"tests/\w+/|(?:function|examples/shop)/notifications/|examples/(?:mails|shop)/")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?:\]\(|src=\"|srcset=\")(?!https?:|#|mailto:)([^)#\s\"]+)")
_EXTENSION = re.compile(r"\.(?:py|md|tf|json|ya?ml|toml|dot|svg|txt|in|hcl|html|css|js)$")
_MAKE = re.compile(r"\bmake (?:-s )?([a-z][a-z-]*)")
_HERALD = re.compile(r"(?:^|[$(] ?)herald ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)


@cache
def list_tracked() -> frozenset[str]:
    """Every file of the checkout that is not ignored, and every folder that holds one."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = [Path(line) for line in listed.stdout.splitlines() if (ROOT / line).exists()]
    return frozenset(path.as_posix() for file in files for path in (file, *file.parents))


@cache
def pages() -> tuple[Path, ...]:
    """Every Markdown file."""
    return tuple(sorted(ROOT / path for path in list_tracked() if path.endswith(".md")))


@cache
def commands() -> dict[str, set[str]]:
    """The commands of `herald`, each with its own; the empty name is of a group that does something by itself."""
    group = cast("TyperGroup", typer.main.get_command(app))
    return {
        name: {*getattr(command, "commands", {}), *([""] if getattr(command, "invoke_without_command", False) else [])}
        for name, command in group.commands.items()
    }


def code_of(page: Path) -> list[str]:
    """What a page writes as code: each span, and each line of a block."""
    text = page.read_text("utf-8")
    lines = [line.partition(" # ")[0] for block in _FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return lines + _CODE.findall(_FENCE.sub("", text))


def paths_of(page: Path) -> Iterator[str]:
    """The spans that name a file or folder of this repository."""
    tops = {path.partition("/")[0] for path in list_tracked() if "/" in path}
    for span in _CODE.findall(_FENCE.sub("", page.read_text("utf-8"))):
        path = span.partition("::")[0].rstrip("/")
        if path in _MADE_LOCALLY or re.search(r"[\s=@:{]", path) or path.startswith(("build/", "/", "--", "~", ".")):
            continue
        if ("/" in path and path.partition("/")[0] in tops) or _EXTENSION.search(path):
            yield path


def exists(path: str) -> bool:
    """Whether something tracked has this path, or a path that ends so; `<type>`, `*` and `…` stand for any name."""
    if path in list_tracked() or any(one.endswith(f"/{path}") for one in list_tracked()):
        return True
    pattern = re.sub(r"<[^>]*>|\*|…", "\0", path)
    found = re.compile(r"(?:.*/)?" + re.escape(pattern).replace("\0", r"[^/]*"))
    return any(found.fullmatch(one) for one in list_tracked())


def name_page(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=name_page)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    assert [path for path in paths_of(page) if not exists(path)] == []


@pytest.mark.parametrize("page", pages(), ids=name_page)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(_FENCE.sub("", page.read_text("utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", pages(), ids=name_page)
def test_every_make_target_that_a_page_names_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for code in code_of(page) for target in _MAKE.findall(code)}
    assert named - targets == set()


@pytest.mark.parametrize("page", pages(), ids=name_page)
def test_every_command_that_a_page_names_is_there(page: Path) -> None:
    for code in code_of(page):
        for first, second in _HERALD.findall(code):
            assert first in commands(), f"there is no `herald {first}`"
            assert second in commands()[first] or not commands()[first], f"there is no `herald {first} {second}`"


def test_the_map_names_every_folder_of_source_files() -> None:
    named = set(re.findall(r"`([\w./-]+)/`", ARCHITECTURE))
    folders = {Path(path).parent.as_posix() for path in list_tracked() if (ROOT / path).is_file()} - {"."}
    assert {folder for folder in folders if not _CONTENT.match(folder)} - named == set()


def test_the_map_names_no_folder_that_is_gone() -> None:
    assert [
        name for name in re.findall(r"^\| `([\w./-]+)/`", ARCHITECTURE, re.MULTILINE) if not (ROOT / name).is_dir()
    ] == []


def test_the_glossary_is_sorted_and_explains_each_word_once() -> None:
    table = ARCHITECTURE.partition("## Glossary")[2].partition("strongest first")[0]
    words = [word.replace("`", "").lower() for word in re.findall(r"^\| (.+?) \| ", table, re.MULTILINE)][1:]
    assert words == sorted(set(words))


def test_the_glossary_lists_the_states_with_their_meaning_strongest_first() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", ARCHITECTURE.partition("strongest first")[2], re.MULTILINE)
    assert rows == [(state.value, MEANING[state]) for state in PRECEDENCE]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_diagram_is_drawn_from_its_text(theme: str) -> None:
    drawn = DIAGRAM.with_name(f"{DIAGRAM.stem}-{theme}.svg").read_text("utf-8")
    digest = hashlib.sha256(DIAGRAM.read_bytes()).hexdigest()
    assert f'<g id="{digest}"' in drawn, "make diagram draws it anew"
