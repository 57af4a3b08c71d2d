"""What `herald infra` finds out, and refuses, before Terraform makes anything."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from herald.terraform import apply
from herald.terraform.preflight import refuse_collisions
from herald.terraform.runner import Terraform, stage
from herald.terraform.target import AwsTarget
from herald.terraform.variables import Variables, read_variables
from operations.errors import UserError
from package import Archive

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


# -- what the variables say ------------------------------------------------------------------------------------------


@needs_terraform
def test_terraform_itself_reads_the_variables(tmp_path: Path) -> None:
    file = tmp_path / "mine.tfvars"
    file.write_text('region = "eu-west-1"\nname = "shop"\nidentity = { domain = "shop.example" }\n')

    def read(*arguments: str) -> Variables:
        return read_variables(os.environ, arguments, "test-variables")

    assert read() == Variables("herald", None, "arm64")
    assert read(f"-var-file={file}", "-var=name=book") == Variables("book", "eu-west-1", "arm64")
    assert read(f"-var-file={file}", "-var=region=us-east-1").region == "us-east-1"
    assert read_variables({**os.environ, "TF_VAR_region": "us-east-1"}, [], "test-variables").region == "us-east-1"
    assert read("-var=second_region=eu-north-1").second_region == "eu-north-1"
    assert read("-var=architecture=x86_64", '-var=sender="a b"') == Variables("herald", None, "x86_64")
    with pytest.raises(UserError, match="architecture is arm64 or x86_64"):
        read("-var=architecture=arm")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_CLI_ARGS_plan", "-var region=us-east-1"),
        ("TF_CLI_ARGS_plan", "-var=region=us-east-1"),
        ("TF_CLI_ARGS_plan", '-lock-timeout=1m "-var=region=us-east-1"'),
        ("TF_CLI_ARGS", "--var-file=other.tfvars"),
        ("TF_CLI_ARGS_console", "-var-file=other.tfvars"),
        ("TF_CLI_ARGS_init", "-backend-config=region=us-east-1"),
        ("TF_CLI_ARGS_apply", "-state=elsewhere"),
        ("TF_CLI_ARGS_plan", "-destroy"),
        ("TF_CLI_ARGS_plan", "-target=module.webapp"),
        ("TF_CLI_ARGS_plan", "-lock-timeout=1m-var=region=us-east-1"),
    ],
)
def test_arguments_that_the_shell_adds_unseen_are_refused_before_terraform_runs(name: str, value: str) -> None:
    """A region in TF_CLI_ARGS_plan was planned in, although the command named and asked the one resolved."""
    with pytest.raises(UserError, match=rf"^{name} adds .* could name another region or state: unset it"):
        read_variables({"PATH": "", name: value}, [], "test-variables")


@pytest.mark.parametrize("value", ["", " ", "-lock-timeout=5m", " -parallelism=4  -no-color", "-compact-warnings"])
def test_arguments_that_change_nothing_of_a_plan_may_stay(value: str) -> None:
    assert stage("test-variables", {"TF_CLI_ARGS_plan": value}, source=None).environment["TF_CLI_ARGS_plan"] == value


def archive(folder: Path, name: str) -> Archive:
    """A package that holds its name, with the note that a build writes beside it."""
    path, content = folder / f"{name}.zip", name.encode()
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    path.with_suffix(".json").write_text(json.dumps({"sha256": sha256}))
    return Archive(path, "r1", sha256, len(content))


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """`prepare` for an account, without building, and without a provider; `built` says what was built for."""
    built: list[Any] = []

    def build(*what: str, say: object = None) -> Any:
        built.append(what)
        return SimpleNamespace(function=archive(tmp_path, "function"), webapp=archive(tmp_path, "webapp"))

    monkeypatch.setattr(apply, "build", build)
    monkeypatch.setattr(Terraform, "init", lambda *_: None)

    def run(known: Variables, state: str = "") -> Any:
        monkeypatch.setattr(Terraform, "read", lambda *_: state)
        monkeypatch.setattr(apply, "read_variables", lambda *_: known)
        where = AwsTarget("111122223333", "ada", "eu-west-1", {"PATH": os.environ["PATH"]}, local=False)
        made = apply.prepare(where, None, True, ["-var=x=1"], print, bool, tmp_path / "none")
        return SimpleNamespace(run=made, built=built)

    return run


def test_another_region_in_the_variables_is_refused(prepare: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="say region = us-east-1, and the AWS settings eu-west-1: nothing was changed"):
        prepare(Variables("herald", "us-east-1", "arm64"))
    assert prepare(Variables("herald", "eu-west-1", "arm64")).run


def test_the_packages_are_built_for_the_processor_that_the_variables_name(prepare: Callable[..., Any]) -> None:
    assert prepare(Variables("herald", None, "x86_64")).built == [("cloud", "x86_64")]


def test_packages_are_named_from_the_stage_so_that_another_checkout_changes_nothing(
    prepare: Callable[..., Any],
) -> None:
    assert prepare(Variables("herald", None, "arm64")).run.arguments == [
        "-var=function_package=function.zip",
        "-var=webapp_package=webapp.zip",
        "-var=x=1",
    ]


def test_a_build_between_plan_and_apply_changes_nothing_that_was_planned(
    prepare: Callable[..., Any], tmp_path: Path
) -> None:
    folder = prepare(Variables("herald", None, "arm64")).run.terraform.folder
    (tmp_path / "function.zip").write_bytes(b"by another Python")
    assert (folder / "function.zip").read_bytes() == b"function"
    assert json.loads((folder / "function.json").read_text())["sha256"] == hashlib.sha256(b"function").hexdigest()


def test_a_build_between_build_and_plan_is_said(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    built = archive(tmp_path, "function")
    built.path.write_bytes(b"by another Python")
    with pytest.raises(UserError, match=r"function.zip was built anew meanwhile.*nothing was changed"):
        built.copy_to(tmp_path_factory.mktemp("stage"))


def test_a_local_state_belongs_to_one_name_in_one_region_of_one_account(prepare: Callable[..., Any]) -> None:
    def state(name: str) -> str:
        folder = prepare(Variables(name, None, "arm64")).run.terraform.folder
        backend = json.loads((folder / "backend_override.tf.json").read_text())["terraform"]["backend"]
        return Path(backend["local"]["path"]).name

    assert state("herald") == "111122223333-eu-west-1-herald.tfstate"
    assert state("shop") == "111122223333-eu-west-1-shop.tfstate"


def test_the_trial_has_links_that_the_module_takes() -> None:
    """Without a public URL its links would be the emulator's http address, which the notifier refuses in mid-apply."""
    cloud: Any = SimpleNamespace(endpoints={"aws": "http://127.0.0.1:4566"})
    assert apply.build_trial_variables(cloud)["public_url"] == "http://127.0.0.1:4566"


# -- what is there already -------------------------------------------------------------------------------------------


def plan(kind: str, after: dict[str, Any], actions: tuple[str, ...] = ("create",), **more: Any) -> dict[str, Any]:
    change = {"actions": list(actions), "before": more.get("before"), "after": after}
    return {"resource_changes": [{"address": more.get("address", kind), "type": kind, "change": change}]}


class Existing:
    """SES, API Gateway and Route 53 of an account that has these identities, hosts and records."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, service: str, region: str | None = None) -> Existing:
        return self

    def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
        if EmailIdentity not in self.names:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")
        return {}

    def get_domain_name(self, DomainName: str) -> dict[str, Any]:
        return self.get_email_identity(DomainName)

    def list_resource_record_sets(self, **asked: str) -> dict[str, Any]:
        """Route 53 begins at the name and goes on with others."""
        found = [*(name for name in self.names if name == asked["StartRecordName"]), "zzz.example"]
        return {"ResourceRecordSets": [{"Name": f"{found[0]}.", "Type": asked["StartRecordType"]}]}


IDENTITY = plan("aws_sesv2_email_identity", {"email_identity": "herald.example"})
DMARC = plan("aws_route53_record", {"zone_id": "Z1", "name": "_dmarc.herald.example", "type": "TXT"})


def test_a_third_herald_on_one_domain_is_refused_before_anything_is_made() -> None:
    with pytest.raises(UserError, match=r"has the identity herald.example already.*Say create = false in identity"):
        refuse_collisions(IDENTITY, Existing("herald.example"))
    refuse_collisions(IDENTITY, Existing())


SECOND = plan(
    "aws_sesv2_email_identity",
    {"email_identity": "herald.example"},
    address="module.second_region[0].module.ses.aws_sesv2_email_identity.this[0]",
) | {"variables": {"second_region": {"value": "eu-central-1"}}}


def find_in(regions: dict[str | None, Existing]) -> Callable[..., Existing]:
    return lambda service, region=None: regions[region]


def test_a_second_region_is_asked_for_its_own_identity_not_the_first_for_the_one_that_it_has() -> None:
    refuse_collisions(SECOND, find_in({None: Existing("herald.example"), "eu-central-1": Existing()}))


def test_an_identity_in_the_second_region_is_refused_with_advice_that_leaves_the_first_s() -> None:
    with pytest.raises(UserError, match=r"SES in eu-central-1 has the identity herald.example already") as refusal:
        refuse_collisions(SECOND, find_in({None: Existing(), "eu-central-1": Existing("herald.example")}))
    assert "Take another second_region" in str(refusal.value)
    assert "Say create = false" not in str(refusal.value)


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("local", [False, True])
def test_a_client_is_of_the_region_that_is_named(monkeypatch: pytest.MonkeyPatch, local: bool) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    where = AwsTarget("1", "ada", "eu-west-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, local)
    found = [where.client("sesv2", region).meta.region_name for region in (None, "eu-central-1")]
    assert found == ["eu-west-1", "eu-central-1"]


def state_of(region: str) -> str:
    """As `terraform state pull` prints it, of a Herald that sends in a second region too."""
    there = "module.second_region[0]"
    topics = {"module.notifier": "eu-west-1", there: region}
    resources: list[dict[str, Any]] = [
        {"module": module, "mode": "managed", "type": "aws_sns_topic", "instances": [{"attributes": {"arn": arn}}]}
        for module, where in topics.items()
        if (arn := f"arn:aws:sns:{where}:111122223333:herald-feedback")
    ]
    record = {"mode": "managed", "type": "aws_route53_record", "instances": [{"attributes": {"id": "Z1"}}]}
    caller = {"mode": "data", "type": "aws_region", "instances": [{"attributes": {"name": region}}]}
    return json.dumps({"resources": [*resources, record | {"module": there}, caller | {"module": there}]})


@pytest.mark.parametrize("wrong", [None, "eu-north-1", "eu-west-1"])
def test_a_second_region_that_the_state_holds_is_not_left_before_it_is_empty(
    prepare: Callable[..., Any], wrong: str | None
) -> None:
    known = Variables("herald", None, "arm64", wrong)
    with pytest.raises(UserError, match=r"ses://eu-central-1 out of providers_in_order and apply; only then"):
        prepare(known, state_of("eu-central-1"))


def test_a_second_region_stays_or_goes_while_it_is_named(prepare: Callable[..., Any]) -> None:
    assert prepare(Variables("herald", None, "arm64", "eu-central-1"), state_of("eu-central-1")).run
    gone = json.loads(state_of("eu-central-1"))
    gone["resources"] = [one for one in gone["resources"] if one["module"] == "module.notifier"]
    assert prepare(Variables("herald", None, "arm64"), json.dumps(gone)).run


def test_a_dmarc_record_that_exists_is_refused_before_anything_is_made() -> None:
    with pytest.raises(UserError, match=r'TXT record _dmarc.herald.example already.*dmarc_policy = "existing"'):
        refuse_collisions(DMARC, Existing("_dmarc.herald.example"))
    refuse_collisions(DMARC, Existing())


def test_a_host_that_leads_to_another_api_is_refused_before_anything_is_made() -> None:
    host = plan("aws_apigatewayv2_domain_name", {"domain_name": "books.herald.example"})
    with pytest.raises(UserError, match=r"serves books.herald.example already, for another API.*custom_domain"):
        refuse_collisions(host, Existing("books.herald.example"))
    refuse_collisions(host, Existing())


def test_the_proof_of_a_certificate_may_be_there_already() -> None:
    """Every certificate for one name in one account has the same."""
    name = "_one.books.herald.example"
    record = {"zone_id": "Z1", "name": name, "type": "CNAME", "allow_overwrite": True}
    refuse_collisions(plan("aws_route53_record", record), Existing(name))


def test_a_region_without_ses_is_refused_before_anything_is_made() -> None:
    """Its endpoint has no name in DNS; the apply would fail of it half-way."""

    class Nowhere(Existing):
        def get_email_identity(self, EmailIdentity: str) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="https://email.mx-central-1.amazonaws.com/v2/email/identities/x")

    with pytest.raises(
        UserError, match=r"mx-central-1.* does not answer: nothing was changed. Not every region has SES"
    ):
        refuse_collisions(IDENTITY, Nowhere())


def test_what_is_ours_already_is_no_collision() -> None:
    kept = plan("aws_sesv2_email_identity", {"email_identity": "herald.example"}, ("no-op",))
    refuse_collisions(kept, Existing("herald.example"))


def test_another_name_in_one_state_is_refused_before_it_destroys_the_first() -> None:
    address = 'module.notifier.aws_lambda_function.this["notify"]'
    renamed = plan(
        "aws_lambda_function",
        {"function_name": "shop-notify"},
        ("delete", "create"),
        before={"function_name": "herald-notify"},
        address=address,
    )
    with pytest.raises(UserError, match="holds the Herald named herald, and the plan would destroy it to make shop"):
        refuse_collisions(renamed, Existing())


def test_a_plan_that_collides_is_neither_asked_about_nor_applied(tmp_path: Path) -> None:
    ran: list[str] = []

    class Recorded(Terraform):
        def run(self, *arguments: str) -> None:
            ran.append(arguments[0])

        def json(self, *arguments: str) -> Any:
            return IDENTITY

    class Somewhere(AwsTarget):
        def client(self, service: str, region: str | None = None) -> Any:
            return Existing("herald.example")

    where = Somewhere("111122223333", "ada", "eu-west-1", os.environ, local=False)
    with pytest.raises(UserError, match="nothing was changed"):
        apply.TerraformRun(Recorded(tmp_path, {}), where, [], print, lambda _: pytest.fail("asked")).apply()
    assert ran == ["plan"]


def test_a_destroy_takes_the_alarms_of_releases_with_it(tmp_path: Path) -> None:
    """No state holds them, because releases make them; those of a Herald with a longer name stay."""
    deleted: list[str] = []

    class CloudWatch:
        def get_paginator(self, _: str) -> CloudWatch:
            return self

        def paginate(self, AlarmNamePrefix: str) -> list[dict[str, Any]]:
            names = ("herald-release-7-errors", "herald-release-12-errors", "herald-release-notify-errors")
            return [{"MetricAlarms": [{"AlarmName": name}]} for name in names if name.startswith(AlarmNamePrefix)]

        def delete_alarms(self, AlarmNames: list[str]) -> None:
            deleted.extend(AlarmNames)

    class Quiet(Terraform):
        def run(self, *arguments: str) -> None:
            assert arguments[0] == "plan" or not deleted, "only what is gone has no alarms any more"

    class Somewhere(AwsTarget):
        def client(self, service: str, region: str | None = None) -> Any:
            return CloudWatch()

    where = Somewhere("111122223333", "ada", "eu-west-1", os.environ, local=False)
    apply.TerraformRun(Quiet(tmp_path, {}), where, [], print, lambda _: True).destroy()
    assert deleted == ["herald-release-7-errors", "herald-release-12-errors"]
