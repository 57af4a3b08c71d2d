"""The resources to provision, with the names that Terraform gives them for the prefix `herald`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from laptop.environment import ACCOUNT, REGION

__all__ = [
    "ADDRESS_KEY",
    "CONFIGURATION_SET",
    "EVENTS_API",
    "EVENT_SOURCE",
    "FEEDBACK_EVENTS",
    "FUNCTIONS",
    "LEDGER_TABLE",
    "LINK_KEY",
    "OPERATORS",
    "PREFIX",
    "PROVIDER_KEY",
    "SENDER",
    "SESSION_KEY",
    "SMTP_LOGIN",
    "WEBHOOK",
    "WEBHOOK_KEY",
    "Function",
    "build_topic_policy",
]

PREFIX = "herald"
CONFIGURATION_SET = PREFIX
ADDRESS_KEY = f"/{PREFIX}/address-key"
LINK_KEY = f"/{PREFIX}/link-key"
#: The parameter that holds the only API key that the simulated providers accept, and that key.
PROVIDER_KEY = (f"/{PREFIX}/provider-key", "laptop")
#: The parameter that holds the only login that the mail server accepts, and that login.
SMTP_LOGIN = (f"/{PREFIX}/smtp-login", "laptop:laptop")
#: The prefix, followed by the provider's name, of the parameters with the keys that verify webhooks.
WEBHOOK_KEY = f"/{PREFIX}/webhook-key"
SESSION_KEY = f"/{PREFIX}/session-key"
#: The group in the user pool whose members can see the operations page.
OPERATORS = "operators"
EVENT_SOURCE = "urn:herald:webapp"
SENDER = "Herald <books@herald.example>"

#: The SES event types to publish. Open, Click and Subscription do not change the ledger.
FEEDBACK_EVENTS = ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY", "RENDERING_FAILURE")

#: Arguments of DynamoDB's `CreateTable` for the ledger, without its name; the TTL attribute is `expires_at`.
LEDGER_TABLE: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "due", "AttributeType": "S"},
        {"AttributeName": "due_at", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "due", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function.

    `name` is without the prefix, `zip` is the package that contains it, `alias` says whether callers use its alias
    `live`. `every` is the interval of its schedule on AWS, in seconds.
    """

    name: str
    handler: str
    zip: Literal["function", "webapp"]
    alias: bool = False
    timeout: int = 30
    every: float | None = None
    settings: dict[str, str] = field(default_factory=dict)
    hook: bool = False

    @property
    def full_name(self) -> str:
        """The function's name in Lambda. CodeDeploy's managed policies allow invoking only hooks with the prefix
        `CodeDeployHook_`.
        """
        return f"CodeDeployHook_{PREFIX}-{self.name}" if self.hook else f"{PREFIX}-{self.name}"

    @property
    def module(self) -> str:
        """The path of the handler's module in the zip."""
        return self.handler.rpartition(".")[0].replace(".", "/") + ".py"


_HOOK_SETTINGS = {
    "HERALD_NOTIFY_FUNCTION": f"{PREFIX}-notify",
    "HERALD_FEEDBACK_FUNCTION": f"{PREFIX}-feedback",
    "HERALD_NOTIFY_ALIAS": "live",
}

FUNCTIONS = (
    Function("notify", "function.notify.handler", "function", alias=True),
    Function("feedback", "function.feedback.handler", "function", alias=True),
    Function("scheduler", "function.scheduler.handler", "function", every=60),
    Function("relay", "webapp.functions.relay.handler", "webapp"),
    Function("sweeper", "webapp.functions.sweeper.handler", "webapp", every=60),
    Function("reconcile", "webapp.functions.reconcile.handler", "webapp", every=3600),
    Function("post-confirmation", "webapp.functions.post_confirmation.handler", "webapp"),
    Function("before", "function.hooks.before", "function", timeout=300, settings=_HOOK_SETTINGS, hook=True),
    Function("after", "function.hooks.after", "function", timeout=300, settings=_HOOK_SETTINGS, hook=True),
)

#: Only with providers that report by webhook.
WEBHOOK = Function("webhook", "function.webhook.handler", "function", alias=True)

#: Only if apps can post events over HTTP.
EVENTS_API = Function(
    "events-api", "function.events_api.handler", "function", alias=True, settings={"HERALD_EVENTS_SCOPE": PREFIX}
)


def build_topic_policy(queue: str, topic_arn: str) -> str:
    """Return the policy that lets one topic send to one queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
