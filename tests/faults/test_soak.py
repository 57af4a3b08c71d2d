"""A tenth of the soak, and that it sees what it is there to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from function.ledger.attempt import Claimed
from function.ledger.ledger import Ledger
from function.message.catalogue import Catalogue
from package.notifications.catalogue import compile_catalogue
from tests.faults.soak import soak

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


def test_every_event_has_exactly_one_mail_or_a_letter_with_a_reason(catalogue: Catalogue) -> None:
    result = soak(catalogue, 500, seed=2)
    assert result["broken"] == []
    assert result["totals"]["exactly one mail"] > 400
    assert sum(result["mishaps"].values()) > 500


def test_the_soak_sees_a_ledger_that_resends_unheard(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "find_lagging_providers", lambda *_: [])
    assert {event["fault"] for event in soak(catalogue, 300, seed=1)["broken"]} == {"duplicated"}


def test_the_soak_sees_a_ledger_that_lets_everybody_send(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    def claim(ledger: Ledger, attempt: Any) -> Claimed:
        return Claimed(ledger.clock() + 900_000)

    monkeypatch.setattr(Ledger, "claim", claim)
    assert {event["fault"] for event in soak(catalogue, 100, seed=1)["broken"]} >= {"duplicated"}
