"""One bare laptop cloud with IAM enforced, and in it what a real `terraform apply` of the real root makes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from herald.terraform.runner import Terraform
from laptop.clients import LaptopClients
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.cognito.demo_users import ADA
from laptop.environment import REGION, build_client_settings
from laptop.resources import SENDER
from laptop.state import ROOT
from package import build
from tests.broken_server import Server, answer_with
from tests.infra.laptop.applied import Applied
from tests.waiting import LIMIT

__all__ = ["PROVIDERS", "SECOND_REGION", "WEBHOOK_SECRET", "Applied"]

WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECOND_REGION = "eu-central-1"
PROVIDERS = (f"ses://{REGION}", f"ses://{SECOND_REGION}")


@pytest.fixture(scope="package")
def bare(worker: str) -> Iterator[LaptopCloud]:
    """A laptop cloud in which nothing has been made yet."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"terraform-{worker}", scale=0.02, bare=True, iam=True)) as cloud:
        yield cloud


@pytest.fixture(scope="package")
def receiver() -> Iterator[Server]:
    """Who gets the webhook of what became of mails."""
    with Server(answer_with(204, "")) as server:
        yield server


@pytest.fixture(scope="package")
def applied(bare: LaptopCloud, initialised: Terraform, receiver: Server) -> Iterator[Applied]:
    """The real root, applied with the default names; `make run` has the same names in a cloud of its own."""
    endpoints = bare.descriptor.endpoints
    packages = build("laptop")
    # Not in Parameter Store: asked for a parameter by its ARN, the emulator judges another resource.
    secret = bare.clients.make_client("secretsmanager").create_secret(Name="receiver", SecretString=WEBHOOK_SECRET)[
        "ARN"
    ]
    variables = {
        "identity": {"domain": SENDER.rpartition("@")[2].rstrip(">")},
        "sender": SENDER,
        "providers_in_order": list(PROVIDERS),
        "second_region": SECOND_REGION,
        "public_url": endpoints["aws"],
        "sign_in": {"endpoint": endpoints["aws"], "password_flow": True},
        "deletion_protection": False,
        "mail_events": True,
        "mail_webhook": {"url": f"{receiver.url}/mails", "secret": secret},
        "scheduling": True,
        "function_package": packages.function.copy_to(initialised.folder).name,
        "webapp_package": packages.webapp.copy_to(initialised.folder).name,
    }
    (initialised.folder / "test.tfvars.json").write_text(json.dumps(variables))
    (initialised.folder / "terraform.tfstate").unlink(missing_ok=True)
    terraform = Terraform(initialised.folder, {**initialised.environment, **build_client_settings(endpoints)})
    began = time.monotonic()
    terraform.read("apply", "-auto-approve", "-no-color", "-input=false", "-var-file=test.tfvars.json")
    seconds = time.monotonic() - began
    outputs = {name: output["value"] for name, output in terraform.json("output", "-json").items()}
    count = sum(".data." not in address for address in terraform.read("state", "list").splitlines())
    yield Applied(terraform, bare.clients, endpoints, outputs, count, seconds)


@pytest.fixture(scope="package")
def ada(applied: Applied) -> dict[str, Any]:
    """A person with an account, as tokens know her."""
    pool, client = applied.outputs["webapp"]["sign_in"]["pool_id"], applied.outputs["webapp"]["sign_in"]["client_id"]
    cognito = applied.clients.cognito
    attributes = {"email": ADA.email, "email_verified": "true", "name": ADA.name}
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=ADA.email,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=ADA.email, Password=ADA.password, Permanent=True)
    answer = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADA.email, "PASSWORD": ADA.password},
    )
    return {"email": ADA.email, "token": answer["AuthenticationResult"]["IdToken"]}


@pytest.fixture(scope="package")
def inbox(applied: Applied) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=applied.endpoints["inbox"], trust_env=False, timeout=LIMIT) as client:
        yield client


@pytest.fixture(scope="package")
def clients(applied: Applied) -> LaptopClients:
    """Clients of the account's owner, who may do everything."""
    return applied.clients
