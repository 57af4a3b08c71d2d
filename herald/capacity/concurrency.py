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
    """What is reserved for `notify` at so many mails a second, each delivery taking so long.

    By Little's law so many run at once as one makes of the other; more only make SES refuse. Topic and `retry` share
    them: the queue's pollers may take three quarters at most, so that a backlog in `retry` drains at nearly the sending
    rate, and what is new still finds room. A test holds Terraform's expression to this one.
    """
    at_once = max(math.ceil(Decimal(str(send_rate)) * Decimal(str(seconds_per_send)) - _MILLIONTH), 1)
    retry = min(max(math.floor(at_once * 0.75), _LEAST), _MOST) if retry is None else retry
    return Concurrency(max(at_once, retry + 1), retry)
