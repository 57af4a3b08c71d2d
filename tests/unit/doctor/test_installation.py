"""What the doctor says of a Herald that is installed: each check, each way it can end."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.check import CheckStatus
from doctor.checks import CHECKS
from tests.unit.doctor.answers import (
    TOPIC,
    Answers,
    alarms,
    alias,
    answer_missing,
    attributes,
    cognito,
    destination,
    gateway,
    group,
    key,
    letters,
    mapping,
    one,
    subscription,
    subscriptions,
)
from tests.unit.doctor.fake_cloud import (
    ACCOUNT,
    ALIAS_ARN,
    find,
    policy,
    queue_policy,
    with_queues,
)

OK, WARNING, WRONG = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.WRONG

_UUID = "2f5aa218-25d4-45b2-8f98-5133f2799716"
_PLAIN_TOPIC = {"Attributes": {"Owner": "111122223333"}}
_REDRIVE = f'{{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:{ACCOUNT}:herald-retry"}}'


@pytest.mark.parametrize(
    ("check", "answers", "status", "finding", "remedy"),
    [
        ("ses-configuration-set", {}, OK, "sending through herald is on; it suppresses BOUNCE and COMPLAINT", ""),
        (
            "ses-configuration-set",
            one("sesv2", "GetConfigurationSet", {"SendingOptions": {"SendingEnabled": True}}),
            OK,
            "leaves suppression to the account",
            "",
        ),
        (
            "ses-configuration-set",
            one("sesv2", "GetConfigurationSet", {"SendingOptions": {"SendingEnabled": False}}),
            WRONG,
            "sending through herald is off",
            "put-configuration-set-sending-options",
        ),
        (
            "ses-configuration-set",
            answer_missing("sesv2", "GetConfigurationSet", "NotFoundException"),
            WRONG,
            "it is not there",
            "make apply",
        ),
        ("ses-event-destination", {}, OK, "all 7 kinds of event", ""),
        ("ses-event-destination", destination(Enabled=False), WRONG, "is off", "make apply"),
        (
            "ses-event-destination",
            destination(MatchingEventTypes=["SEND", "DELIVERY"]),
            WRONG,
            "does not tell BOUNCE, COMPLAINT, DELIVERY_DELAY, REJECT, RENDERING_FAILURE",
            "make apply",
        ),
        ("ses-event-destination", destination(SnsDestination={"TopicArn": TOPIC}), WRONG, "nothing", "make apply"),
        (
            "ses-event-destination",
            one("sesv2", "GetConfigurationSetEventDestinations", {}),
            WRONG,
            "no mail is ever known to be delivered",
            "make apply",
        ),
        ("lambda-paused", {}, OK, "not paused", ""),
        (
            "lambda-paused",
            one("lambda", "GetFunctionConcurrency", {"ReservedConcurrentExecutions": 0}),
            WARNING,
            "no mail leaves",
            "make resume",
        ),
        ("lambda-alias", {}, OK, "live leads to version 7", ""),
        ("lambda-alias", answer_missing("lambda", "GetAlias"), WRONG, "herald-notify has no alias live", "make apply"),
        ("lambda-permission", {}, OK, "SNS may invoke herald-notify:live", ""),
        ("lambda-permission", answer_missing("lambda", "GetPolicy"), WRONG, "nobody may", "make apply"),
        (
            "lambda-permission",
            one(
                "lambda",
                "GetPolicy",
                {
                    "Policy": policy(
                        "sns.amazonaws.com", ["lambda:InvokeFunction"], ArnLike={"AWS:SourceArn": f"{TOPIC}2"}
                    )
                },
            ),
            WRONG,
            f"SNS may not invoke herald-notify:live for {TOPIC}",
            "make apply",
        ),
        (
            "lambda-permission",
            one(
                "lambda",
                "GetPolicy",
                {
                    "Policy": policy(
                        "sns.amazonaws.com",
                        ["lambda:InvokeFunction"],
                        ArnLike={"AWS:SourceArn": TOPIC},
                        StringEquals={"AWS:SourceAccount": ACCOUNT},
                    )
                },
            ),
            WARNING,
            "aws:sourceaccount",
            "make apply",
        ),
        ("release", {}, OK, "no release is under way", ""),
        ("release", alias(v8=0.1), WRONG, "version 8 gets 10 %", "make rollback"),
        (
            "release",
            alias(v8=0.1) | one("codedeploy", "ListDeployments", {"deployments": ["d-1"]}),
            WARNING,
            "d-1 is under way; version 8 gets 10 %",
            "make rollback",
        ),
        ("release", alias(v8=0.0), OK, "one version", ""),
        ("codedeploy-group", {}, OK, "1 alarms are watched", ""),
        ("codedeploy-group", group(computePlatform="Server"), WRONG, "for Server, not for Lambda", "make apply"),
        ("codedeploy-group", group(alarmConfiguration={"enabled": False}), WRONG, "watches no alarm", "make apply"),
        ("codedeploy-group", group(alarmConfiguration={"enabled": True}), WRONG, "watches no alarm", "make apply"),
        (
            "codedeploy-group",
            group(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}),
            WRONG,
            "does not take a bad release back",
            "make apply",
        ),
        (
            "codedeploy-group",
            answer_missing("codedeploy", "GetDeploymentGroup", "DeploymentGroupDoesNotExistException"),
            WRONG,
            "it is not there",
            "make apply",
        ),
        ("alarms", {}, OK, "none of 2 alarms rings, 1 of them watched by releases", ""),
        ("alarms", alarms(notify_errors="ALARM"), WRONG, "herald-notify-errors rings", "runbook"),
        ("alarms", alarms(notify_errors="OK", dead_letters="ALARM"), WARNING, "herald-dead-letters rings", "runbook"),
        ("alarms", alarms(dead_letters="OK"), WRONG, "herald-notify-errors, which does not exist", "make apply"),
        ("alarms", alarms(notify_errors="OK", x_notify_errors="ALARM", x_dead_letters="ALARM"), OK, "none of 1", ""),
        ("sns-events", {}, OK, "herald-retry", ""),
        ("sns-events", subscriptions(), WRONG, "it leads to nowhere", "make apply"),
        (
            "sns-events",
            subscriptions(subscription(ALIAS_ARN.removesuffix(":live"))),
            WRONG,
            f"does not lead to {ALIAS_ARN}; it leads to {ALIAS_ARN.removesuffix(':live')}",
            "make apply",
        ),
        ("sns-events", subscriptions(subscription(arn="PendingConfirmation")), WRONG, "to be confirmed", "make apply"),
        (
            "sns-events",
            attributes(PendingConfirmation="true", RedrivePolicy=_REDRIVE),
            WRONG,
            "to be confirmed",
            "make apply",
        ),
        ("sns-events", attributes(PendingConfirmation="false"), WRONG, "goes nowhere, not to", "make apply"),
        (
            "sns-events",
            attributes(RedrivePolicy=_REDRIVE, FilterPolicy='{"type": ["x"]}'),
            WARNING,
            "a filter decides what comes to",
            "admits every type",
        ),
        (
            "sns-events",
            subscriptions(subscription(), subscription(arn=f"{TOPIC}:2")),
            WARNING,
            "subscribed 2 times",
            f"aws sns unsubscribe --subscription-arn {TOPIC}:1",
        ),
        ("sns-events", answer_missing("sns", "ListSubscriptionsByTopic", "NotFound"), WRONG, "not there", "make apply"),
        ("sns-feedback", {}, OK, "herald-dead", ""),
        ("sns-feedback", subscriptions(), WRONG, "nowhere", "make apply"),
        ("sqs-policies", {}, OK, "herald-retry, -feedback and -dead", ""),
        ("sqs-policies", with_queues(retry={"Policy": ""}), WRONG, "herald-retry from herald-events", "make apply"),
        (
            "sqs-policies",
            with_queues(dead={"Policy": queue_policy("events")}),
            WRONG,
            "herald-dead from herald-feedback",
            "make apply",
        ),
        (
            "sqs-policies",
            with_queues(retry={"Policy": queue_policy("events", StringEquals={"aws:SourceAccount": ACCOUNT})}),
            WARNING,
            "herald-retry (aws:sourceaccount)",
            "make apply",
        ),
        (
            "sqs-policies",
            answer_missing("sqs", "GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue"),
            WRONG,
            "not there",
            "make apply",
        ),
        ("sqs-readers", {}, OK, "herald-retry and herald-feedback are read", ""),
        ("sqs-readers", mapping("Disabled"), WRONG, "nobody reads herald-retry (Disabled)", "make resume"),
        ("sqs-readers", mapping(), WRONG, "herald-retry (no mapping)", "make resume"),
        ("mail-events-reader", {}, OK, "herald-mail-events reads the ledger's stream", ""),
        (
            "mail-events-reader",
            answer_missing("lambda", "GetAlias", "ResourceNotFoundException"),
            OK,
            "mail_events is off",
            "",
        ),
        (
            "mail-events-reader",
            one("lambda", "ListEventSourceMappings", {"EventSourceMappings": [{"State": "Disabled", "UUID": _UUID}]}),
            WRONG,
            "does not read the ledger's stream (Disabled): what becomes of mails is told to nobody",
            f"--uuid {_UUID} --enabled",
        ),
        ("mail-events-reader", mapping(), WRONG, "has no mapping", "make apply"),
        ("events-api", gateway("1example23456789"), OK, "1 client may post events", ""),
        ("events-api", gateway("1example23456789", "2example23456789"), OK, "2 clients may post events", ""),
        ("events-api", gateway("no-client-yet"), WARNING, "no client may post events", "docs/publishing.md"),
        ("events-api", gateway(), WRONG, "no authorizer that knows a client", "make apply"),
        (
            "events-api",
            one("apigatewayv2", "GetApis", {"Items": []}),
            WRONG,
            "no HTTP API herald-gateway",
            "make apply",
        ),
        (
            "events-api",
            answer_missing("lambda", "GetAlias", "ResourceNotFoundException"),
            OK,
            "events_api is off",
            "",
        ),
        ("mail-webhook", {}, OK, "herald-mail-webhook posts what becomes of mails", ""),
        (
            "mail-webhook",
            answer_missing("sqs", "GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue"),
            OK,
            "mail_webhook is off",
            "",
        ),
        ("mail-webhook", mapping(), WRONG, "does not read its queue", "make apply"),
        ("mail-webhook", mapping("Disabled"), WRONG, "posts nothing (Disabled)", "--enabled"),
        (
            "mail-webhook",
            with_queues(**{"mail-webhook-dead": {"ApproximateNumberOfMessages": "3"}}),
            WARNING,
            "did not take about 3 in two days",
            "start-message-move-task --source-arn arn:aws:sqs:eu-west-1:111122223333:herald-mail-webhook-dead",
        ),
        ("dead-letters", {}, OK, "no letters", ""),
        ("dead-letters", letters(1, None), WARNING, "about 1 letter; SQS tells no age", "make redrive"),
        ("dead-letters", letters(3, 0.01), WARNING, "received less than three times is 14 min old", "make redrive"),
        ("dead-letters", letters(3, 0.5), WARNING, "12 h old (SQS's metric)", "make redrive"),
        ("dead-letters", letters(3, 8), WRONG, "8 days old", "make redrive"),
        ("cognito-mail", {}, OK, "from books@mail.example.com", ""),
        ("cognito-mail", cognito(EmailSendingAccount="COGNITO_DEFAULT"), WARNING, "50 mails a day", "sign_in.ses_mail"),
        ("cognito-mail", cognito(From="a@b.example"), WARNING, "Cognito does not tell EmailSendingAccount", "console"),
        ("cognito-mail", one("cognito-idp", "ListUserPools", {}), WARNING, "no user pool", "make apply"),
        ("key", {}, OK, "ses, sns, cloudwatch may use it", ""),
        ("key", one("sns", "GetTopicAttributes", _PLAIN_TOPIC), WARNING, "is not encrypted", "make apply"),
        ("key", key("Disabled"), WRONG, "is Disabled", "aws kms enable-key --key-id"),
        ("key", key("PendingDeletion"), WRONG, "about to be deleted", "aws kms cancel-key-deletion --key-id"),
        (
            "key",
            one(
                "kms", "GetKeyPolicy", {"Policy": policy("sns.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey*"])}
            ),
            WRONG,
            "does not let ses, cloudwatch use it",
            "make apply",
        ),
        (
            "key",
            one("kms", "GetKeyPolicy", {"Policy": policy("sns.amazonaws.com", ["kms:Decrypt"])}),
            WRONG,
            "ses, sns, cloudwatch",
            "make apply",
        ),
    ],
)
def test_each_outcome(check: str, answers: Answers, status: CheckStatus, finding: str, remedy: str) -> None:
    found = find(check, answers)
    assert (found.status, finding in found.finding, remedy in found.remedy) == (status, True, True), found
    assert bool(found.remedy) is (status is not OK)


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_a_healthy_herald_has_nothing_wrong(check: str) -> None:
    assert find(check).status is not WRONG


def test_a_shared_topic_is_looked_at_where_it_is() -> None:
    shared = f"arn:aws:sns:eu-west-1:{ACCOUNT}:bus"
    found = find("sns-events", subscriptions(subscription()), told_topic=shared)
    assert found.finding.startswith(f"{shared} leads to")


def test_a_list_of_subscriptions_is_read_to_its_end() -> None:
    def page(TopicArn: str, NextToken: str | None = None) -> dict[str, Any]:
        if NextToken is None:
            return {"Subscriptions": [subscription("arn:aws:lambda:eu-west-1:1:function:other")], "NextToken": "more"}
        return {"Subscriptions": [subscription()]}

    assert find("sns-events", one("sns", "ListSubscriptionsByTopic", page)).status is OK


def test_the_laptop_cloud_has_no_key_and_says_so() -> None:
    found = find("key", one("sns", "GetTopicAttributes", _PLAIN_TOPIC), local=True)
    assert found.status is WARNING
    assert "not answered here: ministack" in found.finding
