"""The SES v2 operations that this simulator implements, by their names in the service model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from functools import partial
from typing import Any

from laptop.environment import REGION
from laptop.ses.account import DAILY, RATE, SendingLimits, SuppressionList
from laptop.ses.configuration import OPTIONS, ConfigurationSets
from laptop.ses.errors import SesError
from laptop.ses.faults import ArmedFaults, FaultKind
from laptop.ses.feedback import After, FeedbackPublisher, Publish
from laptop.ses.identities import Identities
from laptop.ses.mailbox import Mail, Mailbox
from laptop.ses.outcomes import SendingEvent, is_simulated, join_events, list_events_after_sending
from laptop.ses.send_email_request import read_submitted_mail

__all__ = ["Ses"]

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]


class Ses:
    """One SES account in one region, with its inbox; `publish` sends a message body to an SNS topic.

    `scale` is the factor on all waiting times, `clock` returns seconds, `after` schedules a call in a number of
    seconds. Quota, identities, configuration sets, suppression list and faults belong to the region; `mailbox`, if
    given, is shared.
    """

    def __init__(
        self,
        publish: Publish,
        scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        after: After | None = None,
        region: str = REGION,
        mailbox: Mailbox | None = None,
    ) -> None:
        self.region = region
        self.mailbox = mailbox or Mailbox()
        self._others: dict[str, Ses] = {}
        self._beside = partial(Ses, publish, scale, clock, after)
        self.faults = ArmedFaults()
        self.limits = SendingLimits(clock)
        self.identities = Identities()
        self.sets = ConfigurationSets()
        self.suppression = SuppressionList()
        self.feedback = FeedbackPublisher(self.sets, self.faults, publish, scale, after)
        self.sending_enabled = True
        self._pricing = {"CurrentPlan": "ESSENTIALS"}  # the plan of new accounts
        self._suppressed_reasons: list[str] = ["BOUNCE", "COMPLAINT"]
        self._operations = self._build_table()

    def in_region(self, region: str) -> Ses:
        """Return the same account in another region, with the same inbox."""
        if region == self.region:
            return self
        if region not in self._others:
            self._others[region] = self._beside(region, self.mailbox)
        return self._others[region]

    @property
    def regions(self) -> list[Ses]:
        """This region and every other region used so far."""
        return [self, *self._others.values()]

    def play(self, operation: str) -> Operation | None:
        """Return the function that implements an operation, or None if this simulator does not implement it."""
        return self._operations.get(operation)

    @property
    def operations(self) -> frozenset[str]:
        """The names of all implemented operations."""
        return frozenset(self._operations)

    def send_email(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`SendEmail`."""
        mail = read_submitted_mail(request, self.region)
        self._inject_fault(mail)
        if not self.sending_enabled:
            raise SesError("SendingPausedException", "Email sending is paused for this account.")
        if mail.configuration_set is not None:
            self.sets.require_sending(mail.configuration_set)
        self.identities.require_verified(self._list_checked_addresses(mail), self.region)
        self.limits.count(mail.to)
        self.mailbox.add(mail)
        self.feedback.follow(mail, self._list_events(mail))
        return {"MessageId": mail.id}

    def get_account(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetAccount`."""
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": self.limits.production,
            "SendingEnabled": self.sending_enabled,
            "SendQuota": self.limits.quota(),
            "PricingAttributes": dict(self._pricing),
            "SuppressionAttributes": {"SuppressedReasons": self._suppressed_reasons},
        }

    def _list_checked_addresses(self, mail: Mail) -> list[str]:
        """Return the addresses that must be verified: the sender's and, in the sandbox, the recipients' (except
        simulator addresses).
        """
        readers = [] if self.limits.production else [address for address in mail.to if not is_simulated(address)]
        return [parseaddr(mail.source)[1].lower(), *(address.lower() for address in readers)]

    def _inject_fault(self, mail: Mail) -> None:
        fault = self.faults.take_matching(
            FaultKind.THROTTLE, FaultKind.EXHAUST_QUOTA, FaultKind.REFUSE, recipients=mail.to
        )
        if fault is None:
            return
        if fault.fault is FaultKind.REFUSE:
            raise SesError(fault.code, fault.message, fault.status)
        raise SesError("TooManyRequestsException", RATE if fault.fault is FaultKind.THROTTLE else DAILY)

    def _list_events(self, mail: Mail) -> list[SendingEvent]:
        text = mail.raw.decode("utf-8", "replace")
        outcomes = [list_events_after_sending(address, self.suppression.addresses(), text) for address in mail.to]
        return join_events(event for outcome in outcomes for event in outcome)

    def _put_sending(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.sending_enabled = bool(request.get("SendingEnabled"))
        return {}

    def _put_pricing(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Record the plan of the next month, which never begins here."""
        self._pricing["NextPlan"] = str(request["Plan"])
        if self._pricing["NextPlan"] == self._pricing["CurrentPlan"]:
            del self._pricing["NextPlan"]
        return {}

    def _put_suppression(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._suppressed_reasons = list(request.get("SuppressedReasons") or ())
        return {}

    def _list_tags(self, request: Mapping[str, Any]) -> dict[str, Any]:
        kind, _, name = str(request.get("ResourceArn", "")).rpartition(":")[2].partition("/")
        if kind == "configuration-set":
            return {"Tags": self.sets.get({"ConfigurationSetName": name})["Tags"]}
        return {"Tags": self.identities.get({"EmailIdentity": name})["Tags"]}

    def _build_table(self) -> dict[str, Operation]:
        sets, identities, suppression = self.sets, self.identities, self.suppression
        return {
            "SendEmail": self.send_email,
            "GetAccount": self.get_account,
            "PutAccountSendingAttributes": self._put_sending,
            "PutAccountPricingAttributes": self._put_pricing,
            "PutAccountSuppressionAttributes": self._put_suppression,
            "ListTagsForResource": self._list_tags,
            "CreateEmailIdentity": identities.create,
            "GetEmailIdentity": identities.get,
            "ListEmailIdentities": identities.list,
            "DeleteEmailIdentity": identities.delete,
            "PutEmailIdentityMailFromAttributes": identities.put_mail_from,
            "PutEmailIdentityDkimAttributes": identities.put_dkim,
            "PutEmailIdentityConfigurationSetAttributes": identities.put_configuration_set,
            "CreateConfigurationSet": sets.create,
            "GetConfigurationSet": sets.get,
            "ListConfigurationSets": sets.list,
            "DeleteConfigurationSet": sets.delete,
            "CreateConfigurationSetEventDestination": sets.create_destination,
            "UpdateConfigurationSetEventDestination": sets.update_destination,
            "DeleteConfigurationSetEventDestination": sets.delete_destination,
            "GetConfigurationSetEventDestinations": sets.list_destinations,
            "PutSuppressedDestination": suppression.put,
            "GetSuppressedDestination": suppression.get,
            "DeleteSuppressedDestination": suppression.delete,
            "ListSuppressedDestinations": suppression.list,
            **{_put(option): partial(sets.put_options, option) for option in OPTIONS},
        }


def _put(option: str) -> str:
    """Return the name of the operation: `PutConfigurationSetSendingOptions` for `SendingOptions`."""
    return f"PutConfigurationSet{option}"
