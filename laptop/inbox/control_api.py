"""The simulator's own JSON API, for tests and for people with curl. See docs/simulators.md."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.ses.api import Ses
from laptop.ses.faults import BadFault, SendFault
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent

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


class ControlApi:
    """The endpoints, over one simulated account."""

    def __init__(self, ses: Ses) -> None:
        self._ses = ses

    def routes(self) -> list[Route]:
        """What to mount."""
        return [
            Route("/messages", self._list, methods=["GET"]),
            Route("/messages", self._empty, methods=["DELETE"]),
            Route("/messages/{id}", self._one, methods=["GET"]),
            Route("/messages/{id}/text", self._text, methods=["GET"]),
            Route("/messages/{id}/raw", self._raw, methods=["GET"]),
            Route("/messages/{id}/events", self._event, methods=["POST"]),
            Route("/faults", self._list_faults, methods=["GET"]),
            Route("/faults", self._arm, methods=["POST"]),
            Route("/faults", self._disarm, methods=["DELETE"]),
            Route("/limits", self._get_limits, methods=["GET"]),
            Route("/limits", self._set_limits, methods=["PUT"]),
        ]

    async def _list(self, request: Request) -> Response:
        tags = dict(tag.split(":", 1) for tag in request.query_params.getlist("tag") if ":" in tag)
        mails = self._ses.mailbox.find(request.query_params.get("to"), tags)
        return JSONResponse([mail.as_json() for mail in mails])

    async def _empty(self, _request: Request) -> Response:
        return JSONResponse({"deleted": self._ses.mailbox.empty()})

    async def _one(self, request: Request) -> Response:
        return JSONResponse(find_mail(self._ses, request).as_json())

    async def _text(self, request: Request) -> Response:
        return _plain(find_mail(self._ses, request).text or "")

    async def _raw(self, request: Request) -> Response:
        return _plain(find_mail(self._ses, request).raw)

    async def _event(self, request: Request) -> Response:
        mail, given = find_mail(self._ses, request), await _object(request)
        key = EVENT_KEYS.get(str(given.get("type")))
        if key is None:
            raise BadFault(f"type must be one of {', '.join(EVENT_KEYS)}")
        details = given.get("details", {})
        if not isinstance(details, dict):
            raise BadFault("details must be an object")
        self._ses.feedback.schedule(mail, SendingEvent(str(given["type"]), key, 0, details), 0)
        return JSONResponse({"scheduled": given["type"]}, 202)

    async def _list_faults(self, _request: Request) -> Response:
        return JSONResponse([fault.as_json() for fault in self._ses.faults.list_armed()])

    async def _arm(self, request: Request) -> Response:
        fault = SendFault.from_json(await _object(request))
        self._ses.faults.arm(fault)
        return JSONResponse(fault.as_json(), 201)

    async def _disarm(self, _request: Request) -> Response:
        return JSONResponse({"deleted": self._ses.faults.disarm()})

    async def _get_limits(self, _request: Request) -> Response:
        limits = self._ses.limits
        return JSONResponse({"per_second": limits.per_second, "per_day": limits.per_day})

    async def _set_limits(self, request: Request) -> Response:
        given = await _object(request)
        for name, value in given.items():
            if name not in ("per_second", "per_day") or not isinstance(value, int) or value < 0:
                raise BadFault("limits are per_second and per_day, whole numbers")
            setattr(self._ses.limits, name, value)
        return await self._get_limits(request)


def find_mail(ses: Ses, request: Request) -> Mail:
    """The mail that a path names; raise `LookupError` if there is none."""
    mail = ses.mailbox.get(request.path_params["id"])
    if mail is None:
        raise LookupError(f"no mail {request.path_params['id']}")
    return mail


async def _object(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.body())
    except ValueError:
        raise BadFault("the body is not JSON") from None
    if not isinstance(given, dict):
        raise BadFault("the body is not a JSON object")
    return given


def _plain(content: str | bytes) -> Response:
    return Response(content, media_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})
