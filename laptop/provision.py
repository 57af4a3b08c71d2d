"""Makes by boto3 what Terraform makes on AWS, in about a second: what keeps state first, then what runs."""

from __future__ import annotations

import json
import secrets
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from laptop.clients import Clients
from laptop.codedeploy_group import make_deployment
from laptop.environment import ACCOUNT, REGION
from laptop.resources import (
    ADDRESS_KEY,
    CONFIGURATION_SET,
    EVENT_SOURCE,
    FEEDBACK_EVENTS,
    FUNCTIONS,
    LEDGER_TABLE,
    LINK_KEY,
    PREFIX,
    SENDER,
    SESSION_KEY,
    Function,
    topic_policy,
)
from laptop.time_scale import TimeScale
from webapp.aws import table as books

__all__ = ["Provisioned", "make_functions", "make_stores"]

#: After so many receives `notify` gives up by itself; the queue's own redrive is only the backstop.
RECEIVES = 200
PACKAGES = f"{PREFIX}-packages"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-laptop"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(slots=True)
class Provisioned:
    """Everything that was made, each by its name without the prefix: tables by name, topics by ARN, queues by URL."""

    tables: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)


def make_stores(clients: Clients, time_scale: TimeScale) -> Provisioned:
    """Make tables, topics, queues and the keys."""
    made = Provisioned()
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(_tables, clients, made),
            pool.submit(_make_messaging, clients, made, str(time_scale.visibility)),
            pool.submit(_parameters, clients),
        ]
        for job in jobs:
            job.result()
    return made


def make_functions(clients: Clients, made: Provisioned, zips: Mapping[str, Path], more: Mapping[str, str]) -> None:
    """Make the functions from their packages (`function` and `webapp`), SES's side, and join all to the stores.

    `more` is put into the environment of every function, over what is given here.
    """
    clients.any("iam").create_role(**_role())
    clients.any("s3").create_bucket(Bucket=PACKAGES)
    with ThreadPoolExecutor(3) as pool:
        uploads = [pool.submit(_upload, clients, name, archive) for name, archive in zips.items()]
        for upload in uploads:
            upload.result()
        packed = [function for function in FUNCTIONS if _holds(zips[function.zip], function.module)]
        settings = _settings(made)
        arns = pool.map(lambda one: _function(clients, one, {**settings, **one.settings, **more}), packed)
        made.functions.update(zip([function.name for function in packed], arns, strict=True))
        _email(clients, made)
        make_deployment(clients)
    _wire(clients, made)


def _tables(clients: Clients, made: Provisioned) -> None:
    definitions = {"books": (books.DEFINITION, books.EXPIRES_AT), "ledger": (LEDGER_TABLE, "expires_at")}
    for part, (definition, expiry) in definitions.items():
        name = f"{PREFIX}-{part}"
        clients.dynamodb.create_table(TableName=name, **cast("Any", definition))
        clients.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": expiry, "Enabled": True}
        )
        made.tables[part] = name


def _make_messaging(clients: Clients, made: Provisioned, visibility: str) -> None:
    for part in ("events", "feedback"):
        made.topics[part] = clients.sns.create_topic(Name=f"{PREFIX}-{part}")["TopicArn"]
    backstop = {"deadLetterTargetArn": _queue_arn("dead"), "maxReceiveCount": RECEIVES + 1}
    attributes = {
        "dead": {
            "MessageRetentionPeriod": "1209600",
            "Policy": topic_policy(f"{PREFIX}-dead", made.topics["feedback"]),
        },
        "retry": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps(backstop),
            "Policy": topic_policy(f"{PREFIX}-retry", made.topics["events"]),
        },
        "feedback": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps({**backstop, "maxReceiveCount": 10}),
            "Policy": topic_policy(f"{PREFIX}-feedback", made.topics["feedback"]),
        },
    }
    for part, wanted in attributes.items():
        created = clients.sqs.create_queue(QueueName=f"{PREFIX}-{part}", Attributes=cast("Any", wanted))
        made.queues[part] = created["QueueUrl"]
    clients.sns.subscribe(
        TopicArn=made.topics["feedback"],
        Protocol="sqs",
        Endpoint=_queue_arn("feedback"),
        Attributes=_redrive("dead"),
    )


def _parameters(clients: Clients) -> None:
    for name in (ADDRESS_KEY, LINK_KEY, SESSION_KEY):
        clients.any("ssm").put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")


def _role() -> dict[str, str]:
    return {"RoleName": ROLE.rpartition("/")[2], "AssumeRolePolicyDocument": json.dumps(TRUST)}


def _email(clients: Clients, made: Provisioned) -> None:
    domain = SENDER.rpartition("@")[2].rstrip(">")
    clients.ses.create_email_identity(EmailIdentity=domain)
    clients.ses.create_configuration_set(ConfigurationSetName=CONFIGURATION_SET)
    clients.ses.create_configuration_set_event_destination(
        ConfigurationSetName=CONFIGURATION_SET,
        EventDestinationName="feedback",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": cast("Any", FEEDBACK_EVENTS),
            "SnsDestination": {"TopicArn": made.topics["feedback"]},
        },
    )


def _settings(made: Provisioned) -> dict[str, str]:
    """The environment of every function; each reads what it needs."""
    return {
        "HERALD_BOOKS_TABLE": made.tables["books"],
        "HERALD_LEDGER_TABLE": made.tables["ledger"],
        "HERALD_EVENTS_TOPIC_ARN": made.topics["events"],
        "HERALD_EVENT_SOURCE": EVENT_SOURCE,
        "HERALD_DEAD_QUEUE_URL": made.queues["dead"],
        "HERALD_RETRY_QUEUE_URL": made.queues["retry"],
        "HERALD_PROVIDERS": f"ses://{REGION}",
        "HERALD_FROM": SENDER,
        "HERALD_CONFIGURATION_SET": CONFIGURATION_SET,
        "HERALD_ADDRESS_KEY_PARAMETER": ADDRESS_KEY,
        "HERALD_LINK_KEY_PARAMETER": LINK_KEY,
        "HERALD_RETENTION_DAYS": "90",
        "HERALD_RETRY_RECEIVES": str(RECEIVES),
    }


def _upload(clients: Clients, name: str, archive: Path) -> None:
    """Hand a package over once: as part of each function's own request it takes ten times as long."""
    clients.any("s3").put_object(Bucket=PACKAGES, Key=name, Body=archive.read_bytes())


def _function(clients: Clients, function: Function, settings: dict[str, str]) -> str:
    """Create one function; return the ARN that callers use, which is that of the alias if it has one."""
    name = function.full_name
    created = clients.functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler=function.handler,
        Code={"S3Bucket": PACKAGES, "S3Key": function.zip},
        Timeout=function.timeout,
        MemorySize=512,
        Publish=True,
        Environment={"Variables": settings},
    )
    if not function.alias:
        return _function_arn(name)
    return clients.functions.create_alias(FunctionName=name, Name="live", FunctionVersion=created["Version"])[
        "AliasArn"
    ]


def _wire(clients: Clients, made: Provisioned) -> None:
    """Join topics, queues and the stream to the functions."""
    functions = clients.functions
    notify = made.functions["notify"]
    functions.add_permission(
        FunctionName=f"{PREFIX}-notify",
        Qualifier="live",
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=made.topics["events"],
    )
    functions.put_function_event_invoke_config(
        FunctionName=f"{PREFIX}-notify",
        Qualifier="live",
        DestinationConfig={"OnFailure": {"Destination": _queue_arn("retry")}},
    )
    clients.sns.subscribe(
        TopicArn=made.topics["events"],
        Protocol="lambda",
        Endpoint=notify,
        Attributes=_redrive("retry"),
    )
    stream = clients.dynamodb.describe_table(TableName=made.tables["books"])["Table"]["LatestStreamArn"]
    functions.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=made.functions["relay"],
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": json.dumps(books.RELAY_FILTER)}]},
    )
    for queue, function, size, at_once in (("retry", "notify", 1, 3), ("feedback", "feedback", 10, 2)):
        if function in made.functions:
            functions.create_event_source_mapping(
                EventSourceArn=_queue_arn(queue),
                FunctionName=made.functions[function],
                BatchSize=size,
                ScalingConfig={"MaximumConcurrency": at_once},
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )


def _redrive(queue: str) -> dict[str, str]:
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": _queue_arn(queue)})}


def _function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def _queue_arn(part: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-{part}"


def _holds(archive: Path, module: str) -> bool:
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
    return module in names or f"{module}c" in names
