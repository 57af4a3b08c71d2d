"""The simulator's own JSON API, for tests and for people with curl. See docs/simulators.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.ses.account import SendingLimits
from laptop.ses.api import Ses
from laptop.ses.faults import ArmedFaults, BadFault, SendFault
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent

if TYPE_CHECKING:
    from laptop.providers.webhook_sender import WebhookSender

__all__ = ["ControlApi", "find_mail"]

#: Every event type that SES publishes for a sent mail, and the key of its details.
EVENT_KEYS = {
    "Send": "send",
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "DeliveryDelay": "deliveryDelay",
    "Rendering Failure": "failure",
}
#: The settings of an account that can be changed, with their types. If `production` is false, it is in the sandbox.
LIMITS: dict[str, type] = {"per_second": int, "per_day": int, "production": bool}


class ControlApi:
    """The endpoints for one simulated SES account.

    `faults` are the armed faults and `senders` the webhook senders, by provider. In SES, each region has its own
    faults and limits.
    """

    def __init__(self, ses: Ses, faults: Mapping[str, ArmedFaults], senders: Mapping[str, WebhookSender]) -> None:
        self._ses = ses
        self._faults = faults
        self._senders = senders

    def routes(self) -> list[Route]:
        """Return the routes to mount."""
        return [
            Route("/messages", self._list, methods=["GET"]),
            Route("/messages", self._delete_mails, methods=["DELETE"]),
            Route("/messages/{id}", self._get_mail, methods=["GET"]),
            Route("/messages/{id}/text", self._get_text, methods=["GET"]),
            Route("/messages/{id}/raw", self._get_raw, methods=["GET"]),
            Route("/messages/{id}/attachments/{number:int}", self._get_attachment, methods=["GET"]),
            Route("/messages/{id}/events", self._event, methods=["POST"]),
            Route("/faults", self._list_faults, methods=["GET"]),
            Route("/faults", self._arm, methods=["POST"]),
            Route("/faults", self._disarm, methods=["DELETE"]),
            Route("/limits", self._get_limits, methods=["GET"]),
            Route("/limits", self._set_limits, methods=["PUT"]),
            Route("/webhooks", self._list_webhooks, methods=["GET"]),
            Route("/webhooks/{provider}", self._register, methods=["PUT"]),
        ]

    async def _list(self, request: Request) -> Response:
        tags = dict(tag.split(":", 1) for tag in request.query_params.getlist("tag") if ":" in tag)
        mails = self._ses.mailbox.find(request.query_params.get("to"), tags)
        return JSONResponse([mail.as_json() for mail in mails])

    async def _delete_mails(self, _request: Request) -> Response:
        return JSONResponse({"deleted": self._ses.mailbox.empty()})

    async def _get_mail(self, request: Request) -> Response:
        return JSONResponse(find_mail(self._ses, request).as_json())

    async def _get_text(self, request: Request) -> Response:
        return _serve_plain(find_mail(self._ses, request).text or "")

    async def _get_raw(self, request: Request) -> Response:
        return _serve_plain(find_mail(self._ses, request).raw)

    async def _get_attachment(self, request: Request) -> Response:
        """Return an attachment as a download: it must not be displayed, because it may be anything."""
        files, number = find_mail(self._ses, request).files, request.path_params["number"]
        if number >= len(files):
            raise LookupError(f"the mail has {len(files)} attachments, counted from 0")
        name, type_, content = files[number]
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
        headers |= {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return Response(content, media_type=type_, headers=headers)

    async def _event(self, request: Request) -> Response:
        mail, given = find_mail(self._ses, request), await _read_object(request)
        key = EVENT_KEYS.get(str(given.get("type")))
        if key is None:
            raise BadFault(f"type must be one of {', '.join(EVENT_KEYS)}")
        details = given.get("details", {})
        if not isinstance(details, dict):
            raise BadFault("details must be an object")
        reporter = self._senders.get(mail.configuration_set or "") or self._ses.in_region(mail.region).feedback
        reporter.schedule(mail, SendingEvent(str(given["type"]), key, 0, details), 0)
        return JSONResponse({"scheduled": given["type"]}, 202)

    async def _list_faults(self, _request: Request) -> Response:
        armed = ((name, fault) for name, faults in self._collect_faults() for fault in faults.list_armed())
        return JSONResponse([{**fault.as_json(), "provider": name} for name, fault in armed])

    async def _arm(self, request: Request) -> Response:
        given = await _read_object(request)
        name = str(given.pop("provider", "ses"))
        fault = SendFault.from_json(given)
        self._find_faults(name).arm(fault)
        return JSONResponse({**fault.as_json(), "provider": name}, 201)

    async def _disarm(self, _request: Request) -> Response:
        return JSONResponse({"deleted": sum(faults.disarm() for _, faults in self._collect_faults())})

    def _find_faults(self, provider: str) -> ArmedFaults:
        if provider.startswith("ses://"):
            return self._ses.in_region(provider.removeprefix("ses://")).faults
        if provider != "ses" and provider not in self._faults:
            raise BadFault(f"provider must be one of ses, ses://REGION, {', '.join(self._faults)}")
        return self._faults.get(provider, self._ses.faults)

    def _collect_faults(self) -> list[tuple[str, ArmedFaults]]:
        first, *others = self._ses.regions
        return [("ses", first.faults), *((f"ses://{one.region}", one.faults) for one in others), *self._faults.items()]

    async def _list_webhooks(self, _request: Request) -> Response:
        return JSONResponse({name: list(sender.posted) for name, sender in self._senders.items()})

    async def _register(self, request: Request) -> Response:
        """Set the URL of a provider's webhook, as a customer does in its settings."""
        sender = self._senders.get(request.path_params["provider"])
        if sender is None:
            raise LookupError(f"no provider {request.path_params['provider']}")
        sender.url = str((await _read_object(request)).get("url"))
        return JSONResponse({"url": sender.url})

    def _find_limits(self, request: Request) -> SendingLimits:
        return self._ses.in_region(request.query_params.get("region", self._ses.region)).limits

    async def _get_limits(self, request: Request) -> Response:
        limits = self._find_limits(request)
        return JSONResponse({name: getattr(limits, name) for name in LIMITS})

    async def _set_limits(self, request: Request) -> Response:
        given = await _read_object(request)
        for name, value in given.items():
            if LIMITS.get(name) is not value.__class__ or (isinstance(value, int) and value < 0):
                raise BadFault("limits are per_second and per_day, whole numbers, and production, true or false")
            setattr(self._find_limits(request), name, value)
        return await self._get_limits(request)


def find_mail(ses: Ses, request: Request) -> Mail:
    """Return the mail named in the path; raise `LookupError` if there is none."""
    mail = ses.mailbox.get(request.path_params["id"])
    if mail is None:
        raise LookupError(f"no mail {request.path_params['id']}")
    return mail


async def _read_object(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.body())
    except ValueError:
        raise BadFault("the body is not JSON") from None
    if not isinstance(given, dict):
        raise BadFault("the body is not a JSON object")
    return given


def _serve_plain(content: str | bytes) -> Response:
    return Response(content, media_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})
