"""The Lambda packages: notifications compiled, dependencies chosen for the target, two reproducible zips."""

from __future__ import annotations

from package.build import Archive, Package, build
from package.errors import PackageError

__all__ = ["Archive", "Package", "PackageError", "build"]
