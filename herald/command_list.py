"""The help of a group of commands."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["CommandList"]

#: The greatest length of a command's first sentence.
_LONGEST = 1000


class CommandList(TyperGroup):
    """A group whose help folds each command's first sentence on a narrow terminal: Click by itself cuts it off."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, each with the first sentence of its help."""
        names = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(_LONGEST)) for name in names])
