"""Which modules of ours each zip holds. A new one in a zip is a decision: add it here, and say why in the commit."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

import pytest

from laptop.state import ROOT
from package import build

pytestmark = pytest.mark.timeout(600)

#: The notifier.
FUNCTION = {
    "function": "bootstrap environment errors events_api feedback hooks mail_events mail_webhook notify reason_codes "
    "scheduler settings webhook",
    "function/canary": "companion_aliases deployment_check deployment_description smoke_mails smoke_test",
    "function/delivery": "attachments courier decision digests fan_out next_provider outcome "
    "publish_validation report_tracing scheduling stored_event_resolution tracing",
    "function/event": "cloudevent compression envelope http_binding webhook_signing",
    "function/ledger": "attempt attributes digest_windows keys ledger mail_event recipient_parts record schedule "
    "states table",
    "function/ledger/writes": "claims feedback requests settlements supersession",
    "function/message": "attachments builder catalogue copies delivery_mode digest email from_header "
    "invitation locale_filters rendering unsubscribe",
    "function/message/addressing": "recipients tenant",
    "function/providers": "failover http_client mime public_host redaction registry secret smtp urls webhook_registry",
    "function/providers/mailgun": "client events signature",
    "function/providers/resend": "client events signature",
    "function/providers/sendgrid": "client events p256 signature",
    "function/providers/ses": "client errors events",
    "function/providers/webhooks": "provider_events request",
    "function/queues": "batches dead_letter retry_policy sqs",
    "function/runtime": "fast_client lean_dataclass metrics otlp tls trace_context",
}

#: The web app. Of the function it has what operators read, preview and redrive, nothing that claims or sends.
WEBAPP = {
    "function": "environment errors reason_codes",
    "function/event": "cloudevent compression envelope",
    "function/ledger": "attributes keys record states",
    "function/message": "catalogue from_header locale_filters rendering unsubscribe",
    "function/message/addressing": "tenant",
    "function/providers": "redaction urls",
    "function/providers/ses": "events",
    "function/queues": "dead_letter",
    "function/runtime": "lean_dataclass metrics otlp trace_context",
    "operations": "audit aws_retries erasure errors function_log installation outbox pause preview remedies "
    "suppressions",
    "operations/redrive": "dead_letters letter_filter plan plan_from_ledger queue send",
    "operations/status": "alarms retry_backlog scheduled_mails status status_lines",
    "operations/why": "explanation ledger_scan mail mail_search recipient",
    "webapp": "app clock composition deadline errors log settings text_validation tracing user_locale",
    "webapp/accounts": "deletion",
    "webapp/admin": "dead_letters notifier_access remedy_commands search",
    "webapp/api": "books dependencies health me models openapi preconditions problems",
    "webapp/auth": "cookie_cipher discovery identity issuer rate_limit secrets token_refresh",
    "webapp/aws": "clients table",
    "webapp/books": "book cursor idempotency mail_budget repository service",
    "webapp/functions": "post_confirmation reconcile relay sweeper web",
    "webapp/http": "error_handlers middleware tracing",
    "webapp/outbox": "event outbox publisher publishing_run",
    "webapp/pages": "account book_changes books drafts missing_mail operations preferences preview "
    "rendering sessions sign_in state_labels",
    "webapp/preferences": "account preferences unsubscribe_links",
    "webapp/timeline": "ledger_reader timeline",
}


def modules(path: Path) -> dict[str, str]:
    """The modules of ours in a zip by their folder, but for the validators that the build writes."""
    found: dict[str, set[str]] = {}
    with zipfile.ZipFile(path) as opened:
        files = [PurePosixPath(name) for name in opened.namelist() if name.endswith(".py")]
    for file in files:
        if file.parts[0] in {"function", "operations", "webapp"} and file.parts[1] != "compiled":
            found.setdefault(file.parent.as_posix(), set()).add(file.stem)
    return {folder: " ".join(sorted(names - {"__init__"})) for folder, names in found.items()}


def test_the_functions_zip_holds_these_modules() -> None:
    assert modules(build("laptop").function_zip) == FUNCTION


def test_the_web_apps_zip_holds_these_modules() -> None:
    assert modules(build("laptop").webapp_zip) == WEBAPP


def find_own_packages(path: Path) -> set[str]:
    """The packages of this repository in a zip."""
    ours = {initial.parent.name for initial in ROOT.glob("*/__init__.py")}
    with zipfile.ZipFile(path) as opened:
        return {name.partition("/")[0] for name in opened.namelist()} & ours


def test_the_functions_zip_holds_no_other_package_of_ours() -> None:
    assert find_own_packages(build("laptop").function_zip) == {"function"}


def test_the_web_apps_zip_holds_no_other_package_of_ours() -> None:
    assert find_own_packages(build("laptop").webapp_zip) == {"function", "operations", "webapp"}
