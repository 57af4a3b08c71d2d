"""The table with memory answers as DynamoDB is documented to, and as moto does but for what is listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from tests.dynamodb.agreement import differing, moto_client
from tests.dynamodb.case import ConditionCase, UpdateCase, holds, run_update
from tests.dynamodb.conditions import CONDITIONS
from tests.dynamodb.transactions import TRANSACTIONS, TransactionCase, run_transaction
from tests.dynamodb.updates import UPDATES

BREAKS = (Exception,)
DIFFERING = differing("moto")


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with moto_client() as client:
        yield client


@pytest.mark.parametrize("case", CONDITIONS, ids=str)
def test_condition_is_judged_as_documented(case: ConditionCase) -> None:
    assert holds(MemoryTable(), "one", case) == case.answer


@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_update_is_made_as_documented(case: UpdateCase) -> None:
    assert run_update(MemoryTable(), "one", case) == case.outcome


@pytest.mark.parametrize("case", TRANSACTIONS, ids=str)
def test_transaction_is_made_as_documented(case: TransactionCase) -> None:
    assert run_transaction(MemoryTable(), case) == case.outcome


@pytest.mark.parametrize("case", CONDITIONS, ids=str)
def test_moto_judges_alike_but_for_what_is_listed(moto: Any, case: ConditionCase) -> None:
    assert (holds(moto, "one", case, BREAKS) != case.answer) == (str(case) in DIFFERING)


@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_moto_updates_alike_but_for_what_is_listed(moto: Any, case: UpdateCase) -> None:
    assert (run_update(moto, "one", case, BREAKS) != case.outcome) == (str(case) in DIFFERING)


@pytest.mark.parametrize("case", TRANSACTIONS, ids=str)
def test_moto_transacts_alike_but_for_what_is_listed(moto: Any, case: TransactionCase) -> None:
    assert (run_transaction(moto, case) != case.outcome) == (str(case) in DIFFERING)


@pytest.mark.parametrize("emulator", ["moto", "ministack"])
def test_every_listed_difference_names_a_case(emulator: str) -> None:
    assert differing(emulator) <= {str(case) for case in (*CONDITIONS, *UPDATES, *TRANSACTIONS)}


def test_every_case_has_a_name_of_its_own() -> None:
    names = [str(case) for case in (*CONDITIONS, *UPDATES, *TRANSACTIONS)]
    assert len(names) == len(set(names))
