"""Cuts botocore's data to the operations that a bundle calls: making a client mostly consists of reading the data.

Every error of a service stays, because any operation may return any of them; so does every region. Documentation goes.
A test checks that requests are the same, byte for byte, as with all data (tests/unit/package/test_botocore_data.py).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from package.errors import PackageError

__all__ = ["Operations", "cut_data", "cut_endpoints", "cut_model"]

#: The operations that a bundle calls, by service.
Operations = Mapping[str, frozenset[str]]

_MODEL = "service-2.json"
_RULES = "endpoint-rule-set-1.json"


def cut_data(folder: Path, operations: Operations) -> None:
    """Cut `botocore/data` in `folder`; paginators, waiters and older API versions go, because nothing reads them."""
    models: dict[str, dict[str, Any]] = {}
    for service, names in operations.items():
        newest, *older = sorted((path for path in (folder / service).iterdir() if path.is_dir()), reverse=True)
        files = {path: _read(path) for path in newest.iterdir() if path.name.removesuffix(".gz") in {_MODEL, _RULES}}
        for path in [*newest.iterdir(), *(path for old in older for path in old.iterdir())]:
            path.unlink()
        for old in older:
            old.rmdir()
        for path, content in files.items():
            name = path.name.removesuffix(".gz")
            cut = cut_model(content, names) if name == _MODEL else content
            if name == _MODEL:
                models[service] = cut
            _write(newest / name, cut)
    endpoints = folder / "endpoints.json"
    prefixes = frozenset(model["metadata"]["endpointPrefix"] for model in models.values())
    _write(endpoints, cut_endpoints(_read(endpoints), prefixes))


def cut_model(model: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """A service model with these operations, the shapes that they lead to, and every error of the service.

    Raises `PackageError` if the service has no such operation.
    """
    if unknown := names - model["operations"].keys():
        service = model["metadata"]["serviceId"]
        raise PackageError(f"package/bundles.py: {service} has no operation {', '.join(sorted(unknown))}")
    operations = {name: model["operations"][name] for name in sorted(names)}
    shapes = model["shapes"]
    wanted = _collect_shapes(
        shapes, [*_find_shapes(operations), *(name for name in shapes if shapes[name].get("exception"))]
    )
    kept = {name: shape for name, shape in shapes.items() if name in wanted}
    cut: dict[str, Any] = _strip_documentation({**model, "operations": operations, "shapes": kept})
    for parameter in cut.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # botocore reads it for these parameters, which S3 has
    return cut


def cut_endpoints(endpoints: dict[str, Any], prefixes: frozenset[str]) -> dict[str, Any]:
    """Keep every partition and region, but only the hosts of these services."""
    partitions = [
        {**partition, "services": {name: at for name, at in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _collect_shapes(shapes: Mapping[str, Any], first: list[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_find_shapes(shapes[name]))
    return found


def _find_shapes(part: Any) -> Iterator[str]:
    """The shapes that a part of a model refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _find_shapes(inner)


def _strip_documentation(part: Any) -> Any:
    if isinstance(part, dict):
        kept = {key: value for key, value in part.items() if key != "documentation" or not isinstance(value, str)}
        return {key: _strip_documentation(value) for key, value in kept.items()}
    return [_strip_documentation(inner) for inner in part] if isinstance(part, list) else part


def _read(path: Path) -> dict[str, Any]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found: dict[str, Any] = json.loads(content)
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False), "utf-8", newline="\n")
