"""`make infra-docs`: writes the tables of inputs and outputs in the README of each Terraform module from its files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

__all__ = ["MODULES", "with_tables"]

_INFRA = Path(__file__).parents[2] / "infra"
#: Every folder that Terraform can use as a module: the root, the modules, the examples.
MODULES = (
    _INFRA,
    *sorted(path.parent for path in _INFRA.glob("[em]*/*/versions.tf")),
    *sorted(path.parent for path in _INFRA.parent.glob("examples/*/versions.tf")),
)


def main() -> int:
    """Write them all."""
    for folder in MODULES:
        readme = folder / "README.md"
        readme.write_text(with_tables(readme.read_text("utf-8"), folder), "utf-8")
    return 0


def with_tables(text: str, folder: Path) -> str:
    """A README with its tables as the files of `folder` have it. Raises SystemExit where it has no place for them."""
    for name, rows in {"inputs": _inputs(folder), "outputs": _outputs(folder)}.items():
        marked = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marked.search(text):
            raise SystemExit(f"{folder.name}/README.md has no <!-- {name}: … --> and <!-- /{name} -->")
        text = _put_between(marked, "\n".join(rows), text)
    return text


def _put_between(marks: re.Pattern[str], content: str, text: str) -> str:
    return marks.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def _inputs(folder: Path) -> Iterator[str]:
    yield "| input | description | type | default |"
    yield "|---|---|---|---|"
    for name, block in _blocks(folder / "variables.tf", "variable"):
        default = f"`{_literal(block['default'])}`" if "default" in block else "required"
        yield f"| `{name}` | {_cell(block['description'])} | `{_expression(block['type'])}` | {default} |"


def _outputs(folder: Path) -> Iterator[str]:
    yield "| output | description |"
    yield "|---|---|"
    for name, block in _blocks(folder / "outputs.tf", "output"):
        yield f"| `{name}` | {_cell(block['description'])} |"


def _blocks(file: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The blocks of one kind by their names, in the order of the file."""
    with file.open(encoding="utf-8") as opened:
        for found in hcl2.load(opened).get(kind, []):
            for name, block in found.items():
                yield json.loads(name), block


def _cell(text: str) -> str:
    return str(json.loads(text)).replace("|", "\\|").replace("\n", " ")


def _expression(text: str) -> str:
    """What an attribute holds, as it is written in the file; python-hcl2 wraps it in `${…}`."""
    return re.sub(r"^\$\{(.*)\}$", r"\1", text, flags=re.DOTALL)


def _literal(value: Any) -> str:
    """A default as HCL: python-hcl2 keeps the quotes of a string."""
    match value:
        case str():
            return _expression(value)
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case dict():
            pairs = ", ".join(f"{key} = {_literal(item)}" for key, item in value.items() if key != "__is_block__")
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return json.dumps(value)


if __name__ == "__main__":
    sys.exit(main())
