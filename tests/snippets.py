"""The programs of docs/publishing.md."""

from __future__ import annotations

import re

from laptop.state import ROOT

__all__ = ["snippet"]

_PAGE = ROOT / "docs" / "publishing.md"


def snippet(language: str, heading: str) -> str:
    """The first code block in a language under a heading."""
    _, _, section = _PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    [code, *_] = re.findall(rf"```{language}\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    return str(code)
