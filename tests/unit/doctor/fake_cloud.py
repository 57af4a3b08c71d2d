"""An AWS account in which all is well, as botocore shapes its answers, and ways to break it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from doctor.check import CheckResult, run
from doctor.check_context import CheckContext
from doctor.checks import CHECKS
from laptop.model_validation import hold_to_model, request_violations

__all__ = [
    "ACCOUNT",
    "ALIAS_ARN",
    "HEALTHY",
    "NOW",
    "QUEUES",
    "FakeCloud",
    "context",
    "error",
    "find",
    "policy",
    "queue_policy",
    "with_queues",
]

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
REGION = "eu-west-1"
ALIAS_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:herald-notify:live"
_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
_SETTINGS = {
    "HERALD_FROM": "Herald <books@mail.example.com>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_PUBLIC_URL": f"https://api1234567.execute-api.{REGION}.amazonaws.com",
}

#: An answer, an error, or what makes one of the parameters; by service and operation.
Answers = Mapping[tuple[str, str], Any]


def policy(service: str, actions: list[str], **condition: Any) -> str:
    """A resource's policy with one statement, as AWS answers it: text."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": "*"}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    )


def error(code: str, operation: str, status: int = 400, message: str = "no") -> ClientError:
    """An error of AWS's, as botocore raises it."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


class FakeCloud:
    """Answers from a table, held to botocore's model where `modelled`; remembers what was asked."""

    def __init__(self, answers: Answers, modelled: bool = True) -> None:
        self._answers = answers
        self._modelled = modelled
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        self.asked.append((service, operation, parameters))
        model = service.partition("@")[0]
        assert not request_violations(model, operation, parameters)
        answer = self._answers[service, operation]
        answer = answer(**parameters) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return hold_to_model(model, operation, answer) if self._modelled else dict(answer)


def _by_queue(**attributes: dict[str, str]) -> Callable[..., dict[str, Any]]:
    return lambda QueueUrl, AttributeNames: {"Attributes": attributes[QueueUrl.rpartition("/")[2].partition("-")[2]]}


def _subscription(part: str, protocol: str, endpoint: str) -> dict[str, Any]:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-{part}"
    return {"SubscriptionArn": f"{topic}:1", "Protocol": protocol, "Endpoint": endpoint, "TopicArn": topic}


def _subscriptions(TopicArn: str) -> dict[str, Any]:
    if TopicArn.endswith("-events"):
        return {"Subscriptions": [_subscription("events", "lambda", ALIAS_ARN)]}
    return {"Subscriptions": [_subscription("feedback", "sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:herald-feedback")]}


def _subscription_attributes(SubscriptionArn: str) -> dict[str, Any]:
    queue = "retry" if "-events" in SubscriptionArn else "dead"
    redrive = f'{{"deadLetterTargetArn": "arn:aws:sqs:{REGION}:{ACCOUNT}:herald-{queue}"}}'
    return {"Attributes": {"PendingConfirmation": "false", "RedrivePolicy": redrive}}


def queue_policy(part: str, **more: Any) -> str:
    """Lets SNS send from one topic."""
    source = {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-{part}"}}
    return policy("sns.amazonaws.com", ["sqs:SendMessage"], **source, **more)


QUEUES: dict[str, dict[str, str]] = {
    "retry": {"Policy": queue_policy("events")},
    "feedback": {"Policy": queue_policy("feedback")},
    "dead": {"Policy": queue_policy("feedback"), "ApproximateNumberOfMessages": "0"},
    "mail-webhook-dead": {"ApproximateNumberOfMessages": "0"},
}

HEALTHY: dict[tuple[str, str], Any] = {
    ("sts", "GetCallerIdentity"): {"Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/ada"},
    ("apigatewayv2", "GetApis"): {
        "Items": [
            {"Name": "herald-gateway", "ApiId": "a1", "ProtocolType": "HTTP", "RouteSelectionExpression": "$r"},
        ]
    },
    ("apigatewayv2", "GetAuthorizers"): {
        "Items": [{"Name": "publishers", "JwtConfiguration": {"Issuer": "https://i", "Audience": ["1example23456789"]}}]
    },
    ("sesv2", "GetAccount"): {
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": True,
        "SendingEnabled": True,
        "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 7.0},
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        "PricingAttributes": {"CurrentPlan": "NONE"},
    },
    ("sesv2", "GetEmailIdentity"): {
        "IdentityType": "DOMAIN",
        "VerifiedForSendingStatus": True,
        "VerificationStatus": "SUCCESS",
        "DkimAttributes": {
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "Tokens": ["one", "two", "three"],
            "CurrentSigningKeyLength": "RSA_2048_BIT",
        },
        "MailFromAttributes": {
            "MailFromDomain": "bounce.mail.example.com",
            "MailFromDomainStatus": "SUCCESS",
            "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
        },
    },
    ("sesv2", "GetConfigurationSet"): {
        "SendingOptions": {"SendingEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
    },
    ("sesv2", "GetConfigurationSetEventDestinations"): {
        "EventDestinations": [
            {
                "Name": "feedback",
                "Enabled": True,
                "MatchingEventTypes": [
                    "SEND",
                    "REJECT",
                    "BOUNCE",
                    "COMPLAINT",
                    "DELIVERY",
                    "RENDERING_FAILURE",
                    "DELIVERY_DELAY",
                ],
                "SnsDestination": {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-feedback"},
            }
        ]
    },
    ("lambda", "GetFunctionConfiguration"): {"Environment": {"Variables": _SETTINGS}},
    ("lambda", "GetAccountSettings"): {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 996}
    },
    ("lambda", "GetFunctionConcurrency"): {"ReservedConcurrentExecutions": 4},
    ("lambda", "GetAlias"): {"FunctionVersion": "7"},
    ("lambda", "GetPolicy"): {
        "Policy": policy(
            "sns.amazonaws.com",
            ["lambda:InvokeFunction"],
            ArnLike={"AWS:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-events"},
        )
    },
    ("lambda", "ListEventSourceMappings"): {"EventSourceMappings": [{"State": "Enabled"}]},
    ("codedeploy", "ListDeployments"): {"deployments": []},
    ("codedeploy", "GetDeploymentGroup"): {
        "deploymentGroupInfo": {
            "computePlatform": "Lambda",
            "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
            "alarmConfiguration": {"enabled": True, "alarms": [{"name": "herald-notify-errors"}]},
            "autoRollbackConfiguration": {
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
            },
        }
    },
    ("cloudwatch", "DescribeAlarms"): {
        "MetricAlarms": [
            {"AlarmName": "herald-notify-errors", "StateValue": "OK"},
            {"AlarmName": "herald-dead-letters", "StateValue": "INSUFFICIENT_DATA"},
        ]
    },
    ("cloudwatch", "GetMetricStatistics"): {"Datapoints": []},
    ("sns", "ListSubscriptionsByTopic"): _subscriptions,
    ("sns", "GetSubscriptionAttributes"): _subscription_attributes,
    ("sns", "GetTopicAttributes"): {"Attributes": {"KmsMasterKeyId": _KEY}},
    ("sqs", "GetQueueUrl"): lambda QueueName: {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QueueName}"},
    ("sqs", "GetQueueAttributes"): _by_queue(**QUEUES),
    ("cognito-idp", "ListUserPools"): {"UserPools": [{"Id": f"{REGION}_pool", "Name": "herald"}]},
    ("cognito-idp", "DescribeUserPool"): {
        "UserPool": {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "From": "books@mail.example.com"}}
    },
    ("apigatewayv2", "GetApi"): {"Name": "herald-web", "ProtocolType": "HTTP", "RouteSelectionExpression": "$request"},
    ("kms", "DescribeKey"): {"KeyMetadata": {"KeyId": "1234", "KeyState": "Enabled"}},
    ("kms", "GetKeyPolicy"): {
        "Policy": policy("sns.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey*"]).replace(
            '"sns.amazonaws.com"', '["sns.amazonaws.com", "ses.amazonaws.com", "cloudwatch.amazonaws.com"]'
        )
    },
}


def context(answers: Answers | None = None, modelled: bool = True, **changes: Any) -> CheckContext:
    """The context of a healthy Herald but for these answers, and these fields of it."""
    fields: dict[str, Any] = {
        "cloud": FakeCloud({**HEALTHY, **(answers or {})}, modelled),
        "prefix": "herald",
        "region": REGION,
        "where": REGION,
        "regions": (("AWS_REGION", REGION),),
        "now": NOW,
        "send_rate": 14.0,
        "reservation": 4,
    }
    return CheckContext(**(fields | changes))


def find(id_: str, answers: Answers | None = None, modelled: bool = True, **changes: Any) -> CheckResult:
    """What one check finds in such a Herald."""
    (check,) = [one for one in CHECKS if one.id == id_]
    (result,) = run([check], context(answers, modelled, **changes))
    return result


def with_queues(**attributes: dict[str, str]) -> dict[tuple[str, str], Any]:
    """The answers where queues have these attributes over the healthy ones."""
    return {
        ("sqs", "GetQueueAttributes"): _by_queue(
            **{**QUEUES, **{name: QUEUES[name] | more for name, more in attributes.items()}}
        )
    }
