"""What the functions load when they start, held against a list, so that nothing heavy creeps back in."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from package import build

#: What may be loaded beside the standard library. Take longer, and say why in the commit.
ALLOWED = {"botocore", "dateutil", "function", "jmespath", "minijinja", "six", "urllib3"}
#: Parts of these and of the standard library that each take milliseconds, and that no mail needs.
KEPT_OUT = {
    "asyncio",
    "boto3",
    "botocore.docs.service",
    "dateutil.parser._parser",
    "email.headerregistry",
    "fastjsonschema",
    "function.message.addressing.tenant",
    "html.parser",
    "http.server",
    "importlib.metadata",
    "jinja2",
    "jsonschema",
    "multiprocessing",
    "pydantic",
    "sqlite3",
    "typing_extensions",
    "unittest",
    "zipfile",
}
_HTTP = {"function.providers.http_client", "function.providers.secret"}
#: Every provider's client, and what it needs: only what HERALD_PROVIDERS names is loaded.
PROVIDERS = {
    "ses://us-east-1": {"function.providers.ses.client", "function.providers.ses.errors"},
    "smtp://127.0.0.1:587": {"function.providers.smtp", "smtplib", *_HTTP},
    "sendgrid://": {"function.providers.sendgrid.client", *_HTTP},
    "mailgun://herald.example": {"function.providers.mailgun.client", *_HTTP},
    "resend://": {"function.providers.resend.client", *_HTTP},
}
#: As many modules as there are today, and room for a few of Python's own.
MOST_MODULES = 350
#: What Python's own modules import since 3.12 and 3.13, whatever a program needs.
_OF_LATER_PYTHONS = {"_colorize", "_opcode_metadata", "_tokenize", "glob", "grp", "pathlib._abc", "pathlib._local"}

_SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "HERALD_LEDGER_TABLE": "ledger",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/dead",
    "HERALD_RETRY_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/retry",
    "HERALD_PROVIDERS": "ses://us-east-1",
    "HERALD_FROM": "Herald <books@herald.example>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_ADDRESS_KEY_PARAMETER": "/key",
    "HERALD_LINK_KEY_PARAMETER": "/links",
    "HERALD_UNSUBSCRIBE_URL": "https://books.example/unsubscribe",
}
_COMPOSE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import importlib
entry = importlib.import_module(sys.argv[2])
from function.bootstrap import Clients
Clients.keys = lambda *_: (b"k" * 32,)
Clients.secret = lambda *_: "user:key"
entry.compose(dict(os.environ), Clients())
found = {name: bool(getattr(module, "__file__", None) and module.__file__.startswith(sys.argv[1]))
         for name, module in sys.modules.items() if name != "__main__"}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(build("laptop").function_zip) as opened:
        opened.extractall(folder)
    return folder


def load(unpacked: Path, entry: str, **settings: str) -> dict[str, bool]:
    """The modules that are loaded once the entry point is composed, and whether each lies in the package."""
    command = [sys.executable, "-I", "-S", "-c", _COMPOSE, str(unpacked), entry]
    done = subprocess.run(command, env=_SETTINGS | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded: dict[str, bool] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("entry", ["function.notify", "function.feedback"])
def test_a_composed_function_loads_what_is_on_the_list(unpacked: Path, entry: str) -> None:
    loaded = load(unpacked, entry)
    packed = {name.partition(".")[0] for name, ours in loaded.items() if ours}
    assert packed <= ALLOWED
    outside = {name.partition(".")[0] for name, ours in loaded.items() if not ours}
    assert {name for name in outside - packed if name not in sys.stdlib_module_names} == set()
    assert loaded.keys() & KEPT_OUT == set()
    assert len(loaded.keys() - _OF_LATER_PYTHONS) <= MOST_MODULES


#: What providers' webhooks need: `webhook` alone loads it, `feedback` once a provider has reported.
WEBHOOKS = {
    "function.webhook",
    "function.providers.webhook_registry",
    "function.providers.webhooks.request",
    "function.providers.webhooks.provider_events",
    *(
        f"function.providers.{provider}.{part}"
        for provider in ("sendgrid", "mailgun", "resend")
        for part in ("events", "signature")
    ),
    "function.providers.sendgrid.p256",
}


@pytest.mark.parametrize("entry", ["function.notify", "function.feedback"])
def test_what_webhooks_need_is_loaded_by_no_other_function(unpacked: Path, entry: str) -> None:
    url = "mailgun://herald.example"
    secrets = json.dumps({url: {"key": "arn:aws:ssm:us-east-1:000000000000:parameter/key"}})
    loaded = load(unpacked, entry, HERALD_PROVIDERS=url, HERALD_PROVIDER_SECRETS=secrets)
    assert loaded.keys() & WEBHOOKS == set()


def test_webhook_loads_the_provider_that_is_configured_and_no_client(unpacked: Path) -> None:
    settings = {
        "HERALD_FEEDBACK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/0/feedback",
        "HERALD_WEBHOOK_SECRETS": json.dumps(
            {"mailgun://herald.example": "arn:aws:ssm:us-east-1:000000000000:parameter/key"}
        ),
    }
    loaded = load(unpacked, "function.webhook", **settings)
    others = {name for name in WEBHOOKS if ".sendgrid." in name or ".resend." in name}
    assert loaded.keys() & WEBHOOKS == WEBHOOKS - others
    assert loaded.keys() & set().union(*PROVIDERS.values()) == {"function.providers.secret"}
    assert {name.partition(".")[0] for name, ours in loaded.items() if ours} <= ALLOWED


#: What posted events need: `events-api` alone loads it.
POSTING = {"function.events_api", "function.delivery.publish_validation", "function.event.http_binding"}


@pytest.mark.parametrize("entry", ["function.notify", "function.feedback"])
def test_what_posted_events_need_is_loaded_by_no_other_function(unpacked: Path, entry: str) -> None:
    assert load(unpacked, entry, HERALD_SCHEDULING="on").keys() & POSTING == set()


def test_events_api_loads_no_provider_and_no_library_that_notify_does_not(unpacked: Path) -> None:
    topic = {"HERALD_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:herald-events"}
    loaded = load(unpacked, "function.events_api", HERALD_EVENTS_SCOPE="herald", **topic)
    assert loaded.keys() >= POSTING
    assert loaded.keys() & set().union(*PROVIDERS.values()) == set()
    assert {name.partition(".")[0] for name, ours in loaded.items() if ours} <= ALLOWED


#: What attachments need: only a bucket that may hold them has it loaded, and S3's model only the first of them.
ATTACHING = {"function.delivery.attachments", "function.message.attachments"}


@pytest.mark.parametrize("entry", ["function.notify", "function.feedback"])
def test_what_copies_need_is_loaded_by_the_first_mail_that_has_one(unpacked: Path, entry: str) -> None:
    roles = json.dumps({"accounting": "books@example.com"})
    assert "function.message.copies" not in load(unpacked, entry, HERALD_ROLES=roles)


@pytest.mark.parametrize(("buckets", "wanted"), [("", set()), ("invoices", ATTACHING)])
def test_what_attachments_need_is_loaded_where_a_bucket_may_hold_them(
    unpacked: Path, buckets: str, wanted: set[str]
) -> None:
    loaded = load(unpacked, "function.notify", HERALD_ATTACHMENT_BUCKETS=buckets)
    assert loaded.keys() & (ATTACHING | {"function.providers.mime", "function.message.invitation"}) == wanted
    assert loaded.keys() & KEPT_OUT == set()


#: What publishing mail events needs: `mail-events` alone loads it.
TELLING = {"function.mail_events", "function.ledger.mail_event"}


@pytest.mark.parametrize("entry", ["function.notify", "function.feedback"])
def test_what_telling_others_needs_is_loaded_by_no_other_function(unpacked: Path, entry: str) -> None:
    assert load(unpacked, entry).keys() & TELLING == set()


def test_mail_events_loads_no_provider_and_nothing_that_makes_a_mail(unpacked: Path) -> None:
    topic = {"HERALD_MAIL_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:herald-mail-events"}
    loaded = load(unpacked, "function.mail_events", **topic)
    assert loaded.keys() >= TELLING
    assert loaded.keys() & set().union(*PROVIDERS.values()) == set()
    assert {name.partition(".")[0] for name, ours in loaded.items() if ours} <= ALLOWED - {"minijinja"}


@pytest.mark.parametrize("url", PROVIDERS)
def test_only_the_provider_that_is_configured_is_loaded(unpacked: Path, url: str) -> None:
    secrets = {} if url.startswith("ses:") else {url: {"key": "arn:aws:ssm:us-east-1:000000000000:parameter/key"}}
    settings = {"HERALD_PROVIDERS": url, "HERALD_PROVIDER_SECRETS": json.dumps(secrets)}
    loaded = load(unpacked, "function.notify", **settings)
    assert loaded.keys() & set().union(*PROVIDERS.values()) == PROVIDERS[url]
