"""What `make run` makes by boto3 and what Terraform makes, attribute by attribute: every difference has a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from laptop.cloud import Options, run_cloud
from laptop.state import ROOT
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.conftest import PROVIDERS
from tests.infra.laptop.inventory import inventory

#: What differs, as a pattern over the names of attributes, and why it may.
DIFFERENCES = {
    r"function herald-web .*": "on the laptop the web app is a process of its own, so that it starts at once",
    r"(function|topic|queue) herald-mail-events.*|table herald-ledger stream|mapping table/herald-ledger .*": (
        "nobody on a laptop subscribes to what becomes of mails, and without a subscriber it is off"
    ),
    r"((function|queue|mapping) herald-mail-webhook|subscription herald-mail-events).*": (
        "nor is it posted to anybody"
    ),
    r"topic herald-ops": "nobody on a laptop is called at night",
    r"function \S+ (MemorySize|Architectures)": "the emulator runs functions on the machine's own processor and memory",
    r"function \S+ Role": "one role for all on the laptop, where nothing is enforced; Terraform's are tried by denials",
    r"function \S+ Timeout": "only notify's is part of a rule, and that one is compared below",
    r"function \S+ setting HERALD_(SWEEP_AFTER_SECONDS|RECONCILE_AFTER_SECONDS)": "nobody on a laptop waits an hour",
    r"function \S+ setting HERALD_TIMEOUT_SECONDS": "a laptop's hold is too short to be compared with it",
    r"function \S+ setting HERALD_PUBLIC_URL": "links lead to the web app, wherever it runs",
    r"(function \S+ setting HERALD_PROVIDER_ENDPOINTS|parameter /herald/provider-key)": (
        "the laptop plays the providers itself, at addresses of its own and with one key for all"
    ),
    r"function \S+ setting HERALD_UNDELIVERED_QUEUES": (
        "the laptop brings another region's feedback home itself, so nothing lies undelivered there"
    ),
    r"function \S+ setting HERALD_TENANTS|identity (acme|globex)\.example": (
        "the laptop declares the tenants whose brands Herald has; a deployment declares its own"
    ),
    r"queue \S+ MaximumMessageSize": "the provider cannot say more than 256 KiB, and letters are made to fit that",
    r"queue \S+ MessageRetentionPeriod": "no laptop cloud lives for four days",
    r"queue \S+ key": "nothing on a laptop is worth a key",
    r"mapping herald-feedback to herald-feedback:live (BatchSize|MaximumBatchingWindowInSeconds)": (
        "on AWS five seconds of feedback are folded together, which is cheaper; a laptop shows it at once"
    ),
}


@pytest.fixture(scope="module")
def differences(applied: Applied, worker: str) -> Iterator[dict[str, tuple[object, object]]]:
    """Attributes by name: on the laptop, and by Terraform."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"compared-{worker}", providers=PROVIDERS)) as cloud:
        laptop, terraform = inventory(cloud.clients), inventory(applied.clients)
    yield {
        name: (laptop.get(name), terraform.get(name))
        for name in sorted(laptop.keys() | terraform.keys())
        if laptop.get(name) != terraform.get(name) and not _is_anothers_setting(name, terraform)
    }


def _is_anothers_setting(name: str, terraform: dict[str, object]) -> bool:
    """The laptop gives every setting to every function; Terraform only to those that read it."""
    setting = re.fullmatch(r"function \S+ setting (HERALD_\w+)", name)
    if setting is None or name in terraform:
        return False
    return any(other.endswith(f" {setting[1]}") for other in terraform)


def test_every_difference_has_a_reason(differences: dict[str, tuple[object, object]]) -> None:
    unexplained = {
        name: values
        for name, values in differences.items()
        if not any(re.fullmatch(pattern, name) for pattern in DIFFERENCES)
    }
    assert not unexplained, "\n".join(
        f"{name}: {here} here, {there} there" for name, (here, there) in unexplained.items()
    )


def test_every_reason_has_a_difference(differences: dict[str, tuple[object, object]]) -> None:
    assert [p for p in DIFFERENCES if not any(re.fullmatch(p, name) for name in differences)] == []


def test_notify_may_take_as_long_on_the_laptop_as_on_aws(differences: dict[str, tuple[object, object]]) -> None:
    assert "function herald-notify Timeout" not in differences
