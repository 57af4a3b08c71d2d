"""A few cells of the crash matrix, and that it sees what it is there to see. `make faults` runs the whole of it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from package.notifications.catalogue import compile_catalogue
from tests.faults.matrix import Again
from tests.faults.peers.runner import run_check_then_put
from tests.faults.points import POINTS, NthRequest, Stage
from tests.faults.policies import matrix_of


def cells_of(folder: Path, policy: str, feedback: str, *points: str) -> list[dict[str, Any]]:
    """A line of the matrix for each of these points, which is every way of being delivered again."""
    compile_catalogue(folder)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found: list[dict[str, Any]] = pool.submit(matrix_of, folder, policy, points, (feedback,)).result()["cells"]
    assert len(found) == len(Again) * len(points)
    assert all(cell["reached"] for cell in found)
    return found


@pytest.mark.parametrize(
    ("policy", "feedback", "points"),
    [
        ("resend", "in time", ("claim written, answer lost", "after the send")),
        ("hold", "never", ("after the send",)),
    ],
    ids=["resend", "hold"],
)
def test_a_killed_process_costs_no_mail_and_sends_none_twice(
    policy: str, feedback: str, points: tuple[str, ...], tmp_path: Path
) -> None:
    found = cells_of(tmp_path, policy, feedback, *points)
    assert [(cell["mails"], cell["fault"]) for cell in found] == [(1, None)] * len(found)


@pytest.mark.slow
@pytest.mark.parametrize("feedback", ["late, one other", "after an outage"])
def test_late_feedback_costs_no_second_mail(feedback: str, tmp_path: Path) -> None:
    found = cells_of(tmp_path, "resend", feedback, "after the send")
    assert [(cell["mails"], cell["state"], cell["fault"]) for cell in found] == [(1, "delivered", None)] * len(found)


@pytest.mark.slow
def test_a_second_mail_needs_two_reports_on_later_ones(tmp_path: Path) -> None:
    found = cells_of(tmp_path, "resend", "late, two others", "after the send")
    assert [(cell["mails"], cell["fault"]) for cell in found] == [(2, None)] * len(found)


def test_an_error_at_the_record_costs_no_second_mail(tmp_path: Path) -> None:
    found = cells_of(tmp_path, "resend", "in time", "an error at the record")
    assert [(cell["mails"], cell["fault"]) for cell in found] == [(1, None)] * len(found)


def test_what_strikes_anywhere_strikes_once_and_knows_a_probe_from_a_mail() -> None:
    stages: dict[Stage, NthRequest] = {Stage.SEND: ("SendEmail", 1), Stage.PROBE: ("SendEmail", "@simulator.")}
    [point] = [one for one in POINTS if one.name == "after the probe"]
    first, second = point.strikes
    mail, probe = "ada@example.com", "success+probe@simulator.amazonses.com"
    assert point.strike_at(stages, "SendEmail", 1, mail) == first
    assert point.strike_at(stages, "SendEmail", 1, mail, [first]) is None
    assert point.strike_at(stages, "SendEmail", 1, probe, [first]) == second
    assert point.strike_at(stages, "SendEmail", 1, probe, [first, second]) is None


@pytest.mark.slow
def test_the_matrix_sees_a_handler_that_duplicates() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(run_check_then_put, ("after the send", "SES refuses for two hours")).result()["cells"]
    assert {cell["fault"] for cell in found} >= {"duplicated", "lost"}
