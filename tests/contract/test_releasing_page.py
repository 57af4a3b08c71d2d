"""docs/releasing.md tells every end of a release with its exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from release.progress.outcome import ReleaseOutcome, describe_exit_codes

PAGE = (Path(__file__).parents[2] / "docs" / "releasing.md").read_text("utf-8")


@pytest.mark.parametrize("outcome", ReleaseOutcome, ids=lambda outcome: outcome.word)
def test_the_page_and_the_help_tell_each_outcome_by_its_code(outcome: ReleaseOutcome) -> None:
    assert f"| {outcome.code} | {outcome.word} |" in PAGE
    assert f"{outcome.code}  {outcome.word}: " in describe_exit_codes()


def test_every_code_means_one_thing() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \| ", PAGE, re.M)]
    assert codes == sorted({1, 2, *(outcome.code for outcome in ReleaseOutcome)})
