"""Stubs for modules that a dependency imports and Herald never uses, if importing them takes long.

Two tests check that nothing needed is left out: an end-to-end test of the unpacked package, and the wire test.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["STUBS"]

_HELP_TEXTS = '''"""Stands in for botocore's help texts: their data is not in this package."""


class LazyLoadedDocstring(str):
    """A text that is never written."""

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)


class ClientMethodDocstring(LazyLoadedDocstring):
    """Of a method."""


class WaiterDocstring(LazyLoadedDocstring):
    """Of a waiter."""


class PaginatorDocstring(LazyLoadedDocstring):
    """Of a paginator."""
'''

_DATES = '''"""Reads dates when there is one to read."""

from importlib import import_module


def parse(*args, **kwargs):
    """The date in a text."""
    return import_module("dateutil.parser._parser").parse(*args, **kwargs)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    module = "isoparser" if name.startswith("iso") else "_parser"
    return getattr(import_module(f"dateutil.parser.{module}"), name)
'''

#: The replacement content of each file, by its name in the package.
STUBS: Mapping[str, str] = {
    # Imports an HTML parser and 20 modules of its own, to render help texts on demand.
    "botocore/docs/__init__.py": '"""The help texts are left out."""\n',
    "botocore/docs/docstring.py": _HELP_TEXTS,
    # Imports decimals and calendars to parse dates in text, which no answer on the mail path has.
    "dateutil/parser/__init__.py": _DATES,
    # HTTP/2 is opt-in; checking whether it is installed imports 30 modules.
    "urllib3/http2/__init__.py": '"""HTTP/2 is left out."""\n',
}
