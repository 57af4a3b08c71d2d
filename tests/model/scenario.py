"""One scenario, and what is explored of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakes.dynamodb.table import MemoryTable
from fakes.dynamodb.table import State as Snapshot
from function.ledger.keys import feedback_key
from function.ledger.states import Action
from tests.model.herald import Code, Herald
from tests.model.model_state import Budget, ModelState, Waiting
from tests.model.moves import Moves
from tests.model.rules import Rules
from tests.model.search import Explored, explore

__all__ = ["Scenario"]

_SENT = (Action.FEEDBACK_SENT,)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One event, published as one message for each of `copies`, which is delivered that often; and a world's budget."""

    name: str
    copies: tuple[int, ...]
    budget: Budget
    rules: Rules = field(default_factory=Rules)
    answers: tuple[Action, ...] = _SENT
    large: bool = False

    def explore(self, code: Code | None = None) -> Explored:
        """Every state of it under `code` (Herald's own if None). Raises Counterexample."""
        messages = tuple(f"m{number}" for number in range(1, len(self.copies) + 1))
        waiting = tuple(
            Waiting(message, f"{message}{'ab'[copy]}", self.rules.content(message))
            for message, copies in zip(messages, self.copies, strict=True)
            for copy in range(copies)
        )
        start = ModelState(_table(self.rules), waiting, self.budget, published=messages, deliveries=len(waiting))
        return explore(start, Moves(Herald(code or Code(), self.rules), self.answers))


def _table(rules: Rules) -> Snapshot:
    """An empty table or, where the providers have reported, their marks."""
    table = MemoryTable()
    for url in rules.urls if rules.reported else ():
        mark = {"pk": {"S": feedback_key(url)}, "before": {"N": str(10**15)}, "probed_at": {"N": "0"}}
        table.put_item(TableName=table.name, Item=mark)
    return table.snapshot()
