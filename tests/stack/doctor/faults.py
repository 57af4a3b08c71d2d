"""What can be broken on a laptop cloud, one thing at a time, and what the doctor says of each."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from doctor.check import CheckStatus
from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.resources import CONFIGURATION_SET

__all__ = ["FAULTS", "NOTIFY", "Fault", "leave_weights", "permit", "put_letter", "queue_url", "weigh"]

NOTIFY: Any = {"FunctionName": "herald-notify"}
_WEB: Any = {"FunctionName": "herald-web"}
_LIVE: Any = {**NOTIFY, "Qualifier": "live"}
_EVENTS = f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-events"
_FEEDBACK = f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-feedback"
_DOMAIN = "herald.example"

Change = Callable[[LaptopClients], Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to break, what the doctor says of it, and how it is repaired."""

    check: str
    status: CheckStatus
    says: str
    breaks: Change
    repair: Change


def queue_url(clients: LaptopClients, part: str) -> str:
    return clients.sqs.get_queue_url(QueueName=f"herald-{part}")["QueueUrl"]


def _switch_mapping(clients: LaptopClients, enabled: bool) -> None:
    (found,) = clients.functions.list_event_source_mappings(
        EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:herald-retry"
    )["EventSourceMappings"]
    clients.functions.update_event_source_mapping(UUID=found["UUID"], Enabled=enabled)


def _subscription(clients: LaptopClients, topic: str = _EVENTS) -> str:
    (found,) = clients.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return found["SubscriptionArn"]


def _subscribe(clients: LaptopClients) -> None:
    clients.sns.subscribe(
        TopicArn=_EVENTS,
        Protocol="lambda",
        Endpoint=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:herald-notify:live",
        Attributes={"RedrivePolicy": _redrive()},
    )


def _redrive(queue: str = "retry") -> str:
    return json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:herald-{queue}"})


def _redrive_to(clients: LaptopClients, value: str, topic: str = _EVENTS) -> None:
    clients.sns.set_subscription_attributes(
        SubscriptionArn=_subscription(clients, topic), AttributeName="RedrivePolicy", AttributeValue=value
    )


def _policy(clients: LaptopClients, topic: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    clients.sqs.set_queue_attributes(QueueUrl=queue_url(clients, "retry"), Attributes={"Policy": document})


def weigh(clients: LaptopClients, weights: dict[str, float]) -> None:
    alias = clients.functions.get_alias(**NOTIFY, Name="live")
    clients.functions.update_alias(
        **NOTIFY,
        Name="live",
        FunctionVersion=alias["FunctionVersion"],
        RoutingConfig={"AdditionalVersionWeights": weights},
    )


def leave_weights(clients: LaptopClients) -> None:
    clients.functions.update_function_configuration(**NOTIFY, Description="another version")
    weigh(clients, {clients.functions.publish_version(**NOTIFY)["Version"]: 0.1})


def permit(clients: LaptopClients) -> None:
    clients.functions.add_permission(
        **_LIVE, StatementId="events", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=_EVENTS
    )


def put_letter(clients: LaptopClients) -> None:
    clients.sqs.send_message(QueueUrl=queue_url(clients, "dead"), MessageBody="lost")


def _destination(clients: LaptopClients, enabled: bool) -> None:
    (found,) = clients.ses.get_configuration_set_event_destinations(ConfigurationSetName=CONFIGURATION_SET)[
        "EventDestinations"
    ]
    clients.ses.update_configuration_set_event_destination(
        ConfigurationSetName=CONFIGURATION_SET,
        EventDestinationName=found["Name"],
        EventDestination={
            "Enabled": enabled,
            "MatchingEventTypes": found["MatchingEventTypes"],
            "SnsDestination": {"TopicArn": found["SnsDestination"]["TopicArn"]},
        },
    )


def _group(clients: LaptopClients, **changes: Any) -> None:
    clients.make_client("codedeploy").update_deployment_group(
        applicationName="herald", currentDeploymentGroupName="herald", **changes
    )


def _watch(clients: LaptopClients, *names: str) -> None:
    _group(clients, alarmConfiguration={"enabled": bool(names), "alarms": [{"name": name} for name in names]})


def _ring(clients: LaptopClients) -> None:
    """An alarm that rings as long as nothing is measured."""
    clients.make_client("cloudwatch").put_metric_alarm(
        AlarmName="herald-doctor",
        Namespace="Herald",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="breaching",
    )


def _mail_from(clients: LaptopClients, domain: str) -> None:
    clients.ses.put_email_identity_mail_from_attributes(EmailIdentity=_DOMAIN, MailFromDomain=domain)


def _pool_mails(clients: LaptopClients, **configuration: Any) -> None:
    pools = clients.cognito.list_user_pools(MaxResults=60)["UserPools"]
    pool = next(one["Id"] for one in pools if one["Name"] == "herald")
    clients.cognito.update_user_pool(UserPoolId=pool, EmailConfiguration=cast("Any", configuration))


def _encrypt(clients: LaptopClients, *services: str) -> str:
    """Encrypt the topic by a new key that these services may use; its id."""
    kms = clients.make_client("kms")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    key: str = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    _use_key(clients, key)
    return key


def _use_key(clients: LaptopClients, key: str = "") -> None:
    clients.sns.set_topic_attributes(TopicArn=_EVENTS, AttributeName="KmsMasterKeyId", AttributeValue=key)


def _make_web(clients: LaptopClients) -> None:
    """`make run` has the web app in a process of its own; here is a function that links to a host of nobody's."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("web.py", "def handler(*_): ...")
    clients.functions.create_function(
        **_WEB,
        Runtime="python3.13",
        Handler="web.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/herald-web",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"HERALD_PUBLIC_URL": "https://books.herald.example"}},
    )


_WATCHED = ("herald-notify-errors", "herald-unknown-outcomes")
WRONG, WARNING = CheckStatus.WRONG, CheckStatus.WARNING

FAULTS = [
    Fault(
        "ses-sending",
        WRONG,
        "sending is off for the whole account",
        lambda c: c.ses.put_account_sending_attributes(SendingEnabled=False),
        lambda c: c.ses.put_account_sending_attributes(SendingEnabled=True),
    ),
    Fault(
        "ses-suppression",
        WARNING,
        "COMPLAINT",
        lambda c: c.ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"]),
        lambda c: c.ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"]),
    ),
    Fault(
        "ses-plan",
        WARNING,
        "the plan is ESSENTIALS, PRO from next month",
        lambda c: c.ses.put_account_pricing_attributes(Plan="PRO"),
        lambda c: c.ses.put_account_pricing_attributes(Plan="ESSENTIALS"),
    ),
    Fault(
        "ses-mail-from",
        WARNING,
        "herald.example has no MAIL FROM domain of its own",
        lambda c: _mail_from(c, ""),
        lambda c: _mail_from(c, f"bounce.{_DOMAIN}"),
    ),
    Fault(
        "ses-identity",
        WRONG,
        "SES knows no identity for books@herald.example",
        lambda c: c.ses.delete_email_identity(EmailIdentity=_DOMAIN),
        lambda c: c.ses.create_email_identity(EmailIdentity=_DOMAIN),
    ),
    Fault(
        "ses-dkim",
        WRONG,
        "mail of herald.example is not signed",
        lambda c: c.ses.put_email_identity_dkim_attributes(EmailIdentity=_DOMAIN, SigningEnabled=False),
        lambda c: c.ses.put_email_identity_dkim_attributes(EmailIdentity=_DOMAIN, SigningEnabled=True),
    ),
    Fault(
        "ses-tenants",
        WRONG,
        "acme: SES knows no identity for mail@acme.example",
        lambda c: c.ses.delete_email_identity(EmailIdentity="acme.example"),
        lambda c: c.ses.create_email_identity(EmailIdentity="acme.example"),
    ),
    Fault(
        "ses-configuration-set",
        WRONG,
        "sending through herald is off",
        lambda c: c.ses.put_configuration_set_sending_options(
            ConfigurationSetName=CONFIGURATION_SET, SendingEnabled=False
        ),
        lambda c: c.ses.put_configuration_set_sending_options(
            ConfigurationSetName=CONFIGURATION_SET, SendingEnabled=True
        ),
    ),
    Fault(
        "ses-event-destination",
        WRONG,
        "the event destination feedback of herald is off",
        lambda c: _destination(c, False),
        lambda c: _destination(c, True),
    ),
    Fault(
        "lambda-paused",
        WARNING,
        "herald-notify is paused",
        lambda c: c.functions.put_function_concurrency(**NOTIFY, ReservedConcurrentExecutions=0),
        lambda c: c.functions.delete_function_concurrency(**NOTIFY),
    ),
    Fault(
        "lambda-concurrency",
        WARNING,
        "2 are reserved, send_rate needs 4",
        lambda c: c.functions.put_function_concurrency(**NOTIFY, ReservedConcurrentExecutions=2),
        lambda c: c.functions.delete_function_concurrency(**NOTIFY),
    ),
    Fault(
        "lambda-permission",
        WRONG,
        "SNS may not invoke herald-notify:live",
        lambda c: c.functions.remove_permission(**_LIVE, StatementId="events"),
        permit,
    ),
    Fault("release", WRONG, "gets 10 %", leave_weights, lambda c: weigh(c, {})),
    Fault(
        "codedeploy-group",
        WRONG,
        "watches no alarm",
        _watch,
        lambda c: _watch(c, *_WATCHED),
    ),
    Fault(
        "alarms",
        WARNING,
        "herald-doctor rings",
        _ring,
        lambda c: c.make_client("cloudwatch").delete_alarms(AlarmNames=["herald-doctor"]),
    ),
    Fault(
        "alarms",
        WRONG,
        "herald-gone, which does not exist",
        lambda c: _watch(c, *_WATCHED, "herald-gone"),
        lambda c: _watch(c, *_WATCHED),
    ),
    Fault(
        "sns-events",
        WRONG,
        "it leads to nowhere",
        lambda c: c.sns.unsubscribe(SubscriptionArn=_subscription(c)),
        _subscribe,
    ),
    Fault(
        "sns-events",
        WRONG,
        "goes nowhere, not to",
        lambda c: _redrive_to(c, "{}"),
        lambda c: _redrive_to(c, _redrive()),
    ),
    Fault(
        "sns-feedback",
        WRONG,
        "goes nowhere, not to",
        lambda c: _redrive_to(c, "{}", _FEEDBACK),
        lambda c: _redrive_to(c, _redrive("dead"), _FEEDBACK),
    ),
    Fault(
        "sqs-policies",
        WRONG,
        "herald-retry from herald-events",
        lambda c: _policy(c, "elsewhere"),
        lambda c: _policy(c, "herald-events"),
    ),
    Fault(
        "sqs-readers",
        WRONG,
        "nobody reads herald-retry (Disabled)",
        lambda c: _switch_mapping(c, False),
        lambda c: _switch_mapping(c, True),
    ),
    Fault(
        "cognito-mail",
        WARNING,
        "Cognito mails by itself (COGNITO_DEFAULT)",
        lambda c: _pool_mails(c, EmailSendingAccount="COGNITO_DEFAULT"),
        lambda c: _pool_mails(
            c, EmailSendingAccount="DEVELOPER", SourceArn=f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{_DOMAIN}"
        ),
    ),
    Fault(
        "web-address",
        WARNING,
        "books.herald.example, which is no custom domain of API Gateway",
        _make_web,
        lambda c: c.functions.delete_function(**_WEB),
    ),
    Fault(
        "key",
        WRONG,
        "is Disabled: nothing goes through topics and queues",
        lambda c: c.make_client("kms").disable_key(KeyId=_encrypt(c, "ses", "sns", "cloudwatch")),
        _use_key,
    ),
    Fault(
        "key",
        WRONG,
        "is about to be deleted",
        lambda c: c.make_client("kms").schedule_key_deletion(KeyId=_encrypt(c, "ses", "sns", "cloudwatch")),
        _use_key,
    ),
    Fault("key", WRONG, "does not let ses, cloudwatch use it", lambda c: _encrypt(c, "sns"), _use_key),
    Fault(
        "dead-letters",
        WARNING,
        "about 1 letter",
        put_letter,
        lambda c: c.sqs.purge_queue(QueueUrl=queue_url(c, "dead")),
    ),
]
