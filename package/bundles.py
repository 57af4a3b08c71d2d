"""The two packages: which folder of the checkout each is, and what of its dependencies it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from package.botocore_data import Operations
from package.ignored import is_ignored
from package.import_closure import find_imported_modules

__all__ = ["BUNDLES", "Bundle", "keeps"]

_ROOT = Path(__file__).parents[1]

# botocore loads these for every service.
_SHARED_DATA = frozenset({"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"})
_TESTS = frozenset({"tests", "test", "testing", "bin", "__pycache__"})
_LEFT_OUT = re.compile(r"\.(?:pyi|pyx|pxd|c|h|typed|pyc)$|/examples-1\.json$")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One package. `services` are those of AWS that it calls, and `operations` all that it calls of them, where
    botocore's data is cut to that; `reads_metadata` the dependencies that look
    themselves up in the installed metadata when they are imported."""

    name: str
    services: frozenset[str]
    operations: Operations = field(default_factory=dict)
    reads_metadata: frozenset[str] = frozenset()
    sources_left_out: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """Where it lies in the checkout."""
        return _ROOT / self.name

    @property
    def lock(self) -> Path:
        """Its dependencies, with their hashes."""
        return self.folder / "requirements.txt"

    def sources(self) -> Iterator[Path]:
        """The bundle's own files that go into the package, sorted; then those of other bundles that they import."""
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder)
            skipped = is_ignored(inside) or inside.parts[0] in self.sources_left_out
            if path.is_file() and not skipped and not inside.parts[0].startswith("requirements."):
                yield path
        yield from find_imported_modules(self.folder)


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
    "dynamodb": frozenset({"GetItem", "TransactWriteItems", "UpdateItem"}),
    "lambda": frozenset({"Invoke"}),
    "sesv2": frozenset({"SendEmail"}),
    "sqs": frozenset({"ChangeMessageVisibility", "SendMessage"}),
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
        services=frozenset({"dynamodb", "lambda", "sns", "sqs", "ssm"}),
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
