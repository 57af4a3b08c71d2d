"""What cannot be right is refused at plan and at start: one table, `infra/tests/values.json`, run through both.

A row has the `value` of a Terraform `variable` (`with` others) and `plans`, whether a plan takes it; and the `setting`
that the function gets of it, with what it makes of it, `starts`: null is refused. Without `plans`, both agree.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from pydantic import ValidationError

from function.environment import BadSetting
from function.message.from_header import split_sender
from function.providers.urls import parse_provider_urls
from function.settings import NotifySettings
from herald.terraform.runner import INFRA
from webapp.settings import PostConfirmationSettings

_BATCH = 30
_SIGN_IN = INFRA / "modules/webapp/sign_in.tf"
ROWS: list[dict[str, Any]] = json.loads((INFRA / "tests" / "values.json").read_text())

#: The setting and the field that a variable becomes.
SETTINGS: dict[str, tuple[str, Callable[[NotifySettings], object]]] = {
    "sender": ("HERALD_FROM", lambda settings: settings.sender),
    "senders": ("HERALD_SENDERS", lambda settings: sorted(settings.senders)),
    "roles": ("HERALD_ROLES", lambda settings: dict(settings.roles)),
    "attachment_buckets": ("HERALD_ATTACHMENT_BUCKETS", lambda settings: sorted(settings.attachment_buckets)),
    "providers_in_order": ("HERALD_PROVIDERS", lambda settings: list(settings.providers)),
    "timeout": ("HERALD_TIMEOUT_SECONDS", lambda settings: True),
    "retention_days": ("HERALD_RETENTION_DAYS", lambda settings: settings.ledger.retention_days),
    "hold_seconds": ("HERALD_HOLD_SECONDS", lambda settings: settings.ledger.hold),
    "on_unknown": ("HERALD_ON_UNKNOWN", lambda settings: settings.on_unknown),
    "unsubscribe_url": ("HERALD_UNSUBSCRIBE_URL", lambda settings: settings.unsubscribe_url),
    "provider_secrets": ("HERALD_PROVIDER_SECRETS", lambda settings: dict(settings.provider_secrets)),
}

#: What the other variables are meanwhile; the same in both.
ENVIRONMENT = {
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-dead",
    "HERALD_RETRY_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-retry",
    "HERALD_PROVIDERS": "ses://eu-west-1",
    "HERALD_FROM": "Herald <books@herald.example>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_ADDRESS_KEY_PARAMETER": "/herald/address-key",
}
VARIABLES: dict[str, Any] = {
    "identity": {"domain": "herald.example"},
    "hold_seconds": 900,
    "timeout": 30,
    "providers_in_order": ["ses://eu-west-1"],
    "provider_secrets": {},
    "name": "herald",
    "on_unknown": None,
}
#: What an identity is where a row does not say.
IDENTITY = {"create": True, "mail_from": "bounce", "dmarc_policy": "none", "dmarc_reports": None, "zone_id": None}


def _name(row: dict[str, Any]) -> str:
    return f"{row['variable']}: {row['what']}"


@pytest.mark.parametrize("row", [row for row in ROWS if row["variable"] in SETTINGS], ids=_name)
def test_the_function_starts_with_what_is_right_and_with_nothing_else(row: dict[str, Any]) -> None:
    setting, field = SETTINGS[row["variable"]]
    beside = VARIABLES | row.get("with", {})
    others = {
        "HERALD_HOLD_SECONDS": str(beside["hold_seconds"]),
        "HERALD_PROVIDERS": ",".join(beside["providers_in_order"]),
        "HERALD_PROVIDER_SECRETS": json.dumps(beside["provider_secrets"]),
    }
    values = ENVIRONMENT | others | {setting: row["setting"]}
    if row["starts"] is not None:
        assert field(NotifySettings.read(values, "r1")) == row["starts"]
        return
    with pytest.raises(BadSetting) as refused:
        NotifySettings.read(values, "r1")
    assert str(refused.value).startswith(f"{setting} must be ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("row", [row for row in ROWS if row["variable"] == "public_url"], ids=_name)
def test_the_web_app_starts_with_what_is_right_and_with_nothing_else(
    row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_PUBLIC_URL", row["setting"])
    others = {"books_table": "herald-books", "event_source": "urn:herald:webapp"}
    if row["starts"] is not None:
        assert PostConfirmationSettings(**others).public_url == row["starts"]
        return
    with pytest.raises(ValidationError, match="public_url"):
        PostConfirmationSettings(**others)


def test_ses_is_taken_in_every_region_that_botocore_knows_it_in_and_china_has_none() -> None:
    session = Session()
    regions = [
        one for part in session.get_available_partitions() for one in session.get_available_regions("sesv2", part)
    ]
    assert len(regions) > 25
    assert parse_provider_urls(",".join(f"ses://{region}" for region in regions))
    assert session.get_available_regions("lambda", "aws-cn")
    assert session.get_available_regions("sesv2", "aws-cn") == []


def test_every_sender_goes_out_in_seven_bits() -> None:
    senders = [row["starts"] for row in ROWS if row["variable"] == "sender" and row["starts"]]
    assert len(senders) > 5
    assert all(sender.isascii() and sender.isprintable() for sender in senders)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> list[bool]:
    """Whether each row passes the validations of its variable, as Terraform itself evaluates them."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("values")
    # The console reads one line, of 64 KB at most.
    batches = [ROWS[start : start + _BATCH] for start in range(0, len(ROWS), _BATCH)]
    return [answer for batch in batches for answer in _ask_console(batch, folder)]


def _ask_console(rows: list[dict[str, Any]], folder: Path) -> list[bool]:
    asked = ", ".join(f"[for case in [{_literal(row)}] : alltrue([{_conditions(row)}])][0]" for row in rows)
    return _evaluate(f"[{asked}]", folder)


def _evaluate(expression: str, folder: Path) -> list[Any]:
    """What Terraform makes of one line."""
    done = subprocess.run(
        ["terraform", "console"],
        input=f"jsonencode({expression})",
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(json.loads(done.stdout))
    return found


def test_cognito_mails_as_the_same_sender_as_herald_and_in_seven_bits_too(planned: list[bool], tmp_path: Path) -> None:
    """Cognito hands its From to SES as it is."""
    rows = [row for row, plans in zip(ROWS, planned, strict=True) if row["variable"] == "sender" and plans]
    (expression,) = re.findall(
        r"mail_from = var\.mail == null \? null : (one\(\[.*?^  \]\))", _SIGN_IN.read_text(), re.M | re.S
    )
    line = " ".join(expression.replace("var.mail.sender", "sender").split("\n"))
    senders = json.dumps([row["value"] for row in rows], ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    found = _evaluate(f"[for sender in {senders} : {line}]", tmp_path)
    assert len(found) > 15
    for header, row in zip(found, rows, strict=True):
        assert header.isascii(), header
        assert all(len(word) <= 75 for word in header.split(" ") if word.startswith("=?")), header
        assert _decode(header) == _decode(row["starts"]), row["what"]


def _decode(header: str) -> tuple[str, str]:
    name, address = split_sender(header)
    return unicodedata.normalize("NFC", name), address


def test_a_plan_takes_what_is_right_and_nothing_else(planned: list[bool]) -> None:
    wanted = {_name(row): row.get("plans", row.get("starts") is not None) for row in ROWS}
    assert dict(zip(map(_name, ROWS), planned, strict=True)) == wanted


def test_a_prefix_is_held_to_the_same_in_every_module() -> None:
    modules = ("notifier", "ses-region", "webapp", "release-role")
    texts = [_variable(Path(f"modules/{module}/variables.tf"), "name") for module in modules]
    assert len({tuple(re.findall(r"condition\s+= (.+)", text)) for text in texts}) == 1


def _literal(row: dict[str, Any]) -> str:
    case = VARIABLES | row.get("with", {}) | {row["variable"]: row["value"]}
    case["identity"] = IDENTITY | case["identity"]
    return json.dumps(case, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _conditions(row: dict[str, Any]) -> str:
    """The conditions of every validation of the variable in the module, or in the root if only that has some."""
    name = row["variable"]
    files = ("modules/notifier/variables.tf", "modules/webapp/variables.tf", "variables.tf")
    texts = (_variable(Path(file), name) for file in files)
    found = next(conditions for text in texts if (conditions := re.findall(r"condition\s+= (.+)", text)))
    return ", ".join(re.sub(r"\bvar\.", "case.", condition) for condition in found)


def _variable(path: Path, name: str) -> str:
    text = (INFRA / path).read_text()
    found = re.search(rf'^variable "{name}" \{{\n(.*?)^\}}', text, re.M | re.S)
    return found[1] if found else ""
