"""Runs one deployment: waits in the queue, invokes the hooks, shifts the traffic, and watches the alarms meanwhile.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.alias import Alias
from laptop.codedeploy.appspec import AFTER, BEFORE
from laptop.codedeploy.errors import make_deployment_failure, stop
from laptop.codedeploy.lifecycle import LifecycleEvent, invoke_hook
from laptop.codedeploy.registry.configs import list_shifts
from laptop.codedeploy.runtime import Runtime
from laptop.time_scale import SHORTEST_HOOK, TimeScale

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

    from laptop.codedeploy.deployment import SimulatedDeployment

__all__ = ["Execution"]

#: Seconds between two checks of a waiting deployment, in real time.
TICK = 0.5
#: Seconds within which the laptop's alarms are evaluated, in real time, even on a busy machine.
EVALUATED = 2.0
#: Seconds, before scaling, in each of the two states before a deployment starts; AWS documents no value.
QUEUE_SECONDS = 1.0
HOOK_SECONDS = 3600.0
ON_ALARM = "DEPLOYMENT_STOP_ON_ALARM"


class Execution:
    """Runs one deployment; raises `DeploymentEnded` unless it succeeds."""

    def __init__(self, deployment: SimulatedDeployment, runtime: Runtime) -> None:
        self._deployment = deployment
        self._runtime = runtime
        self._alias = Alias(runtime.functions, deployment.request.appspec)
        self._alarms = _Alarms(runtime.cloudwatch, deployment.request.alarms)

    def run(self) -> None:
        """Move the alias from the current to the target version; a rollback starts from whatever state it is in."""
        self._wait_in_queue()
        with self._run_event("Start"):
            if not self._deployment.request.rollback_of:
                self._alias.require_match()
        self._run_hook(BEFORE)
        with self._run_event("AllowTraffic"):
            self._move()
        self._run_hook(AFTER)
        with self._run_event("End"):
            self._check_for_stop()

    def _wait_in_queue(self) -> None:
        self._wait(QUEUE_SECONDS)
        self._deployment.status = "Queued"
        self._wait(QUEUE_SECONDS)
        self._begin()

    def _begin(self) -> None:
        self._deployment.started = self._runtime.clock.now()
        self._deployment.status = "InProgress"

    def _move(self) -> None:
        before = 0.0
        for shift in list_shifts(self._deployment.request.routing):
            self._wait((shift.minutes - before) * 60)
            self._await_runs((shift.minutes - before) * 60)
            self._check_for_stop()
            self._shift(shift.percent)
            self._deployment.weight = float(shift.percent)
            before = shift.minutes

    def _await_runs(self, seconds: float) -> None:
        """Wait for the new version's runs that began during a traffic step of `seconds` (unscaled) to end.

        On AWS they end within the step, and an alarm counts a run that timed out. Here the step is shortened by the
        factor, but a run is not. A run that would outlast the step on AWS too is not waited for.
        """
        clock, appspec = self._runtime.clock, self._deployment.request.appspec
        now = clock.now()
        until, waited = now + seconds * (1 - self._runtime.scale), False
        while clock.now() < until and any(
            began <= now for began in self._runtime.running(appspec.function, appspec.target)
        ):
            waited = True
            self._check_for_stop()
            clock.sleep(TICK)
        if waited:
            self._wait(EVALUATED, least=EVALUATED)

    def _shift(self, percent: int) -> None:
        if self._deployment.request.rollback_of:
            self._alias.restore()
        else:
            self._alias.shift(percent)

    def _run_hook(self, name: str) -> None:
        function = self._deployment.request.appspec.hooks.get(name)
        event = self._deployment.event(name)
        if not function:
            event.status = "Skipped"
            return
        with self._run_event(name):
            event.hook = function
            self._runtime.spawn(lambda: invoke_hook(self._runtime.functions, self._deployment.request.id, event))
            self._wait(HOOK_SECONDS, lambda: event.answer is not None, SHORTEST_HOOK)
            if event.answer is None:
                event.diagnose("ScriptTimedOut", "The hook did not say how it went within an hour.")
            if event.answer != "Succeeded":
                raise make_deployment_failure(
                    "HOOK_EXECUTION_FAILURE", f"The hook {function} of {name} did not succeed."
                )

    @contextmanager
    def _run_event(self, name: str) -> Iterator[LifecycleEvent]:
        event, clock = self._deployment.event(name), self._runtime.clock
        event.begin(clock.now())
        try:
            yield event
        except BaseException:
            event.end("Failed", clock.now())
            raise
        event.end("Succeeded", clock.now())

    def _wait(self, seconds: float, done: Callable[[], bool] = lambda: False, least: float = 0.0) -> None:
        """Wait `seconds` scaled, at least `least` unscaled seconds, or until `done`.

        Raises `DeploymentEnded` if the deployment is stopped meanwhile.
        """
        clock = self._runtime.clock
        until = clock.now() + TimeScale(self._runtime.scale).seconds(seconds, least)
        while not done() and (left := until - clock.now()) > 1e-6:
            self._check_for_stop()
            clock.sleep(min(TICK, left))

    def _check_for_stop(self) -> None:
        if self._deployment.stopping:
            raise stop("MANUAL_STOP", "Stopped on request.", "DEPLOYMENT_STOP_ON_REQUEST")
        if self._deployment.started is not None:
            self._alarms.require_no_alarm()


class _Alarms:
    """The alarms that stop a deployment, as reported by CloudWatch.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AlarmConfiguration.html
    """

    def __init__(self, cloudwatch: CloudWatchClient, configuration: Mapping[str, Any]) -> None:
        self._cloudwatch = cloudwatch
        self._names = [alarm["name"] for alarm in configuration.get("alarms", ())]
        self._enabled = bool(configuration.get("enabled") and self._names)
        self._may_be_unknown = bool(configuration.get("ignorePollAlarmFailure"))

    def require_no_alarm(self) -> None:
        """Raise `DeploymentEnded` if an alarm is active, or if its state is unknown and that is not to be ignored."""
        if not self._enabled:
            return
        try:
            answer = self._cloudwatch.describe_alarms(
                AlarmNames=self._names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        except (BotoCoreError, ClientError) as problem:
            self._note_unknown(str(problem))
            return
        states = {alarm["AlarmName"]: alarm.get("StateValue") for alarm in answer.get("MetricAlarms", ())}
        states |= {alarm["AlarmName"]: alarm.get("StateValue") for alarm in answer.get("CompositeAlarms", ())}
        on = sorted(name for name, state in states.items() if state == "ALARM")
        if on:
            raise stop("ALARM_ACTIVE", f"Stopped, because these alarms are on: {', '.join(on)}.", ON_ALARM)
        if missing := sorted(set(self._names) - states.keys()):
            self._note_unknown(f"CloudWatch knows no alarm {', '.join(missing)}.")

    def _note_unknown(self, why: str) -> None:
        if not self._may_be_unknown:
            raise stop("ALARM_ACTIVE", f"Stopped, because the alarms cannot be read: {why}", ON_ALARM)
