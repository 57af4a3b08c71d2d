"""Lambda sandboxes: processes forked from a warmed parent, watched at every request that they make.

As on AWS one serves the invocations of its function one after the other, until it is killed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from tests.faults.botocore_pipe import LOST, BotocorePipe, ProcessClock
from tests.faults.fake_aws import FakeAws, shorten_operation
from tests.faults.points import Act, Moment, NthRequest, Point, Stage, Strike

__all__ = ["Ended", "Invocation", "Sandboxes"]

Handler = Callable[[dict[str, Any], Any], Any]
#: The function's timeout.
TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a handler: `function` names it, and `point` is where it ends early, if it does."""

    function: str
    event: dict[str, Any]
    point: Point | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an invocation ended: killed, raised, or with this answer."""

    how: str
    answer: Any = None


@dataclass(frozen=True, slots=True)
class _Sandbox:
    function: str
    pid: int
    connection: Connection


@dataclass(slots=True)
class _Running:
    sandbox: _Sandbox
    invocation: Invocation
    #: How often each operation was asked for.
    seen: dict[str, int] = field(default_factory=dict)
    ended: Ended | None = None


class Context:
    """Lambda's context."""

    function_name = "herald-notify"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-notify:live"

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self._began = time.time()

    def get_remaining_time_in_millis(self) -> int:
        return TIMEOUT_MS - int((time.time() - self._began) * 1000)


@dataclass(slots=True)
class Sandboxes:
    """Runs invocations of `handlers` over `pipe`, by `clock`; `stages` says which request is what. To be closed."""

    handlers: Mapping[str, Handler]
    stages: Mapping[Stage, NthRequest]
    pipe: BotocorePipe
    clock: ProcessClock
    count: int = 0
    #: The strikes that struck.
    struck: list[Strike] = field(default_factory=list)
    _idle: list[_Sandbox] = field(default_factory=list)

    def run(self, invocations: Sequence[Invocation], aws: FakeAws) -> list[Ended]:
        """Run them at the same moment: each in its turn makes one request, so that none is ahead of the others."""
        running = [self._begin(invocation, aws) for invocation in invocations]
        while waiting := [one for one in running if one.ended is None]:
            for one in waiting:
                self._step(one, aws)
        return [one.ended for one in running if one.ended]

    def close(self) -> None:
        """End the processes that still wait for work."""
        for sandbox in self._idle:
            sandbox.connection.send(None)
            self._reap(sandbox)
        self._idle.clear()

    def _begin(self, invocation: Invocation, aws: FakeAws) -> _Running:
        self.count += 1
        sandbox = next((one for one in self._idle if one.function == invocation.function), None)
        if sandbox:
            self._idle.remove(sandbox)
        else:
            sandbox = self._fork(invocation.function)
        sandbox.connection.send((invocation.event, f"request-{self.count}", aws.now_ms))
        return _Running(sandbox, invocation)

    def _fork(self, function: str) -> _Sandbox:
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._work(self.handlers[function], theirs)
        theirs.close()
        return _Sandbox(function, pid, ours)

    def _work(self, handler: Handler, connection: Connection) -> None:
        """What the forked process does; it never returns."""
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            self.pipe.connection = connection
            while call := connection.recv():
                event, request_id, self.clock.now_ms = call
                connection.send(_run_handler(handler, event, request_id))
        finally:
            os._exit(0)

    def _step(self, one: _Running, aws: FakeAws) -> None:
        kind, *said = one.sandbox.connection.recv()
        if kind != "request":
            one.ended = Ended(kind, said[0])
            self._idle.append(one.sandbox)
            return
        operation, body = said
        strike = self._strike(one, shorten_operation(operation), body.decode())
        kill = strike is not None and strike.act is Act.KILL
        if strike and kill and strike.moment is Moment.BEFORE:
            self._kill(one)
            return
        answer = aws.answer(operation, body, strike.refusal if strike else None)
        if kill:
            self._kill(one)
        else:
            one.sandbox.connection.send(LOST if strike and strike.act is Act.LOSE else answer)

    def _strike(self, one: _Running, operation: str, body: str) -> Strike | None:
        one.seen[operation] = nth = one.seen.get(operation, 0) + 1
        point = one.invocation.point
        strike = point.strike_at(self.stages, operation, nth, body, self.struck) if point else None
        if strike:
            self.struck.append(strike)
        return strike

    def _kill(self, one: _Running) -> None:
        os.kill(one.sandbox.pid, signal.SIGKILL)
        one.ended = Ended("killed")
        self._reap(one.sandbox)

    @staticmethod
    def _reap(sandbox: _Sandbox) -> None:
        os.waitpid(sandbox.pid, 0)
        sandbox.connection.close()


def _run_handler(handler: Handler, event: dict[str, Any], request_id: str) -> tuple[str, Any]:
    """How the handler ended."""
    try:
        return "returned", handler(event, Context(request_id))
    except BaseException as error:
        return "raised", repr(error)
