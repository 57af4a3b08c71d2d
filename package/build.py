"""`build` makes the two zips that Lambda runs from the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from package import target as targets
from package.archive import write_archive
from package.bundles import BUNDLES, Bundle, is_ignored
from package.errors import PackageError
from package.target import Architecture, BuildTarget, TargetName

__all__ = ["BUILD", "OWN_NOTIFICATIONS", "Archive", "Package", "build", "find_notifications"]

BUILD = Path(__file__).parents[1] / "build" / "package"
#: The variable that names the folder of a team's own notifications, for every command that packages; unset: the
OWN_NOTIFICATIONS = "HERALD_NOTIFICATIONS"

# The libraries that compile the catalogue: another version may write other bytes.
_COMPILERS = ("fastjsonschema", "minijinja", "mjml-python")


@dataclass(frozen=True, slots=True)
class Archive:
    """One zip. `release` identifies its source and locks, whatever its target; `sha256` is of its bytes."""

    path: Path
    release: str
    sha256: str
    size: int

    def copy_to(self, folder: Path) -> Path:
        """Copy the zip, with the JSON file beside it, so that no later build changes it. Raises `PackageError`."""
        copy = folder / self.path.name
        part = copy.with_suffix(".part")
        for source in (self.path.with_suffix(".json"), self.path):
            shutil.copy(source, part)
            part.replace(folder / source.name)
        if hashlib.sha256(copy.read_bytes()).hexdigest() != self.sha256:
            raise PackageError(
                f"{self.path.name} was built anew meanwhile, by another command with other sources, another Python or "
                "for another processor: nothing was changed. Run this command again"
            )
        return copy


@dataclass(frozen=True, slots=True)
class Package:
    """The result of a build, and what it runs on; without `bytecode` the function starts more slowly."""

    target: TargetName
    python: str
    architecture: str
    bytecode: bool
    function: Archive
    webapp: Archive

    @property
    def function_zip(self) -> Path:
        return self.function.path

    @property
    def webapp_zip(self) -> Path:
        return self.webapp.path


def build(
    target: TargetName,
    architecture: Architecture = "arm64",
    *,
    out: Path = BUILD,
    notifications: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Package:
    """Build both zips into `<out>/<target>/`, or return the existing ones if nothing has changed since.

    `architecture` only matters for `cloud`; `notifications` is the folder of the mails, by default that of
    `find_notifications`; `say` gets a line before anything that takes long. Raises `PackageError` with a line for each
    fault in a notification, a dependency or a module.
    """
    chosen = targets.choose_laptop() if target == "laptop" else targets.choose_cloud(architecture)
    mails = find_notifications(notifications)
    with _lock(out):
        function, webapp = (_build_archive(bundle, chosen, out, mails, say) for bundle in BUNDLES)
    return Package(target, chosen.python, chosen.architecture, bool(chosen.interpreter), function, webapp)


def find_notifications(named: Path | None = None) -> Path:
    """The folder of the notifications: the one that is named, or HERALD_NOTIFICATIONS, or the checkout's own."""
    path = named or Path(os.environ.get(OWN_NOTIFICATIONS) or BUNDLES[0].folder / "notifications")
    if not path.is_dir():
        raise PackageError(f"{path} is no folder: name the one that holds your notifications")
    return path.resolve()


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_archive(bundle: Bundle, target: BuildTarget, out: Path, mails: Path, say: Callable[[str], None]) -> Archive:
    path = out / target.name / f"{bundle.name}.zip"
    release = _compute_release(bundle, mails)
    key = [release, target.python, target.architecture, bool(target.interpreter)]
    note = path.with_suffix(".json")
    known: dict[str, Any] = json.loads(note.read_text()) if note.exists() and path.exists() else {}
    if known.get("key") != key:
        say(f"Building {bundle.name}.zip for {target.architecture}, Python {target.python}")
        from package.contents import list_contents  # noqa: PLC0415  the compilers are slow to load

        write_archive(path, list_contents(bundle, target, out, release, mails))
        content = path.read_bytes()
        built_for = {"target": target.name, "architecture": target.architecture}  # checked by Terraform
        known = {"key": key, **built_for, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        note.write_text(json.dumps(known))
    return Archive(path, release, known["sha256"], known["size"])


def _read_source(bundle: Bundle, mails: Path) -> dict[str, Path]:
    """All files that decide a bundle's bytes, by name: its folder, the modules it imports from others, the mails."""
    root = bundle.folder.parent
    folders = (bundle.folder, root / "function" / "notifications", root / "function" / "contracts")
    here = {*bundle.sources(), *(path for folder in folders for path in _list_files(folder))}
    named = {path.relative_to(root).as_posix(): path for path in here}
    own = () if mails == folders[1] else _list_files(mails)
    return named | {f"notifications/{path.relative_to(mails).as_posix()}": path for path in own}


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not is_ignored(path.relative_to(folder)))


def _compute_release(bundle: Bundle, mails: Path) -> str:
    digest = hashlib.sha256()
    root = Path(__file__).parent
    recipe = {f"package/{path.relative_to(root).as_posix()}": path for path in root.rglob("*.py")}
    for name, path in sorted({**recipe, **_read_source(bundle, mails)}.items()):
        content = path.read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    digest.update(" ".join(version(name) for name in _COMPILERS).encode())
    return digest.hexdigest()[:12]
