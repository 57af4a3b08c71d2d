"""What the documentation of SNS and SQS says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import Rule, row

__all__ = ["RULES"]

_REDRIVE = "tests/integration/redrive/test_redrive.py::"
_DOCTOR = "tests/unit/doctor/test_installation.py::test_each_outcome"
_sns = partial(row, "sns")
_sqs = partial(row, "sqs")

RULES: tuple[Rule, ...] = (
    _sns(
        "CreateTopic",
        "if the requester already owns a topic with the specified name, that topic's ARN is returned",
        "tests/stack/test_end_to_end.py::test_any_publisher_on_the_topic_causes_one_mail",
        "TopicArn",
    ),
    _sns("GetSubscriptionAttributes", "A map of the subscription's attributes.", _DOCTOR, "Attributes"),
    _sns(
        "GetTopicAttributes",
        "Topic properties returned might differ based on the authorization of the user.",
        _DOCTOR,
        "Attributes",
    ),
    _sns(
        "SetTopicAttributes",
        "Allows a topic owner to set an attribute of the topic to a new value.",
        "tests/stack/test_event_bus.py::test_what_the_topic_does_not_take_is_kept_whole_with_the_reason",
    ),
    _sns(
        "ListSubscriptionsByTopic",
        "Each call returns a limited list of subscriptions, up to 100.",
        "tests/unit/doctor/test_installation.py::test_a_list_of_subscriptions_is_read_to_its_end",
        "NextToken",
        "Subscriptions[].SubscriptionArn",
        "Subscriptions[].Protocol",
        "Subscriptions[].Endpoint",
        "Subscriptions[].TopicArn",
    ),
    _sns(
        "Publish",
        "Unique identifier assigned to the published message.",
        "tests/unit/doctor/test_smoke.py::test_an_event_is_followed_to_its_delivery_and_each_step_has_its_time",
        "MessageId",
    ),
    _sns(
        "PublishBatch",
        "are both 256 KiB (262,144 bytes)",
        "tests/integration/webapp/outbox/test_publisher.py::test_large_events_share_no_batch_that_sns_would_refuse",
        "Successful[].Id",
        "Successful[].MessageId",
        "Failed[].Id",
        "Failed[].Code",
        "Failed[].SenderFault",
    ),
    _sns(
        "PublishBatch",
        "The result of publishing each message is reported individually in the response.",
        "tests/integration/function/test_mail_events.py::test_what_sns_does_not_take_comes_again_from_there_on",
        "Successful[].Id",
        "Successful[].MessageId",
        "Failed[].Id",
        "Failed[].Code",
        "Failed[].SenderFault",
    ),
    _sns(
        "Subscribe",
        "the endpoint owner must run the ConfirmSubscription action to confirm the subscription",
        "tests/stack/invocations/test_aliases.py::test_a_topic_and_a_queue_follow_the_weights_too",
        "SubscriptionArn",
    ),
    _sqs(
        "ChangeMessageVisibility",
        "The maximum is 12 hours.",
        "tests/integration/function/test_one_mail.py::test_an_exhausted_quota_waits_an_hour",
    ),
    _sqs(
        "ChangeMessageVisibilityBatch",
        "Because the batch request can result in a combination of successful and unsuccessful actions",
        f"{_REDRIVE}test_letters_are_listed_and_stay",
    ),
    _sqs(
        "CreateQueue",
        "you must wait at least one second after the queue is created to be able to use the queue",
        "tests/stack/test_end_to_end.py::test_a_book_becomes_one_mail_to_its_owner",
        "QueueUrl",
    ),
    _sqs(
        "DeleteMessage",
        "If you use an old ReceiptHandle, the request will succeed, but the message might not be deleted.",
        f"{_REDRIVE}test_two_redrives_at_once_send_one_mail",
    ),
    _sqs(
        "GetQueueAttributes",
        "metrics may not achieve consistency until at least 1 minute after the producers stop sending messages",
        _DOCTOR,
        "Attributes",
    ),
    _sqs(
        "GetQueueUrl",
        "The URL of the queue.",
        _DOCTOR,
        "QueueUrl",
    ),
    _sqs(
        "ReceiveMessage",
        "you might not receive any messages in a particular ReceiveMessage response",
        f"{_REDRIVE}test_two_redrives_share_the_letters_and_lose_none",
        "Messages[].MessageId",
        "Messages[].ReceiptHandle",
        "Messages[].Body",
        "Messages[].Attributes",
        "Messages[].MessageAttributes",
    ),
    _sqs(
        "SendMessage",
        "Amazon SQS rejects the message and returns an InvalidMessageContents error",
        "tests/integration/function/test_waiting.py::test_an_outage_heals_by_itself_and_costs_little",
        "MessageId",
    ),
    _sqs(
        "SendMessageBatch",
        "you should check for batch errors even when the call returns an HTTP status code of",
        "tests/unit/function/test_webhook.py::test_what_the_queue_did_not_take_is_asked_for_again",
        "Failed[].Id",
    ),
)
