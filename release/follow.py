"""Follows a deployment to its end on a screen; Ctrl-C asks whether to stop it."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ConnectionError as Unconnected
from botocore.exceptions import HTTPClientError

from release.analysis.evidence import collect_evidence
from release.hook_runs import find_hook_reason
from release.lambda_versions.companions import follow_live
from release.lambda_versions.versions import AliasRouting, await_move
from release.progress.bake import bake
from release.progress.display import DeploymentScreen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot
from release.progress.promotion_policy import Inconclusive, PromotionPolicy
from release.rollback import plan_rollback, start_rollback, stop

__all__ = ["follow"]

_SETTLED = (
    ReleaseOutcome.RELEASED,
    ReleaseOutcome.ROLLED_BACK,
    ReleaseOutcome.STOPPED,
    ReleaseOutcome.INCONCLUSIVE,
)
_NO_POLICY = PromotionPolicy()
#: Seconds to wait for an answer if all traffic moved before the question could be asked.
_ANSWER = 600

#: The answer after Ctrl-C. True: stop the deployment and roll back; False: go on; None: stop watching.
Ask = Callable[[], bool | None]


def follow(poller: Poller, screen: DeploymentScreen, ask: Ask, policy: PromotionPolicy = _NO_POLICY) -> ReleaseOutcome:
    """Show a deployment until it ends; return the outcome. After Ctrl-C, `ask` decides what to do.

    It is stopped, too, if its version is worse than the one before, or lacks an approval that `policy` requires. At its
    end, the functions that move with notify are moved to the release that is live.
    """
    watch = _Watch(poller, screen, ask, policy)
    last = watch.run()
    if poller.last and poller.last.has_ended and (reason := find_hook_reason(poller.context, poller.last)):
        screen.say(reason)
    if (
        poller.last
        and poller.outcome is ReleaseOutcome.RELEASED
        and (evidence := collect_evidence(poller.context, poller.last))
    ):
        poller.evidence = evidence
        screen.say(evidence.describe())
        if poller.comparison:
            screen.say(poller.comparison.describe())
        poller.outcome = _settle(watch, screen)
    if poller.last and poller.outcome in _SETTLED:
        back = poller.outcome in (ReleaseOutcome.ROLLED_BACK, ReleaseOutcome.STOPPED) or watch.taken_back
        follow_live(poller.context, screen, poller.last.current if back else poller.last.target)
        policy.on_settled(poller.outcome)
    screen.end(poller.outcome, last)
    return poller.outcome


class _Watch:
    """Watches a deployment until it ends, and stops it if its policy is not met, with the outcome `stopped_as`."""

    def __init__(
        self, poller: Poller, screen: DeploymentScreen, ask: Ask, policy: PromotionPolicy = _NO_POLICY
    ) -> None:
        self.poller = poller
        self.ask = ask
        self.policy = policy
        self.stopped_as: ReleaseOutcome | None = None
        self.taken_back = False
        self._screen = screen

    def run(self) -> Snapshot | None:
        """Watch the deployment; return the last snapshot."""
        poller, screen = self.poller, self._screen
        last: Snapshot | None = None
        while True:
            try:
                with screen:
                    for last in poller:
                        screen.show(last)
                        self._enforce_policy(last)
                break
            except KeyboardInterrupt:
                answer = self.ask()
            except (Unconnected, HTTPClientError) as problem:
                screen.say(f"AWS is out of reach, and the deployment goes on: {problem}; looking again")
                time.sleep(poller.context.pause)
                continue
            if answer is None:
                poller.outcome = ReleaseOutcome.LEFT
                break
            if answer:
                stop(poller.context, poller.id)
                screen.say(f"{poller.id} is being stopped")
        if self.stopped_as and poller.outcome is ReleaseOutcome.STOPPED:
            poller.outcome = self.stopped_as
        return last

    def _enforce_policy(self, look: Snapshot) -> None:
        """Stop the deployment, once, if its version is worse or its gate refuses it."""
        if self.stopped_as is not None:
            return
        if look.comparison and look.comparison.worse:
            self._stop(look.comparison.describe(), ReleaseOutcome.ROLLED_BACK)
        elif self.policy.gate and (refusal := self.policy.gate.refusal(self.poller, look)):
            self._stop(refusal, ReleaseOutcome.STOPPED)

    def _stop(self, why: str, outcome: ReleaseOutcome) -> None:
        self.stopped_as = outcome
        stop(self.poller.context, self.poller.id)
        self._screen.say(f"{why}: {self.poller.id} is taken back")


def _settle(watch: _Watch, screen: DeploymentScreen) -> ReleaseOutcome:
    """Decide the outcome of a release whose deployment succeeded: by its policy, and after its bake."""
    poller, policy = watch.poller, watch.policy
    outcome = watch.stopped_as
    if outcome is None and poller.comparison and poller.comparison.worse:
        outcome = ReleaseOutcome.ROLLED_BACK
    if outcome is None and policy.gate and not policy.gate.waits_for_yes(poller, _ANSWER * poller.context.scale):
        screen.say("nobody said yes, and all traffic has moved")
        outcome = ReleaseOutcome.STOPPED
    if outcome is None and _is_inconclusive(poller, policy, screen):
        if policy.inconclusive is Inconclusive.BACK:
            return _take_back(watch, screen, ReleaseOutcome.INCONCLUSIVE)
        found = bake(poller, screen, watch.ask, policy)
        outcome = ReleaseOutcome.INCONCLUSIVE if found is ReleaseOutcome.RELEASED else found
    elif outcome is None:
        outcome = bake(poller, screen, watch.ask, policy)
    if outcome in (ReleaseOutcome.ROLLED_BACK, ReleaseOutcome.STOPPED):
        return _take_back(watch, screen, outcome)
    return outcome


def _is_inconclusive(poller: Poller, policy: PromotionPolicy, screen: DeploymentScreen) -> bool:
    real = poller.evidence.real if poller.evidence else 0
    if real >= policy.at_least or policy.inconclusive is Inconclusive.ACCEPT:
        return False
    screen.say(f"inconclusive: {real} real mails of {policy.at_least}; --inconclusive {policy.inconclusive}")
    return True


def _take_back(watch: _Watch, screen: DeploymentScreen, outcome: ReleaseOutcome) -> ReleaseOutcome:
    """Roll back, unless another process moved the traffic; return `outcome`, or FAILED if the rollback failed."""
    released = watch.poller.last
    if released is None or await_move(watch.poller.context, released.target) != AliasRouting(released.target, {}):
        return outcome
    watch.taken_back = True
    back = start_rollback(watch.poller.context, plan_rollback(watch.poller.context, released.current))
    if back is not None:
        _Watch(back, screen, watch.ask).run()
        if back.outcome is not ReleaseOutcome.RELEASED:
            return ReleaseOutcome.FAILED
    return outcome
