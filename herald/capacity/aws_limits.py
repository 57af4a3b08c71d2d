"""The limits and retry intervals that AWS documents, each with its source; times in seconds.

Read on 2026-11-21. What is not documented is marked as an assumption, and listed in docs/capacity.md, too.
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

#: A throttled event goes back to Lambda's queue and is retried after a second, then at growing intervals of at most
#: five minutes; this uses up no retry.
#: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
BACKOFF_FIRST = 1.0
BACKOFF_LONGEST = 300.0
#: When it is six hours old, its on-failure record goes to `retry`. The same page; Terraform sets the age.
EVENT_AGE = 21_600.0

#: A function gets 1,000 environments at once and 1,000 more every ten seconds, refilled continuously.
#: https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
GROWTH = (1_000, 100.0)

#: The default concurrency of an account in a region; 100 of it stay unreserved.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
ACCOUNT_CONCURRENCY = 1_000
UNRESERVED = 100

#: An environment takes ten requests a second at most, however short they are.
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#calculating-concurrency
REQUESTS_PER_ENVIRONMENT = 10.0

#: A throttled poller of the queue `retry` tries the same message again until the queue's visibility timeout is over
#: (six times the function's timeout, infra/modules/notifier/queues.tf). The pause between its tries is an assumption,
#: and so is the time it takes to fetch the next message.
#: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
VISIBILITY = 180.0
POLLER_PAUSE = 1.0
POLLER_TURN = 0.02

# -- SQS -----------------------------------------------------------------------------------------------------------

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
LONGEST_DELAY = 900.0
QUEUE_RETENTION = 1_209_600.0

# -- SES -----------------------------------------------------------------------------------------------------------

#: The daily quota counts the last 24 hours at any moment, the rate one second. SES lets short bursts exceed the rate,
#: the simulation does not. https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
WINDOW = 86_400.0

# -- Herald: imported from the function, so that they cannot differ --------------------------------------------------

#: When a mail that was not sent is retried, and when it becomes a dead letter.
SCHEDULE = RetryPolicy()

#: How one delivery divides into claim, send and the rest (a record, or a release and a message to `retry`), and how
#: long SES takes to refuse: assumptions, as shares of the seconds that a delivery takes.
CLAIM_SHARE = 0.2
SEND_SHARE = 0.6
REFUSAL_SHARE = 0.2
