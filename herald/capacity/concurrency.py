"""How many deliveries may run at once: the formula of infra/modules/notifier/functions.tf."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Concurrency", "reserve"]

_MILLIONTH = Decimal("0.000001")
#: The range of an SQS mapping's cap: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
_LEAST, _MOST = 2, 1_000


@dataclass(frozen=True, slots=True)
class Concurrency:
    """`reserved` for `notify` in all, of which the queue `retry` may use `retry`."""

    reserved: int
    retry: int


def reserve(send_rate: float, seconds_per_send: float, retry: int | None = None) -> Concurrency:
    """The concurrency to reserve for `notify` at so many mails a second, each delivery taking `seconds_per_send`.

    By Little's law their product is the number that run at once; with more, SES only refuses more. The topic and
    `retry` share it: the queue's pollers may take at most three quarters, so that a backlog in `retry` drains at nearly
    the sending rate, and new events still get through. A test compares Terraform's expression with this one.
    """
    at_once = max(math.ceil(Decimal(str(send_rate)) * Decimal(str(seconds_per_send)) - _MILLIONTH), 1)
    retry = min(max(math.floor(at_once * 0.75), _LEAST), _MOST) if retry is None else retry
    return Concurrency(max(at_once, retry + 1), retry)
