"""Builds the Lambda packages: compiled notifications, dependencies for the target, two reproducible zips."""

from __future__ import annotations

from package.build import Archive, Package, build
from package.errors import PackageError

__all__ = ["Archive", "Package", "PackageError", "build"]
