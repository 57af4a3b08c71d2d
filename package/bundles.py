"""The two packages: the folder of each, what else it imports, and which parts of its dependencies it needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from package.botocore_data import Operations

__all__ = ["BUNDLES", "SNAPSHOTS", "Bundle", "is_ignored", "keeps"]

_ROOT = Path(__file__).parents[1]
#: The folder of approved mails, inside the folder of the notifications; no event's type has this name.
SNAPSHOTS = "_snapshots"
#: Packages whose imports are followed; everything else is a dependency, or the bundle itself.
_FOLLOWED = ("function", "operations")
#: Files that caches, editors and file browsers leave in a checkout.
_LEFT_BEHIND = re.compile(r"^\.|~$|\.(?:pyc|swp|orig|rej|bak)$")

# botocore loads these for every service.
_SHARED_DATA = frozenset({"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"})
_TESTS = frozenset({"tests", "test", "testing", "bin", "__pycache__"})
_LEFT_OUT = re.compile(r"\.(?:pyi|pyx|pxd|c|h|typed|pyc)$|/examples-1\.json$")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One package. `services` are the AWS services that it calls; `operations`, if botocore's data is to be cut to
    them, are all that it calls of each; `reads_metadata` are the dependencies that look themselves up in the installed
    metadata when they are imported."""

    name: str
    services: frozenset[str]
    operations: Operations = field(default_factory=dict)
    reads_metadata: frozenset[str] = frozenset()
    sources_left_out: frozenset[str] = frozenset()

    def for_catalogue(self, catalogue: Mapping[str, Any]) -> Bundle:
        """The same bundle with what only some notifications need: S3, if one of them has attachments."""
        wanted = any("attachments" in one for one in catalogue["notifications"].values())
        if not wanted or not self.operations:
            return self
        operations = {**self.operations, "s3": frozenset({"GetObject"})}
        return replace(self, services=frozenset(operations), operations=operations)

    @property
    def folder(self) -> Path:
        """Its folder in the checkout."""
        return _ROOT / self.name

    @property
    def lock(self) -> Path:
        """The file that locks its dependencies, with their hashes."""
        return self.folder / "requirements.txt"

    def sources(self) -> Iterator[Path]:
        """The bundle's own files that go into the package, sorted; then those of other bundles that they import."""
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder)
            skipped = is_ignored(inside) or inside.parts[0] in self.sources_left_out
            if path.is_file() and not skipped and not inside.parts[0].startswith("requirements."):
                yield path
        yield from _find_imported_modules(self.folder)


_FUNCTION = {
    "codedeploy": frozenset(
        {
            "BatchGetDeploymentTargets",
            "GetApplicationRevision",
            "GetDeployment",
            "ListDeploymentTargets",
            "PutLifecycleEventHookExecutionStatus",
        }
    ),
    "dynamodb": frozenset({"GetItem", "Query", "TransactWriteItems", "UpdateItem"}),
    "lambda": frozenset({"GetAlias", "Invoke", "ListEventSourceMappings", "UpdateAlias", "UpdateEventSourceMapping"}),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "sesv2": frozenset({"SendEmail"}),
    "sns": frozenset({"PublishBatch"}),
    "sqs": frozenset({"ChangeMessageVisibility", "GetQueueAttributes", "SendMessage", "SendMessageBatch"}),
    "ssm": frozenset({"GetParameter"}),
}

BUNDLES = (
    Bundle(
        "function",
        services=frozenset(_FUNCTION),
        operations=_FUNCTION,
        sources_left_out=frozenset({"notifications", "contracts"}),
    ),
    Bundle(
        "webapp",
        services=frozenset({"cloudwatch", "codedeploy", "dynamodb", "lambda", "logs", "sesv2", "sns", "sqs", "ssm"}),
        reads_metadata=frozenset({"python_ulid", "opentelemetry_api"}),
    ),
)


def keeps(bundle: Bundle, name: PurePosixPath) -> bool:
    """Whether this file of an installed dependency goes into the bundle's package."""
    top = name.parts[0]
    if top.endswith(".dist-info"):
        wanted = top.partition("-")[0] in bundle.reads_metadata
        return wanted and name.name in {"METADATA", "entry_points.txt"}
    if _TESTS.intersection(name.parts) or _LEFT_OUT.search(str(name)):
        return False
    if name.parts[1:2] == ("data",) and top in {"botocore", "boto3"}:
        return name.parts[2] in bundle.services or name.name in _SHARED_DATA
    return name.parts[:2] != ("boto3", "examples")


def is_ignored(inside: PurePath) -> bool:
    """Whether this file, by its path inside the checkout, does not belong to the source."""
    return not {"__pycache__", SNAPSHOTS}.isdisjoint(inside.parts) or any(map(_LEFT_BEHIND.search, inside.parts))


def _find_imported_modules(folder: Path) -> list[Path]:
    """The files outside `folder` that its modules need, sorted."""
    found: set[Path] = set()
    unread = list(folder.rglob("*.py"))
    while unread:
        new = {path for path in _find_imports(unread.pop()) if path not in found and not path.is_relative_to(folder)}
        found |= new
        unread.extend(new)
    return sorted(found)


def _find_imports(module: Path) -> Iterator[Path]:
    for statement in _walk_statements(ast.parse(module.read_bytes()).body):
        match statement:
            case ast.Import(names):
                yield from _list_files(alias.name for alias in names)
            case ast.ImportFrom(str(package), names, 0):
                yield from _list_files([package, *(f"{package}.{alias.name}" for alias in names)])


def _walk_statements(block: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every statement of a block and of its inner blocks. Expressions are skipped: none is an import."""
    for statement in block:
        yield statement
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            inner = getattr(statement, name, ())
            if isinstance(inner, list):
                yield from _walk_statements(inner)


def _list_files(names: Iterable[str]) -> Iterator[Path]:
    """The files of dotted names, and of the packages that they are in; a name that is not a module has none."""
    for name in names:
        parts = name.split(".")
        if parts[0] in _FOLLOWED:
            inits = (_ROOT.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1))
            yield from (path for path in (*inits, _ROOT.joinpath(*parts).with_suffix(".py")) if path.is_file())
