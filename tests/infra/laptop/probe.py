"""A function that runs in one of Herald's roles and makes the calls that it is told to: IAM, tried for real."""

from __future__ import annotations

import inspect
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from laptop.clients import LaptopClients

__all__ = ["Call", "outcomes"]

#: Service, operation, arguments.
Call = tuple[str, str, Mapping[str, Any]]

REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}


def handler(event: dict[str, Any], _context: object) -> list[str]:
    """Runs inside Lambda: `refused`, or `allowed` even if the call failed for a reason of its own."""
    import boto3
    from botocore.exceptions import ClientError

    found = []
    for service, operation, arguments, plain in event["calls"]:
        client = boto3.client(service)
        if plain:
            client.meta.events.register(
                "before-send", lambda request, **_: request.headers.__setitem__("X-Forwarded-Proto", "http")
            )
        try:
            getattr(client, operation)(**arguments)
            found.append("allowed")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            found.append("refused" if code in event["refused"] else f"allowed ({code})")
    return found


def outcomes(clients: LaptopClients, role: str, calls: Sequence[Call], plain: bool = False) -> list[str]:
    """What becomes of each call in this role; `plain` pretends that the requests did not come by TLS."""
    name = f"probe-{role}"
    functions = clients.functions
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::000000000000:role/{role}",
        Handler="probe.handler",
        Code={"ZipFile": _package()},
        Timeout=60,
    )
    try:
        event = {"calls": [[*call, plain] for call in calls], "refused": sorted(REFUSED)}
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
        found: list[str] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, found
        return found
    finally:
        functions.delete_function(FunctionName=name)


def _package() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("probe.py", f"from __future__ import annotations\n{inspect.getsource(handler)}")
    return content.getvalue()
