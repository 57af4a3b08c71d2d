"""What a release must meet beyond CodeDeploy's rules: each way that it can fail to, and what follows."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from release.analysis.comparison import Figures
from release.analysis.evidence import ReleaseEvidence
from release.deployments import Deployment
from release.follow import follow
from release.lambda_versions.versions import AliasRouting
from release.progress.display import Lines
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller
from release.progress.promotion_policy import ApprovalGate, Inconclusive, PromotionPolicy
from release.release_context import Names, ReleaseContext

BEGAN = 1_000.0
HOUR = 3_600.0
FRESH = Deployment(
    "d-1",
    "7",
    "8",
    "InProgress",
    stages={"BeforeAllowTraffic": "Succeeded", "AllowTraffic": "InProgress", "AfterAllowTraffic": "Pending"},
    shifts_since=datetime.fromtimestamp(BEGAN, UTC),
    auto_rollback=True,
)


@dataclass
class FakeCanary:
    """AWS as a release sees it: a canary of version 8 that gets all traffic after 300 s, on a clock that only waiting
    moves; `at` holds what else happens, by the second."""

    now: float = BEGAN
    at: dict[float, Callable[[], None]] = field(default_factory=dict)
    ringing: set[str] = field(default_factory=set)
    figures: dict[str, Figures] = field(default_factory=lambda: {"7": Figures(), "8": Figures()})
    stopped: bool = False
    restored: bool = False
    tells_the_end: bool = True
    unreachable: int = 0
    out: io.StringIO = field(default_factory=io.StringIO)

    @property
    def passed(self) -> float:
        return self.now - BEGAN

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for moment in [one for one in self.at if one <= self.passed]:
            self.at.pop(moment)()

    def read(self, _stack: ReleaseContext, id_: str) -> Deployment:
        if self.unreachable:
            self.unreachable -= 1
            raise EndpointConnectionError(endpoint_url="https://codedeploy")
        if id_ == "d-back":
            self.restored = True
            return Deployment(id_, "8", "7", "Succeeded")
        if self.stopped:
            return replace(FRESH, status="Stopped", error=("MANUAL_STOP", ""), rollback_message="none is needed")
        if self.passed < 300:
            return FRESH
        done = datetime.fromtimestamp(BEGAN + 300, UTC) if self.tells_the_end else None
        return replace(FRESH, status="Succeeded", shifted=done, completed=done)

    def live(self, _stack: ReleaseContext) -> AliasRouting:
        if self.stopped or self.restored:
            return AliasRouting("7", {})
        return AliasRouting("7", {"8": 0.1}) if self.passed < 300 else AliasRouting("8", {})

    def states(self, _stack: ReleaseContext, names: list[str]) -> dict[str, str]:
        return {name: "ALARM" if name in self.ringing else "OK" for name in names}

    def stop(self, _stack: ReleaseContext, _id: str) -> None:
        self.stopped = self.passed < 300

    def start_rollback(self, context: ReleaseContext, version: str) -> Poller:
        assert version == "7"
        return Poller(context, "d-back", [], 0.0, float("inf"))

    def follow(self, policy: PromotionPolicy, ask: Callable[[], bool | None] = lambda: None) -> ReleaseOutcome:
        nothing = cast("Any", None)
        context = ReleaseContext(nothing, nothing, nothing, Names(), "1", "eu-west-1")
        poller = Poller(context, "d-1", ["errors"], 300, float("inf"), step=300, compares=True)
        return follow(poller, Lines(Console(file=self.out, width=300)), ask, policy)

    @property
    def said(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FakeCanary:
    made = FakeCanary()
    monkeypatch.setattr("time.sleep", made.sleep)
    monkeypatch.setattr("time.time", lambda: made.now)
    monkeypatch.setattr("time.monotonic", lambda: made.now)
    for module in ("release.lambda_versions.versions", "release.progress.poller"):
        monkeypatch.setattr(f"{module}.read_live", made.live)
    monkeypatch.setattr("release.progress.poller.read", made.read)
    monkeypatch.setattr("release.progress.poller.version_alarms", SimpleNamespace(read_states=made.states))
    monkeypatch.setattr(
        "release.progress.poller.Observer", lambda *_: SimpleNamespace(until=None, look=lambda: made.figures)
    )
    monkeypatch.setattr("release.follow.stop", made.stop)
    monkeypatch.setattr("release.follow.plan_rollback", lambda _, to: to)
    monkeypatch.setattr("release.follow.start_rollback", made.start_rollback)
    monkeypatch.setattr("release.follow.collect_evidence", lambda *_: ReleaseEvidence(60, made.figures["8"].mails))
    monkeypatch.setattr("release.follow.follow_live", lambda *_: None)
    return made


class Person:
    """Answers after so many looks."""

    def __init__(self, answer: bool | None, looks: int = 3) -> None:
        self.asked: list[str] = []
        self._answer = answer
        self._looks = looks

    def ask(self, text: str) -> None:
        self.asked.append(text)

    def answer(self) -> bool | None:
        self._looks -= 1
        return self._answer if self._looks < 0 else None


# -- The candidate against the version before ----------------------------------------------------------------------


def test_a_worse_version_is_taken_back_as_soon_as_that_is_sure(world: FakeCanary) -> None:
    both = {"7": Figures(500, 0, 500), "8": Figures(60, 0, 60, letters=9)}
    world.at[100] = lambda: world.figures.update(both)
    assert world.follow(PromotionPolicy()) is ReleaseOutcome.ROLLED_BACK
    assert world.passed < 130
    assert "worse: letters 9 of 60 against 0 of 500 (more than 99.99 %): d-1 is taken back" in world.said


@pytest.mark.parametrize("told", [True, False])
def test_one_that_is_found_worse_at_the_very_end_is_rolled_back(world: FakeCanary, told: bool) -> None:
    """CodeDeploy need not tell when the traffic had moved."""
    world.tells_the_end = told
    both = {"7": Figures(500, 0, 500), "8": Figures(60, 0, 60, letters=9)}
    world.at[300] = lambda: world.figures.update(both)
    assert world.follow(PromotionPolicy()) is ReleaseOutcome.ROLLED_BACK
    assert world.restored
    assert world.said.endswith(
        "rolled back: it failed, an alarm rang, or it was worse; all traffic is back on the version before\n"
    )


# -- Too few real mails --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("real", "policy", "outcome", "restored"),
    [
        (100, Inconclusive.HOLD, ReleaseOutcome.RELEASED, False),
        (99, Inconclusive.HOLD, ReleaseOutcome.INCONCLUSIVE, False),
        (99, Inconclusive.ACCEPT, ReleaseOutcome.RELEASED, False),
        (99, Inconclusive.BACK, ReleaseOutcome.INCONCLUSIVE, True),
        (100, Inconclusive.BACK, ReleaseOutcome.RELEASED, False),
    ],
)
def test_too_few_real_mails_are_inconclusive_and_the_policy_decides(
    world: FakeCanary, real: int, policy: Inconclusive, outcome: ReleaseOutcome, restored: bool
) -> None:
    world.figures["8"].mails = real
    assert world.follow(PromotionPolicy(100, policy)) is outcome
    assert world.restored is restored
    told = f"inconclusive: 99 real mails of 100; --inconclusive {policy}" in world.said
    assert told is (outcome is ReleaseOutcome.INCONCLUSIVE)
    assert world.said.splitlines()[-1].startswith(f"{outcome.word}: "), "the last word is the exit code's"


# -- A person's yes ------------------------------------------------------------------------------------------------


def test_with_a_yes_it_goes_on(world: FakeCanary) -> None:
    person = Person(True)
    assert world.follow(PromotionPolicy(gate=ApprovalGate(person))) is ReleaseOutcome.RELEASED
    assert person.asked == ["Let version 8 go on? Without a yes within 270 s it goes back"]


@pytest.mark.parametrize(
    ("answer", "seconds", "why"), [(False, 20, "somebody said no"), (None, 275, "nobody said yes in time")]
)
def test_without_one_it_goes_back_before_its_traffic_moves_on(
    world: FakeCanary, answer: bool | None, seconds: float, why: str
) -> None:
    assert world.follow(PromotionPolicy(gate=ApprovalGate(Person(answer)))) is ReleaseOutcome.STOPPED
    assert world.passed <= seconds
    assert f"{why}: d-1 is taken back" in world.said


def test_who_could_not_look_in_time_puts_back_what_nobody_let_go_on(world: FakeCanary) -> None:
    world.at[200] = lambda: world.sleep(200)
    assert world.follow(PromotionPolicy(gate=ApprovalGate(Person(None)))) is ReleaseOutcome.STOPPED
    assert world.restored
    assert "nobody said yes, and all traffic has moved" in world.said


@pytest.mark.parametrize(("answer", "outcome"), [(True, ReleaseOutcome.RELEASED), (None, ReleaseOutcome.STOPPED)])
def test_who_comes_when_all_traffic_has_moved_is_asked_then(
    world: FakeCanary, answer: bool | None, outcome: ReleaseOutcome
) -> None:
    world.now += 400
    person = Person(answer)
    assert world.follow(PromotionPolicy(gate=ApprovalGate(person))) is outcome
    assert person.asked == ["Version 8 has all traffic. Let it keep it?"]
    assert world.restored is (answer is None)


# -- The bake ------------------------------------------------------------------------------------------------------


def test_it_bakes_from_its_end_and_is_released(world: FakeCanary) -> None:
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.RELEASED
    assert world.passed == pytest.approx(300 + HOUR, abs=6)
    assert "version 8 has all traffic and bakes: its alarms are watched for 60 min more" in world.said


def test_it_bakes_too_if_codedeploy_does_not_tell_when_it_was_complete(world: FakeCanary) -> None:
    world.tells_the_end = False
    world.at[1000] = lambda: world.ringing.add("errors")
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.ROLLED_BACK
    assert world.passed == pytest.approx(1000, abs=6)


def test_an_alarm_takes_it_back_while_it_bakes(world: FakeCanary) -> None:
    world.at[1000] = lambda: world.ringing.add("errors")
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.ROLLED_BACK
    assert world.restored
    assert world.passed == pytest.approx(1000, abs=6)
    assert "errors rings while version 8 bakes" in world.said


FIXES = PromotionPolicy(bake_seconds=HOUR, alarms_to_fix=("books",))


@pytest.mark.parametrize("fixed", [True, False])
def test_an_alarm_that_it_is_to_fix_may_ring_until_it_has_been_quiet(world: FakeCanary, fixed: bool) -> None:
    world.ringing.add("books")
    if fixed:
        world.at[1000] = world.ringing.clear
    assert world.follow(FIXES) is ReleaseOutcome.RELEASED
    assert world.passed == pytest.approx(300 + HOUR, abs=6)
    assert ("books rang on while it baked: it did not fix that" in world.said) is not fixed
    assert ("no alarm rang while it baked" in world.said) is fixed


def test_one_that_it_has_fixed_takes_it_back_when_it_rings_again(world: FakeCanary) -> None:
    world.ringing.add("books")
    world.at |= {1000: world.ringing.clear, 2000: lambda: world.ringing.add("books")}
    assert world.follow(FIXES) is ReleaseOutcome.ROLLED_BACK
    assert world.restored
    assert world.passed == pytest.approx(2000, abs=6)


def test_one_that_begins_to_ring_in_the_bake_takes_it_back_as_any_other(world: FakeCanary) -> None:
    world.at[1000] = lambda: world.ringing.add("books")
    assert world.follow(FIXES) is ReleaseOutcome.ROLLED_BACK
    assert world.passed == pytest.approx(1000, abs=6)


def test_one_of_too_few_mails_bakes_too(world: FakeCanary) -> None:
    world.at[1000] = lambda: world.ringing.add("errors")
    assert world.follow(PromotionPolicy(100, Inconclusive.HOLD, bake_seconds=HOUR)) is ReleaseOutcome.ROLLED_BACK


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(True, ReleaseOutcome.STOPPED), (False, ReleaseOutcome.RELEASED), (None, ReleaseOutcome.LEFT)],
)
def test_ctrl_c_in_it_asks_and_says_what_is_true(
    world: FakeCanary, answer: bool | None, outcome: ReleaseOutcome
) -> None:
    world.at[1000] = interrupt
    assert world.follow(PromotionPolicy(bake_seconds=HOUR), lambda: answer) is outcome
    assert world.restored is (answer is True)
    left = "version 8 has all traffic, and no alarm takes it back any more: herald rollback does"
    assert (left in world.said) is (answer is None)


def test_aws_out_of_reach_in_it_is_waited_for(world: FakeCanary) -> None:
    world.at[1000] = lambda: setattr(world, "unreachable", 3)
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.RELEASED
    assert world.said.count("AWS is out of reach") == 3


def test_somebody_else_s_rollback_ends_it_and_nothing_is_moved_again(world: FakeCanary) -> None:
    world.at[1000] = lambda: setattr(world, "restored", True)
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.STOPPED
    assert "something else moves the traffic from version 8" in world.said


def test_one_that_ended_long_ago_has_baked(world: FakeCanary) -> None:
    world.now += 300 + 2 * HOUR
    assert world.follow(PromotionPolicy(bake_seconds=HOUR)) is ReleaseOutcome.RELEASED
    assert "bakes" not in world.said


def test_what_is_tidied_up_is_told_before_the_outcome(world: FakeCanary) -> None:
    ended: list[ReleaseOutcome] = []

    def tidy(outcome: ReleaseOutcome) -> None:
        assert "released: " not in world.said
        ended.append(outcome)

    assert world.follow(PromotionPolicy(on_settled=tidy)) is ReleaseOutcome.RELEASED
    assert ended == [ReleaseOutcome.RELEASED]
    assert world.said.splitlines()[-1].startswith("released: "), "the last word is the exit code's"


def test_the_policies_are_the_three_words() -> None:
    assert [*Inconclusive] == ["accept", "hold", "back"]
