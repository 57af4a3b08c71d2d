"""What AWS answers about the parts of a Herald that is installed, with one thing other than usual."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.doctor.fake_cloud import ACCOUNT, ALIAS_ARN, HEALTHY, NOW, error, with_queues

_GROUP: dict[str, Any] = HEALTHY["codedeploy", "GetDeploymentGroup"]["deploymentGroupInfo"]
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:herald-events"
_DESTINATION: dict[str, Any] = HEALTHY["sesv2", "GetConfigurationSetEventDestinations"]["EventDestinations"][0]

Answers = dict[tuple[str, str], Any]


def one(service: str, operation: str, answer: Any) -> Answers:
    return {(service, operation): answer}


def answer_missing(service: str, operation: str, code: str = "ResourceNotFoundException") -> Answers:
    return one(service, operation, error(code, operation, 404, "no such thing"))


def alias(**weights: float) -> Answers:
    routing = {"AdditionalVersionWeights": {name[1:]: weight for name, weight in weights.items()}}
    return one("lambda", "GetAlias", {"FunctionVersion": "7", "RoutingConfig": routing})


def group(**changes: Any) -> Answers:
    return one("codedeploy", "GetDeploymentGroup", {"deploymentGroupInfo": _GROUP | changes})


def alarms(**states: str) -> Answers:
    named = [{"AlarmName": f"herald-{name.replace('_', '-')}", "StateValue": state} for name, state in states.items()]
    return one("cloudwatch", "DescribeAlarms", {"MetricAlarms": named})


def destination(**changes: Any) -> Answers:
    answer = {"EventDestinations": [_DESTINATION | changes]}
    return one("sesv2", "GetConfigurationSetEventDestinations", answer)


def subscriptions(*found: dict[str, str]) -> Answers:
    return one("sns", "ListSubscriptionsByTopic", {"Subscriptions": list(found)})


def subscription(endpoint: str = ALIAS_ARN, arn: str = f"{TOPIC}:1") -> dict[str, str]:
    return {"SubscriptionArn": arn, "Protocol": "lambda", "Endpoint": endpoint}


def attributes(**given: str) -> Answers:
    return one("sns", "GetSubscriptionAttributes", {"Attributes": given})


def letters(count: int, days: float | None) -> Answers:
    points = [] if days is None else [{"Timestamp": NOW - timedelta(minutes=1), "Maximum": days * 86_400}]
    older = [] if days is None else [{"Timestamp": NOW - timedelta(minutes=9), "Maximum": 1e9}]
    return with_queues(dead={"ApproximateNumberOfMessages": str(count)}) | one(
        "cloudwatch", "GetMetricStatistics", {"Datapoints": points + older}
    )


def mapping(*states: str) -> Answers:
    return one("lambda", "ListEventSourceMappings", {"EventSourceMappings": [{"State": state} for state in states]})


def gateway(*audience: str) -> Answers:
    """An HTTP API whose authorizer knows these clients."""
    api = {"Name": "herald-gateway", "ApiId": "a1", "ProtocolType": "HTTP", "RouteSelectionExpression": "$r"}
    jwt = {"Issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "Audience": [*audience]}
    return {
        ("apigatewayv2", "GetApis"): {"Items": [api]},
        ("apigatewayv2", "GetAuthorizers"): {"Items": [{"Name": "publishers", "JwtConfiguration": jwt}]},
    }


def cognito(**mail: str) -> Answers:
    return one("cognito-idp", "DescribeUserPool", {"UserPool": {"Id": "pool", "EmailConfiguration": mail}})


def key(state: str) -> Answers:
    return one("kms", "DescribeKey", {"KeyMetadata": {"KeyId": "1234", "KeyState": state}})
