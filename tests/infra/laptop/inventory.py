"""What is there, read the same way from every cloud: one flat dictionary of attributes, free of ports and ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from laptop.clients import LaptopClients

__all__ = ["inventory"]

Fact = tuple[str, Any]


def inventory(clients: LaptopClients) -> dict[str, Any]:
    """Every attribute that the code could notice, by `kind name attribute`."""
    readers = (_tables, _topics, _queues, _functions, _mappings, _email, _parameters, _release)
    return {name: _plain(value) for read in readers for name, value in read(clients)}


def _plain(value: Any) -> Any:
    """The value without what differs from cloud to cloud: ports, pool and client ids, API ids, the stream's time."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "ENDPOINT", json.dumps(value, sort_keys=True, default=str))
    text = re.sub(r"us-east-1_\w+", "POOL", re.sub(r"stream/[\w:.-]+", "stream/TIME", text))
    return json.loads(text)


def _tables(clients: LaptopClients) -> Iterator[Fact]:
    for name in clients.dynamodb.list_tables()["TableNames"]:
        table: Any = clients.dynamodb.describe_table(TableName=name)["Table"]
        yield f"table {name} keys", table["KeySchema"]
        attributes = sorted(table["AttributeDefinitions"], key=lambda each: each["AttributeName"])
        yield f"table {name} attributes", attributes
        yield f"table {name} billing", table.get("BillingModeSummary", {}).get("BillingMode")
        yield f"table {name} stream", table.get("StreamSpecification")
        for index in table.get("GlobalSecondaryIndexes", ()):
            yield f"table {name} index {index['IndexName']}", [index["KeySchema"], index["Projection"]]
        expiry: Any = clients.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        yield f"table {name} expiry", expiry.get("AttributeName")


def _topics(clients: LaptopClients) -> Iterator[Fact]:
    for topic in clients.sns.list_topics()["Topics"]:
        name = topic["TopicArn"].rpartition(":")[2]
        yield f"topic {name}", topic["TopicArn"]
        for subscription in clients.sns.list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]:
            arn = subscription["SubscriptionArn"]
            attributes: Any = clients.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
            about = f"subscription {name} to {subscription['Endpoint']}"
            yield about, subscription["Protocol"]
            yield f"{about} raw", attributes.get("RawMessageDelivery", "false")
            yield f"{about} filter", attributes.get("FilterPolicy") or None
            yield f"{about} redrive", json.loads(attributes.get("RedrivePolicy") or "{}")


def _queues(clients: LaptopClients) -> Iterator[Fact]:
    for url in clients.sqs.list_queues().get("QueueUrls", []):
        name = url.rpartition("/")[2]
        attributes: Any = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for attribute in ("MessageRetentionPeriod", "VisibilityTimeout", "DelaySeconds", "MaximumMessageSize"):
            yield f"queue {name} {attribute}", attributes.get(attribute)
        yield f"queue {name} redrive", json.loads(attributes.get("RedrivePolicy", "{}"))
        yield f"queue {name} key", bool(attributes.get("KmsMasterKeyId"))


def _functions(clients: LaptopClients) -> Iterator[Fact]:
    functions = clients.functions
    for function in functions.list_functions()["Functions"]:
        name = function["FunctionName"]
        for attribute in ("Handler", "Runtime", "Timeout", "MemorySize", "Architectures", "Role"):
            yield f"function {name} {attribute}", function.get(attribute)
        for setting, value in function.get("Environment", {}).get("Variables", {}).items():
            yield f"function {name} setting {setting}", value
        for alias in functions.list_aliases(FunctionName=name)["Aliases"]:
            yield f"function {name} alias {alias['Name']}", alias["FunctionVersion"]
            configs: Any = functions.list_function_event_invoke_configs(FunctionName=name)
            for config in configs["FunctionEventInvokeConfigs"]:
                yield f"function {name} on failure", config["DestinationConfig"]["OnFailure"]


def _mappings(clients: LaptopClients) -> Iterator[Fact]:
    for mapping in clients.functions.list_event_source_mappings()["EventSourceMappings"]:
        function = mapping["FunctionArn"].partition(":function:")[2]
        source = re.sub(r"/stream/.*", "", mapping["EventSourceArn"].split(":", 5)[5])
        filters: Any = mapping.get("FilterCriteria", {}).get("Filters", [])
        yield f"mapping {source} to {function} filters", [json.loads(each["Pattern"]) for each in filters]
        for attribute in ("BatchSize", "FunctionResponseTypes", "ScalingConfig", "StartingPosition"):
            yield f"mapping {source} to {function} {attribute}", mapping.get(attribute) or None
        window = mapping.get("MaximumBatchingWindowInSeconds") or 0
        yield f"mapping {source} to {function} MaximumBatchingWindowInSeconds", window


def _email(clients: LaptopClients) -> Iterator[Fact]:
    ses: Any = clients.ses
    for name in ses.list_configuration_sets().get("ConfigurationSets", []):
        destinations = ses.get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"]
        for destination in destinations:
            about = f"configuration set {name} to {destination['Name']}"
            yield f"{about} topic", destination["SnsDestination"]
            yield f"{about} events", sorted(destination["MatchingEventTypes"])
    for identity in ses.list_email_identities()["EmailIdentities"]:
        yield f"identity {identity['IdentityName']}", identity["IdentityType"]


def _parameters(clients: LaptopClients) -> Iterator[Fact]:
    ssm: Any = clients.make_client("ssm")
    for parameter in ssm.describe_parameters()["Parameters"]:
        yield f"parameter {parameter['Name']}", parameter["Type"]


def _release(clients: LaptopClients) -> Iterator[Fact]:
    group: Any = clients.make_client("codedeploy").get_deployment_group(
        applicationName="herald", deploymentGroupName="herald"
    )
    info = group["deploymentGroupInfo"]
    for attribute in ("deploymentConfigName", "deploymentStyle", "serviceRoleArn"):
        yield f"deployment group {attribute}", info.get(attribute)
    yield "deployment group rolls back", sorted(info["autoRollbackConfiguration"]["events"])
    watched = sorted(alarm["name"] for alarm in info["alarmConfiguration"]["alarms"])
    yield "deployment group watches", watched
    for alarm in clients.make_client("cloudwatch").describe_alarms(AlarmNames=watched)["MetricAlarms"]:
        for attribute in ("Namespace", "MetricName", "Statistic", "Period", "Threshold", "TreatMissingData"):
            yield f"alarm {alarm['AlarmName']} {attribute}", alarm.get(attribute)
        yield f"alarm {alarm['AlarmName']} dimensions", sorted(map(sorted, map(dict.items, alarm["Dimensions"])))
