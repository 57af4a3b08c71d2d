"""Releases one package in one laptop cloud until it is done, and kills (SIGKILL) every run at its next new step.

python -m tests.stack.release.kill_at_every_step STATE PACKAGE: a step is a call that changes something, right after its
answer has come, the first look at shared traffic or at a bake, or a person's question. Prints each step that a run died
of in a line, and how the last run ended.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from herald.account import choose_release_context
from operations.errors import UserError
from release.follow import follow
from release.lambda_versions.artifacts import read_artifact
from release.progress.display import Lines
from release.progress.poller import Snapshot
from release.progress.promotion_policy import ApprovalGate, PromotionPolicy
from release.release import finish, plan, start

_READS = ("Get", "List", "Describe", "Batch")
#: The first look at shared traffic comes while it is shared, on a busy machine too.
_STRATEGY = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
#: Seconds; a run that comes later than that finds it live already.
_BAKE = 20.0


class Reaper(Lines):
    """Kills this process at the first step that is not among `seen`; it can be a screen, too."""

    def __init__(self, seen: set[str], told: int) -> None:
        super().__init__(Console(file=io.StringIO()))
        self._seen = seen
        self._told = told
        self._about = ""

    def watch(self, client: Any) -> None:
        """Die of the calls of this client."""
        client.meta.events.register("provide-client-params", self._begins)
        client.meta.events.register("after-call", self._ends)

    def show(self, snapshot: Snapshot) -> None:
        if snapshot.until == "the bake is over":
            self._step("bake")
        elif len(snapshot.traffic) > 1:
            self._step("shared traffic")

    def ask(self, _text: str) -> None:
        """A person is asked, and killed with the question."""
        self._step("question")

    def answer(self) -> bool:
        return True

    def _begins(self, params: dict[str, Any], **_: Any) -> None:
        self._about = str(params.get("FunctionName", ""))

    def _ends(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(_READS):
            self._step(f"{model.name} {self._about}".strip())

    def _step(self, step: str) -> None:
        if step not in self._seen:
            os.write(self._told, step.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def release(state: Path, package: Path, reaper: Reaper) -> str:
    """What `make release` does; how it ended."""
    context = choose_release_context(True, state, "herald")
    for client in (context.functions, context.cloudwatch, context.codedeploy):
        reaper.watch(client)
    try:
        planned = plan(context, read_artifact(package), _STRATEGY)
        policy = PromotionPolicy(bake_seconds=_BAKE, gate=ApprovalGate(reaper))
        outcome = follow(start(context, planned, reaper, bake=_BAKE), reaper, lambda: None, policy)
    except UserError as refused:
        return str(refused)
    finish(context, planned, outcome, reaper)
    return outcome.word


def run(state: Path, package: Path, seen: set[str]) -> tuple[bool, str]:
    """One run in a process of its own: whether it was killed, and the step that it died of, or how it ended."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _in_child(state, package, Reaper(seen, write), write)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        said = told.read().decode()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), said


def _in_child(state: Path, package: Path, reaper: Reaper, write: int) -> NoReturn:
    with contextlib.suppress(BrokenPipeError):
        os.write(write, release(state, package, reaper).encode())
    os._exit(0)


def main() -> None:
    state, package = map(Path, sys.argv[1:])
    seen: set[str] = set()
    killed = True
    while killed:
        killed, said = run(state, package, seen)
        seen.add(said)
        sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
