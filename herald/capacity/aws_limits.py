"""What AWS promises about waiting and limits, each with its page; times in seconds.

Read on 2026-11-21. What no page says is marked as an assumption, and stands in docs/capacity.md too.
"""

from __future__ import annotations

from function.providers.failover import PAUSE, ROUNDS
from function.queues.retry_policy import RetryPolicy

__all__ = [
    "ACCOUNT_CONCURRENCY",
    "BACKOFF_FIRST",
    "BACKOFF_LONGEST",
    "CLAIM_SHARE",
    "EVENT_AGE",
    "GROWTH",
    "LONGEST_DELAY",
    "PAUSE",
    "POLLER_PAUSE",
    "POLLER_TURN",
    "QUEUE_RETENTION",
    "REFUSAL_SHARE",
    "REQUESTS_PER_ENVIRONMENT",
    "ROUNDS",
    "SCHEDULE",
    "SEND_SHARE",
    "UNRESERVED",
    "VISIBILITY",
    "WINDOW",
]

# -- Lambda --------------------------------------------------------------------------------------------------------

#: An event that found no room goes back to Lambda's queue, is tried again after a second, then after ever longer, five
#: minutes at most; no retry is used up.
#: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
BACKOFF_FIRST = 1.0
BACKOFF_LONGEST = 300.0
#: ... until it is six hours old; then its on-failure record goes to `retry`. The same page; Terraform sets the age.
EVENT_AGE = 21_600.0

#: A function gets 1,000 environments at once and 1,000 more every ten seconds, refilled continuously.
#: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
GROWTH = (1_000, 100.0)

#: Concurrency of an account and region, before one asks for more; 100 of it stay unreserved.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
ACCOUNT_CONCURRENCY = 1_000
UNRESERVED = 100

#: An environment takes ten requests a second at most, however short they are.
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#calculating-concurrency
REQUESTS_PER_ENVIRONMENT = 10.0

#: A poller of the queue `retry` that is refused for want of room tries the same message again until the queue's
#: visibility timeout is over (six times the function's, infra/modules/notifier/queues.tf). How often is an assumption,
#: and so is how long it takes to fetch the next one.
#: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
VISIBILITY = 180.0
POLLER_PAUSE = 1.0
POLLER_TURN = 0.02

# -- SQS -----------------------------------------------------------------------------------------------------------

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
LONGEST_DELAY = 900.0
QUEUE_RETENTION = 1_209_600.0

# -- SES -----------------------------------------------------------------------------------------------------------

#: The daily quota counts the last 24 hours, at every moment; the rate counts a second. SES lets short bursts over the
#: rate pass, the simulation none. https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
WINDOW = 86_400.0

# -- Herald: the function's own modules, so that they cannot part ----------------------------------------------------

#: When what was not sent comes back, and when a person gets it.
SCHEDULE = RetryPolicy()

#: How one delivery divides into claim, send and the rest (a record, or a release and a message to `retry`), and how
#: long SES takes to refuse: assumptions, as shares of the seconds that a delivery takes.
CLAIM_SHARE = 0.2
SEND_SHARE = 0.6
REFUSAL_SHARE = 0.2
