"""The reason codes are one closed list: in the code, in the contract for readers of the ledger, and in docs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from function import errors
from function.errors import InvalidEvent, NotificationError
from function.reason_codes import MEANING, ReasonCode

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "function/contracts/timeline.schema.json").read_text())
DOCUMENTED = re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs/reason-codes.md").read_text(), re.MULTILINE)
CODE = "".join(path.read_text() for path in (ROOT / "function").rglob("*.py") if path.name != "reason_codes.py")


def test_the_contract_lists_exactly_the_codes() -> None:
    assert SCHEMA["$defs"]["reason_code"]["enum"] == list(ReasonCode)


@pytest.mark.parametrize("holder", ["message", "row"])
def test_records_and_rows_carry_a_code_of_the_list(holder: str) -> None:
    assert SCHEMA["$defs"][holder]["properties"]["reason_code"] == {"$ref": "#/$defs/reason_code"}


def test_every_code_has_one_sentence_and_the_documentation_repeats_it() -> None:
    assert dict(DOCUMENTED) == MEANING
    assert list(MEANING) == list(ReasonCode)
    assert len(set(MEANING.values())) == len(ReasonCode)


@pytest.mark.parametrize("code", ReasonCode)
def test_every_code_is_written_somewhere(code: ReasonCode) -> None:
    assert f"ReasonCode.{code.name}" in CODE


@pytest.mark.parametrize(
    "kind",
    [kind for name in errors.__all__ if not (kind := getattr(errors, name)).__subclasses__()],
)
def test_every_error_that_is_raised_brings_a_code_of_its_own(kind: type[NotificationError]) -> None:
    assert kind("why").reason.code == kind.code
    assert issubclass(kind, InvalidEvent) or kind.code != NotificationError.code


def test_an_error_may_be_raised_for_a_narrower_reason() -> None:
    reason = InvalidEvent("too large", code=ReasonCode.EVENT_TOO_LARGE).reason
    assert (reason.code, reason.text) == ("event_too_large", "too large")
