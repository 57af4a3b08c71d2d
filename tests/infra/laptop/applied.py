"""What an apply has made, and how tests look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from herald.terraform.runner import Terraform
from laptop.clients import LaptopClients
from tests.waiting import LIMIT

__all__ = ["Applied"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The configuration, the cloud it was applied to, its outputs; how many resources, in how many seconds."""

    terraform: Terraform
    clients: LaptopClients
    endpoints: Mapping[str, str]
    outputs: Mapping[str, Any]
    count: int
    seconds: float

    def web(self, token: str) -> httpx.Client:
        """The HTTP API that Terraform made, as a signed-in person uses it; its host name stands in a header."""
        host = httpx.URL(self.outputs["webapp"]["api_endpoint"]).host
        port = httpx.URL(self.endpoints["aws"]).port
        headers = {"Host": f"{host}:{port}", "Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.endpoints["aws"], headers=headers, trust_env=False, timeout=LIMIT)

    def changes(self) -> dict[str, dict[str, Any]]:
        """What a new plan would change, by address: each resource's values before and after."""
        self.terraform.read("plan", "-input=false", "-no-color", "-out=again.tfplan", "-var-file=test.tfvars.json")
        plan = self.terraform.json("show", "-json", "again.tfplan")
        return {
            change["address"]: change["change"]
            for change in plan.get("resource_changes", [])
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }
