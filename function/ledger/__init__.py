"""The ledger: how one event stays one mail."""

from function.ledger.attempt import Attempt, Claimed, Duplicate, Held, InDoubt, OwnedBy, Suppressed, Verdict
from function.ledger.keys import address_key, choice_name, event_key, message_key
from function.ledger.ledger import Ledger
from function.ledger.record import Record, Row
from function.ledger.states import Action, State
from function.ledger.table import Contended, Table
from function.ledger.writes import Writes

__all__ = [
    "Action",
    "Attempt",
    "Claimed",
    "Contended",
    "Duplicate",
    "Held",
    "InDoubt",
    "Ledger",
    "OwnedBy",
    "Record",
    "Row",
    "State",
    "Suppressed",
    "Table",
    "Verdict",
    "Writes",
    "address_key",
    "choice_name",
    "event_key",
    "message_key",
]
