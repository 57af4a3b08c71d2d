"""`build/local.json`: what clients, tests and users need to know about a running laptop cloud."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from laptop.environment import build_client_settings
from laptop.resources import CONFIGURATION_SET, LINK_KEY, PREFIX, SENDER, SESSION_KEY
from operations.errors import UserError

__all__ = ["Descriptor"]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Endpoints by name (`web`, `inbox`, `ses`, `codedeploy`, `aws` and others), resource names, process ids, and
    `scale`, the factor on AWS's waiting times.
    """

    pid: int
    processes: dict[str, int]
    state: str
    region: str
    account: str
    endpoints: dict[str, str]
    tables: dict[str, str]
    topics: dict[str, str]
    queues: dict[str, str]
    functions: dict[str, str]
    configuration_set: str
    address_key_parameter: str
    sign_in: dict[str, str]
    scale: float = 1.0
    #: What a program needs to post events over HTTP; empty if the events API is off.
    events_api: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the file atomically. It contains a password, but only that of the laptop's Ada."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Descriptor:
        """Read the file. Raises `UserError` if no laptop cloud runs there."""
        try:
            fields: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            raise UserError(f"no laptop cloud runs here ({path} does not exist): start one with make run") from None
        descriptor = cls(**fields)
        try:
            os.kill(descriptor.pid, 0)
        except ProcessLookupError:
            raise UserError(f"the laptop cloud that wrote {path} is gone: start one with make run") from None
        return descriptor

    def settings(self) -> dict[str, str]:
        """Return the environment variables for AWS clients of this cloud, and Herald's own settings."""
        return {**build_client_settings(self.endpoints), **self.herald_settings()}

    def herald_settings(self) -> dict[str, str]:
        """Return the web app's settings, and the resource names that are useful in a shell."""
        return {
            "HERALD_BOOKS_TABLE": self.tables["books"],
            "HERALD_LEDGER_TABLE": self.tables["ledger"],
            "HERALD_EVENTS_TOPIC_ARN": self.topics["events"],
            "HERALD_FEEDBACK_TOPIC_ARN": self.topics["feedback"],
            "HERALD_DEAD_QUEUE_URL": self.queues["dead"],
            "HERALD_RETRY_QUEUE_URL": self.queues["retry"],
            "HERALD_FEEDBACK_QUEUE_URL": self.queues["feedback"],
            "HERALD_NOTIFY_FUNCTION": f"{PREFIX}-notify",
            "HERALD_CONFIGURATION_SET": CONFIGURATION_SET,
            "HERALD_ADDRESS_KEY_PARAMETER": self.address_key_parameter,
            "HERALD_FROM": SENDER,
            "HERALD_PUBLIC_URL": self.endpoints["web"],
            "HERALD_INBOX_URL": self.endpoints["inbox"],
            "HERALD_OIDC_ISSUER": self.sign_in["issuer"],
            "HERALD_OIDC_DISCOVERY_URL": self.sign_in["discovery_url"],
            "HERALD_OIDC_CLIENT_ID": self.sign_in["client_id"],
            "HERALD_USER_POOL": self.sign_in["pool"],
            "HERALD_SESSION_KEY_PARAMETER": SESSION_KEY,
            "HERALD_LINK_KEY_PARAMETER": LINK_KEY,
            "HERALD_MAILS_PER_TEN_MINUTES": "1000",
            "HERALD_MAILS_PER_DAY": "10000",
            "HERALD_SIGN_UP_URL": f"{self.endpoints['inbox']}/sign-up",
            **{f"HERALD_EVENTS_{name.upper()}": value for name, value in self.events_api.items()},
        }
