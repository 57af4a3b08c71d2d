"""A laptop cloud for releases alone, and packages to release in it: copies of the real one that differ by a mark."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from herald.account import choose_release_context
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.rehearsal.faults import rewrite
from laptop.state import ROOT
from package import build
from release.follow import follow
from release.lambda_versions.publish import Artifact
from release.progress.display import Lines
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot
from release.progress.promotion_policy import PromotionPolicy
from release.release import finish, plan, start
from release.release_context import ALIAS, ReleaseContext
from tests.waiting import eventually

__all__ = ["Recorder", "ReleaseHarness", "make_harness", "run_released"]

#: A minute of AWS in 0.6 seconds.
SCALE = 0.01
#: A tenth of the traffic for nine seconds: long enough to be seen on a busy machine.
CANARY = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
#: For those that something else ends.
LONG_CANARY = "CodeDeployDefault.LambdaCanary10Percent30Minutes"
NO_POLICY = PromotionPolicy()
_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, even if this folder was named to it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests that release in the one cloud; how releases end takes as long as all the others."""
    for item in items:
        if "release_cloud" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("endings" if item.path.stem == "test_endings" else "release"))


class Recorder(Lines):
    """A screen that keeps what it is shown; `interrupt` is a Ctrl-C in the middle of traffic moving."""

    def __init__(self, interrupt: bool = False) -> None:
        self.output = io.StringIO()
        self.looks: list[Snapshot] = []
        self._interrupt = interrupt
        super().__init__(Console(file=self.output, width=200))

    def show(self, snapshot: Snapshot) -> None:
        self.looks.append(snapshot)
        super().show(snapshot)
        if self._interrupt and len(snapshot.traffic) > 1:
            self._interrupt = False
            raise KeyboardInterrupt

    @property
    def text(self) -> str:
        return self.output.getvalue()


@dataclass(slots=True)
class ReleaseHarness:
    """A laptop cloud, a package, and what a test does with a release of it."""

    cloud: LaptopCloud
    context: ReleaseContext
    package: Path
    folder: Path
    screen: Recorder = field(default_factory=Recorder)

    def artifact(
        self, module: str = "function/delivery/outcome.py", addition: str = "\n# the same, but for this mark\n"
    ) -> Artifact:
        """A package that nobody has released yet."""
        return rewrite(self.package, f"mark{next(_numbers)}", module, addition, self.folder)

    def release(
        self,
        artifact: Artifact,
        strategy: str = "all-at-once",
        deadline: float | None = None,
        interrupt: bool = False,
        ask: Callable[[], bool | None] = lambda: None,
        policy: PromotionPolicy = NO_POLICY,
    ) -> ReleaseOutcome:
        """What `make release` does; `screen` is what it shows."""
        self.screen = Recorder(interrupt)
        chosen_plan = plan(self.context, artifact, strategy)
        outcome = follow(start(self.context, chosen_plan, self.screen, deadline), self.screen, ask, policy)
        finish(self.context, chosen_plan, outcome, self.screen)
        return outcome

    @property
    def version(self) -> str:
        """The version that has all traffic, as soon as no two share it: asked by the test itself."""

        def ask() -> Any:
            return self.context.functions.get_alias(FunctionName=self.context.names.notify, Name=ALIAS)

        found = eventually(ask, lambda now: not now.get("RoutingConfig", {}).get("AdditionalVersionWeights"))
        return str(found["FunctionVersion"])

    def weigh(self, version: str, share: float) -> None:
        """Give another version a part of the traffic, as a stopped deployment leaves it."""
        weights = {version: share} if share else {}
        self.context.functions.update_alias(
            FunctionName=self.context.names.notify, Name=ALIAS, RoutingConfig={"AdditionalVersionWeights": weights}
        )


@pytest.fixture(scope="package")
def release_cloud(quick_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """The cloud of this folder's tests; it tells them only what AWS documents (tests/conftest.py)."""
    with run_released("release", quick_package, tmp_path_factory.mktemp("first")) as started:
        yield started


@contextmanager
def run_released(name: str, package: Path, folder: Path) -> Iterator[LaptopCloud]:
    """A cloud in which one release went well: a group's first deployment has nothing to roll back to."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"{name}-{os.getpid()}", scale=SCALE)) as started:
        harness = make_harness(started, folder, package)
        outcome = harness.release(harness.artifact())
        assert outcome is ReleaseOutcome.RELEASED, harness.screen.text
        yield started


def make_harness(cloud: LaptopCloud, folder: Path, package: Path) -> ReleaseHarness:
    """A harness in this cloud, where somebody releases copies of a package; `folder` is where they lie."""
    return ReleaseHarness(cloud, choose_release_context(True, Path(cloud.descriptor.state), "herald"), package, folder)


@pytest.fixture(scope="package")
def quick_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laptop's package, whose hooks prove a version by 7 mails: its 39 (test_release_and_refusals.py) take ten
    seconds of a processor each time."""
    few = "\n\nlist_all_smoke_mails = list_few_smoke_mails\n"
    folder = tmp_path_factory.mktemp("quick")
    return rewrite(build("laptop").function_zip, "quick", "function/canary/smoke_mails.py", few, folder).path


@pytest.fixture
def harness(release_cloud: LaptopCloud, quick_package: Path, tmp_path: Path) -> ReleaseHarness:
    return make_harness(release_cloud, tmp_path, quick_package)
