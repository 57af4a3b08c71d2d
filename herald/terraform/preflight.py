"""Checks before an apply for what would make it fail or do harm and is not visible to Terraform's plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from operations.errors import UserError
from operations.pause import CONCURRENCY_TAG

__all__ = ["find_resumed", "refuse_another_second_region", "refuse_collisions"]

Plan = Mapping[str, Any]

#: The address of the root's module for a second region.
SECOND_REGION = "module.second_region"


class ClientFactory(Protocol):
    """Makes the client of a service."""

    def __call__(self, service: str, region: str | None = None, /) -> Any:
        """Make a client in a region; None: in the region of the call."""


def refuse_collisions(plan: Plan, make_client: ClientFactory) -> None:
    """Raise `UserError` for a plan that would collide with what exists; `plan` as `terraform show -json` prints it.

    `make_client` makes the client of a service, in the region of the call or in the one that is named. What it may not
    read is not checked.
    """
    _refuse_another_name(plan)
    _refuse_identities(plan, make_client)
    for domain in _list_values(plan, "aws_apigatewayv2_domain_name"):
        if _exists(lambda name: make_client("apigatewayv2").get_domain_name(DomainName=name), domain["domain_name"]):
            raise UserError(
                f"API Gateway in this region serves {domain['domain_name']} already, for another API: nothing was "
                "changed. Take another name for custom_domain, or remove that domain name first"
            )
    for record in _list_values(plan, "aws_route53_record"):
        if record.get("name") and not record.get("allow_overwrite") and _exists_in_zone(make_client, record):
            raise UserError(
                f"the zone {record['zone_id']} has a {record['type']} record {record['name']} already: nothing was "
                'changed. Say in identity dmarc_policy = "existing" to keep a DMARC record; in a second region, take '
                "another mail_from and custom_domain; or remove it"
            )


def _refuse_identities(plan: Plan, make_client: ClientFactory) -> None:
    """Each region has its own SES identities: those of the second region's module are looked for there."""
    second = plan.get("variables", {}).get("second_region", {}).get("value")
    for address, identity in _list_creations(plan, "aws_sesv2_email_identity"):
        region = second if address.startswith(SECOND_REGION) else None
        name = identity["email_identity"]
        if not _has_identity(make_client("sesv2", region), name):
            continue
        problem = f"SES in {region or 'this region'} has the identity {name} already, made by another Herald or by hand"
        if region is None:
            remedy = "Say create = false in identity to send by it, or take another domain"
        else:
            remedy = (
                "Take another second_region; or, once nothing sends by it, delete it there (create = false in identity "
                "would take away that of the first region too)"
            )
        raise UserError(f"{problem}: nothing was changed. {remedy}")


def _refuse_another_name(plan: Plan) -> None:
    """Refuse another name in the same state: the plan would destroy the Herald that is there."""
    for change in plan.get("resource_changes", []):
        if change["address"] == 'module.notifier.aws_lambda_function.this["notify"]':
            before, after = ((change["change"][when] or {}).get("function_name") for when in ("before", "after"))
            if before and after and before != after:
                old, new = (name.removesuffix("-notify") for name in (before, after))
                raise UserError(
                    f"this state holds the Herald named {old}, and the plan would destroy it to make {new}: nothing "
                    f"was changed. Keep the state of {new} elsewhere (another key in --backend), or make destroy first"
                )


def _list_values(plan: Plan, kind: str) -> Iterator[Mapping[str, Any]]:
    return (values for _, values in _list_creations(plan, kind))


def _list_creations(plan: Plan, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Address and values of each resource of the type `kind` that the plan would create."""
    for change in plan.get("resource_changes", []):
        if change["type"] == kind and change["change"]["actions"] == ["create"]:
            yield change["address"], change["change"]["after"]


def _has_identity(ses: Any, name: str) -> bool:
    return _exists(lambda name: ses.get_email_identity(EmailIdentity=name), name)


def _exists(look: Callable[[str], Any], name: str) -> bool:
    try:
        look(name)
    except EndpointConnectionError as problem:
        raise UserError(
            f"{problem.kwargs['endpoint_url']} does not answer: nothing was changed. Not every region has SES "
            "(https://docs.aws.amazon.com/general/latest/gr/ses.html): take one that has it, or look at the network"
        ) from None
    except (BotoCoreError, ClientError):
        return False
    return True


def _exists_in_zone(make_client: ClientFactory, record: Mapping[str, Any]) -> bool:
    query = {"HostedZoneId": record["zone_id"], "StartRecordName": record["name"], "StartRecordType": record["type"]}
    try:
        found = make_client("route53").list_resource_record_sets(**query, MaxItems="1")["ResourceRecordSets"]
    except (BotoCoreError, ClientError):
        return False
    return any(one["Name"].rstrip(".") == record["name"] and one["Type"] == record["type"] for one in found)


def refuse_another_second_region(state: str, second: str | None) -> None:
    """Raise `UserError` if a state has resources in a second region that the variables no longer name.

    `state` as `terraform state pull` prints it. Terraform would look for them in the provider's present region; in the
    first region it finds resources of the same names, and would destroy those instead.
    """
    resources = json.loads(state or "{}").get("resources") or []
    held = [one for one in resources if one["mode"] == "managed" and one.get("module", "").startswith(SECOND_REGION)]
    arns = [instance["attributes"].get("arn") for one in held for instance in one["instances"]]
    regions = {region for arn in arns if arn and (region := arn.split(":")[3])}
    if arns and (second is None or regions - {second}):
        was = " and ".join(sorted(regions)) or "a second region"
        raise UserError(
            f"this state holds what sends in {was}, and the Terraform variables say second_region = "
            f"{second or 'null'}: Terraform would look for it elsewhere and destroy what has its names there. Nothing "
            f"was changed. Say second_region = {was} again, take ses://{was} out of providers_in_order and apply; only "
            "then change second_region"
        )


def find_resumed(plan: Plan) -> list[str]:
    """Names of the paused functions that an apply would resume; `plan` as `terraform show -json` prints it."""
    return [
        change["change"]["before"]["function_name"]
        for change in plan.get("resource_changes", [])
        if change["type"] == "aws_lambda_function"
        and CONCURRENCY_TAG in _read_tags(change["change"]["before"])
        and CONCURRENCY_TAG not in _read_tags(change["change"]["after"])
    ]


def _read_tags(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (values or {}).get("tags") or {}
