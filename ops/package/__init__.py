"""The Lambda packages: notifications compiled, dependencies chosen for the target, two reproducible zips."""

from __future__ import annotations

from ops.package.build import Archive, Package, build
from ops.package.errors import PackageError

__all__ = ["Archive", "Package", "PackageError", "build"]
