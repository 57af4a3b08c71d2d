"""Whether a candidate is worse than the version before it, and how sure that is."""

from __future__ import annotations

import random

import pytest

from release.analysis.comparison import RISK, Figures, LookSchedule, Measure, compare

EVEN = [50.0 + n % 9 for n in range(90)]


def figures(mails: int = 900, **named: object) -> Figures:
    made = Figures(runs=mails, mails=mails, times=EVEN)
    for name, value in named.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"errors": 6}, "errors"),
        ({"unknown": 6}, "unknown outcomes"),
        ({"letters": 6}, "letters"),
        ({"unsent": 6}, "not sent"),
        ({"times": [time + 40 for time in EVEN]}, "time to accept"),
    ],
)
def test_what_is_worse_is_named_with_its_confidence(wrong: dict[str, object], name: str) -> None:
    found = compare("8", "7", {"8": figures(100, **wrong), "7": figures()})
    assert [one.name for one in found.worse] == [name]
    assert found.worse[0].confidence > 0.9999
    assert f"version 8 against version 7: worse: {name} " in found.describe()
    assert found.as_json()["verdict"] == "worse"


@pytest.mark.parametrize(
    "better",
    [
        {"letters": 0},
        {"letters": 10},
        {"times": [1.0] * 90},
        {"times": [time * 1.4 for time in EVEN]},
        {"times": [time * 9 for time in EVEN[:29]]},
    ],
    ids=["no letters", "as many", "faster", "slower by less than half", "slow while it starts"],
)
def test_what_is_better_or_alike_is_not_worse(better: dict[str, object]) -> None:
    found = compare("8", "7", {"8": figures(100, **better), "7": figures(letters=90)})
    assert found.worse == []


def test_what_it_says_of_a_good_one_is_what_its_mails_can_show() -> None:
    found = compare("8", "7", {"8": figures(100), "7": figures()})
    assert found.describe() == (
        "version 8 against version 7: no worse in 100 mails against 900; "
        "at most 3 % of its mails go wrong, with 95 % confidence"
    )


def test_without_mails_there_is_nothing_to_compare() -> None:
    found = compare("8", "7", {"8": Figures(), "7": Figures()})
    assert found.worse == []
    assert found.at_most == 1
    assert found.describe().endswith("no mails to compare")


def test_without_risk_nothing_is_called_worse() -> None:
    assert compare("8", "7", {"8": figures(100, letters=100), "7": figures()}, 0.0).worse == []


def test_looks_come_with_half_as_many_mails_again_and_share_one_risk() -> None:
    schedule = LookSchedule()
    risks = [schedule.take(mails) for mails in range(1000)]
    taken = [mails for mails, risk in enumerate(risks) if risk]
    assert taken == [10, 15, 23, 35, 53, 80, 120, 180, 270, 405, 608, 912]
    assert sum(risks) + schedule.take(1000, last=True) < RISK


def test_a_good_version_is_seldom_called_worse_however_often_it_is_looked_at() -> None:
    """All that a version can be: one in fifty mails becomes a letter, and times vary widely."""
    draws, called = random.Random(7), 0
    for _ in range(200):
        both, schedule = {"8": Figures(), "7": Figures()}, LookSchedule()
        for _ in range(1500):
            one = both["8" if draws.random() < 0.1 else "7"]
            one.mails += 1
            one.letters += draws.random() < 0.02
            one.times.append(draws.lognormvariate(4, 0.6))
            risk = schedule.take(both["8"].mails)
            if risk and compare("8", "7", both, risk).worse:
                called += 1
                break
    assert called <= 200 * RISK


@pytest.mark.parametrize(
    ("confidence", "words"), [(0.999995, "more than 99.99 %"), (0.5, "50 %"), (0.98761, "98.76 %")]
)
def test_nobody_is_told_certainty(confidence: float, words: str) -> None:
    assert Measure("letters", "", "", 1 - confidence, False).certainty == words
