"""Creates the functions, the SES resources, and the connections between functions, topics, queues and stream."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from function.message.addressing.tenant import pack_tenants
from function.message.from_header import split_sender
from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.provision.codedeploy import make_deployment
from laptop.provision.messaging import RECEIVES, Provisioned, build_queue_arn, redrive_to
from laptop.resources import (
    ADDRESS_KEY,
    CONFIGURATION_SET,
    EVENT_SOURCE,
    FEEDBACK_EVENTS,
    FUNCTIONS,
    LINK_KEY,
    PREFIX,
    SENDER,
    Function,
)
from webapp.aws import table as books

__all__ = ["allow_attachments", "allow_senders", "declare_roles", "declare_tenants", "find_domains", "make_functions"]

_DOMAIN = split_sender(SENDER)[1].rpartition("@")[2]
PACKAGES = f"{PREFIX}-packages"
#: The bucket for attachments used on this machine.
ATTACHMENTS = f"{PREFIX}-attachments"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-laptop"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def make_functions(
    clients: LaptopClients,
    made: Provisioned,
    zips: Mapping[str, Path],
    more: Mapping[str, str],
    wanted: Sequence[Function] = FUNCTIONS,
) -> None:
    """Create the functions from their packages (`function` and `webapp`), the SES resources, and all connections.

    `more` is added to the environment of every function and overrides the settings from here.
    """
    clients.make_client("iam").create_role(**_create_role())
    clients.make_client("s3").create_bucket(Bucket=PACKAGES)
    with ThreadPoolExecutor(3) as pool:
        uploads = [pool.submit(_upload, clients, name, archive) for name, archive in zips.items()]
        for upload in uploads:
            upload.result()
        packed = [function for function in wanted if _contains(zips[function.zip], function.module)]
        settings = _build_settings(made)
        arns = pool.map(lambda one: _create_function(clients, one, {**settings, **one.settings, **more}), packed)
        made.functions.update(zip([function.name for function in packed], arns, strict=True))
        _create_email(clients, made)
        make_deployment(clients)
    _connect(clients, made)


def _create_role() -> dict[str, str]:
    return {"RoleName": ROLE.rpartition("/")[2], "AssumeRolePolicyDocument": json.dumps(TRUST)}


def allow_senders(clients: LaptopClients, catalogue: Path) -> dict[str, str]:
    """Verify the domains of the senders that notifications name. Returns the setting that allows the senders."""
    notifications = json.loads((catalogue / "catalogue.json").read_bytes())["notifications"]
    addresses = sorted({split_sender(one["from"])[1] for one in notifications.values() if "from" in one})
    for domain in {address.rpartition("@")[2] for address in addresses} - {_DOMAIN}:
        clients.ses.create_email_identity(EmailIdentity=domain)
    return {"HERALD_SENDERS": ",".join(addresses)} if addresses else {}


def allow_attachments(clients: LaptopClients, catalogue: Path) -> dict[str, str]:
    """Create buckets for attachments if any notification has them: a default one, and each one named in examples.

    Returns the setting that allows the buckets.
    """
    notifications = json.loads((catalogue / "catalogue.json").read_bytes())["notifications"]
    if not any("attachments" in one for one in notifications.values()):
        return {}
    examples = json.loads((catalogue / "examples.json").read_bytes())
    named = [data.get("attachments") for of_type in examples.values() for data in of_type.values()]
    urls = [one["url"] for files in named if isinstance(files, list) for one in files if "url" in one]
    buckets = sorted({ATTACHMENTS, *(url.removeprefix("s3://").partition("/")[0] for url in urls)})
    for bucket in buckets:
        clients.make_client("s3").create_bucket(Bucket=bucket)
    return {"HERALD_ATTACHMENT_BUCKETS": ",".join(buckets)}


def declare_roles(catalogue: Path) -> dict[str, str]:
    """Choose an address for each role that notifications send copies to. Returns the setting that declares them."""
    notifications = json.loads((catalogue / "catalogue.json").read_bytes())["notifications"]
    roles = {role for one in notifications.values() for role in (*one.get("cc", ()), *one.get("bcc", ()))}
    addresses = {role: f"{role}@{_DOMAIN}" for role in sorted(roles)}
    return {"HERALD_ROLES": json.dumps(addresses)} if addresses else {}


def declare_tenants(clients: LaptopClients, catalogue: Path) -> dict[str, str]:
    """Declare a tenant for each brand other than the deployment's own, with its own address and suppression list.

    Returns the setting that declares the tenants.
    """
    brands = json.loads((catalogue / "catalogue.json").read_bytes()).get("brands", {})
    for tenant in brands:
        clients.ses.create_email_identity(EmailIdentity=_name_tenant_domain(tenant))
    declared = {
        tenant: {"from": f"{brand['name']} <mail@{_name_tenant_domain(tenant)}>", "suppression": "own"}
        for tenant, brand in brands.items()
    }
    return {"HERALD_TENANTS": pack_tenants(declared)} if declared else {}


def find_domains(notifications: Path) -> list[str]:
    """Return the domains of all other senders, to be verified at every provider: those of notifications and of tenants.

    Notifications are searched for the text of a `from` property, so invalid JSON does no harm.
    """
    tenants = [_name_tenant_domain(path.stem) for path in notifications.glob("brands/*.json")]
    named = re.findall(
        r'"from"\s*:\s*"[^"]*@([A-Za-z0-9.-]+)',
        "".join(path.read_text("utf-8", "replace") for path in notifications.glob("*/notification.json")),
    )
    return sorted({*tenants, *named})


def _name_tenant_domain(tenant: str) -> str:
    return f"{tenant}.example"


def _create_email(clients: LaptopClients, made: Provisioned) -> None:
    clients.ses.create_email_identity(EmailIdentity=_DOMAIN)
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


def _build_settings(made: Provisioned) -> dict[str, str]:
    """Return the environment of every function; each function reads what it needs."""
    return {
        "HERALD_BOOKS_TABLE": made.tables["books"],
        "HERALD_LEDGER_TABLE": made.tables["ledger"],
        "HERALD_EVENTS_TOPIC_ARN": made.topics["events"],
        "HERALD_EVENT_SOURCE": EVENT_SOURCE,
        "HERALD_DEAD_QUEUE_URL": made.queues["dead"],
        "HERALD_RETRY_QUEUE_URL": made.queues["retry"],
        "HERALD_FROM": SENDER,
        "HERALD_CONFIGURATION_SET": CONFIGURATION_SET,
        "HERALD_ADDRESS_KEY_PARAMETER": ADDRESS_KEY,
        "HERALD_LINK_KEY_PARAMETER": LINK_KEY,
        "HERALD_RETENTION_DAYS": "60",
        "HERALD_SCHEDULING": "on",
        "HERALD_RETRY_RECEIVES": str(RECEIVES),
    }


def _upload(clients: LaptopClients, name: str, archive: Path) -> None:
    """Upload a package once: sending it in the request for each function takes ten times as long."""
    clients.make_client("s3").put_object(Bucket=PACKAGES, Key=name, Body=archive.read_bytes())


def _create_function(clients: LaptopClients, function: Function, settings: dict[str, str]) -> str:
    """Create one function. Returns the ARN that callers use: that of the alias, if it has one."""
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
        return _build_function_arn(name)
    return clients.functions.create_alias(FunctionName=name, Name="live", FunctionVersion=created["Version"])[
        "AliasArn"
    ]


def _connect(clients: LaptopClients, made: Provisioned) -> None:
    """Connect topics, queues and the stream to the functions."""
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
        DestinationConfig={"OnFailure": {"Destination": build_queue_arn("retry")}},
    )
    clients.sns.subscribe(
        TopicArn=made.topics["events"],
        Protocol="lambda",
        Endpoint=notify,
        Attributes=redrive_to("retry"),
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
                EventSourceArn=build_queue_arn(queue),
                FunctionName=made.functions[function],
                BatchSize=size,
                ScalingConfig={"MaximumConcurrency": at_once},
                FunctionResponseTypes=["ReportBatchItemFailures"],
            )


def _build_function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def _contains(archive: Path, module: str) -> bool:
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
    return module in names or f"{module}c" in names
