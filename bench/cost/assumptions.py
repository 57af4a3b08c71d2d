"""Assumptions about what cannot be measured on a laptop: AWS's latencies, and how mails are batched. Edit them here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AS_MEASURED", "Assumptions", "Cpu"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Times in milliseconds, as seen by a function in the same region; memory in MB."""

    memory: int = 256
    #: Memory in MB at which a function has one vCPU; with less memory it has a proportional share.
    #: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    processor: int = 1_769
    transaction: float = 10.0
    write: float = 5.0
    read: float = 4.0
    send: float = 80.0
    #: How long the third-party receiver of `mail_webhook` takes to answer.
    answer: float = 100.0
    #: Feedback messages processed by one invocation, and those returned by one receive (ten, with one delete).
    batch: int = 20
    received: int = 10
    #: The share of mails whose Send and Delivery come in one batch (the mapping waits five seconds for more).
    folded: float = 1.0
    #: Bytes that CloudWatch adds to each log line.
    #: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    line: int = 26


@dataclass(frozen=True, slots=True)
class Cpu:
    """Milliseconds of CPU time per mail, and per feedback message."""

    notify: float
    feedback: float
    powertools: float
    check_then_put: float


#: Measured by `make bench` on 2026-11-21 with Python 3.13; build/bench.json takes precedence if it exists.
AS_MEASURED = Cpu(notify=2.7, feedback=0.8, powertools=3.8, check_then_put=3.0)
