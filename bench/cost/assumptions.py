"""What cannot be measured on a laptop: how AWS answers, and how mails come. Each can be argued with; change it here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AS_MEASURED", "Assumptions", "Cpu"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Times in milliseconds as a function in the same region sees them, memory in MB."""

    memory: int = 256
    #: A function has one processor at 1,769 MB, and less in proportion.
    #: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    processor: int = 1_769
    transaction: float = 10.0
    write: float = 5.0
    read: float = 4.0
    send: float = 80.0
    #: How long the receiver of `mail_webhook` takes to answer, who is somebody else.
    answer: float = 100.0
    #: Feedback messages that one invocation folds, and that one receive brings: ten, with one delete.
    batch: int = 20
    received: int = 10
    #: Of all mails, those whose Send and Delivery come in one batch (the mapping waits five seconds for more).
    folded: float = 1.0
    #: Bytes that CloudWatch adds to each log line.
    #: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    line: int = 26


@dataclass(frozen=True, slots=True)
class Cpu:
    """Milliseconds of processor time for one mail, and for one message of feedback."""

    notify: float
    feedback: float
    powertools: float
    check_then_put: float


#: As `make bench` measured it on 2026-11-21 with Python 3.13; where there is a build/bench.json, its figures are taken.
AS_MEASURED = Cpu(notify=2.7, feedback=0.8, powertools=3.8, check_then_put=3.0)
