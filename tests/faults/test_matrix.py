"""A part of the crash matrix: the moments at which a mail may have gone. `make faults` runs the whole of it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from bench.peers.peer import matrix_of_check_then_put
from ops.package.catalogue import compile_catalogue
from tests.faults.policies import matrix_of

_POINTS = ("after the claim", "after the send", "SES refuses for good")


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_a_killed_process_costs_no_mail_and_sends_none_twice(policy: str, tmp_path: Path) -> None:
    compile_catalogue(tmp_path)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(matrix_of, tmp_path, policy, _POINTS).result()["cells"]
    assert [cell for cell in found if cell["fault"]] == []
    assert all(cell["reached"] for cell in found)
    assert {cell["mails"] for cell in found if cell["feedback"] == "in time"} >= {0, 1}


def test_an_error_at_the_record_costs_no_second_mail(tmp_path: Path) -> None:
    compile_catalogue(tmp_path)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(matrix_of, tmp_path, "resend", ("an error at the record",)).result()["cells"]
    assert {cell["mails"] for cell in found if cell["feedback"] == "in time"} == {1}
    assert [cell for cell in found if cell["fault"]] == []


def test_the_matrix_sees_a_handler_that_duplicates() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(matrix_of_check_then_put, ("after the send", "SES refuses for two hours")).result()["cells"]
    assert {cell["fault"] for cell in found} >= {"duplicated", "lost"}
