"""The console on the inbox page: its buttons, and the histories of the last events, updated live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from laptop.clients import LaptopClients
from laptop.console.actions import ConsoleActions
from laptop.console.event_history import EventHistory, build_histories, count_totals
from laptop.console.release import Comparer, describe_release
from laptop.console.scenarios import FOLLOW_UP_SCENARIOS, NEW_EVENT_SCENARIOS
from laptop.resources import PREFIX
from laptop.ses.api import Ses
from webapp.timeline.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from laptop.codedeploy.api import CodeDeployApi
    from laptop.ses.http_server import SesServer

__all__ = ["Console"]


class Console:
    """Watches and acts on one laptop cloud.

    `aws` is the URL of the emulator; `wire` is the HTTP server of its SES simulator.
    """

    def __init__(self, ses: Ses, codedeploy: CodeDeployApi, aws: str, wire: SesServer) -> None:
        host, port = wire.server_address[:2]
        self._clients = LaptopClients({"aws": aws, "ses": f"http://{host!s}:{port}"})
        self._wire = wire
        self._emulator = httpx.Client(base_url=aws, trust_env=False, timeout=300)
        self._mailbox = ses.mailbox
        self._codedeploy = codedeploy
        self._comparer = Comparer(self._clients)
        self._actions = ConsoleActions(self._clients, ses.faults)

    def routes(self, page: Callable[..., Response]) -> list[Route]:
        """Return the routes to mount; `page` renders a template."""

        def show_stories(_request: Request) -> Response:
            return page("stories.html", None, **self.context())

        return [
            Route("/stories", show_stories),
            Route("/stories.json", self._show_json),
            Route("/play/{name}", self._handle_button, methods=["POST"]),
        ]

    def context(self) -> dict[str, Any]:
        """Return the template context.

        It has the buttons, event histories, totals, number of dead letters, the current or last release, and whether
        SES is down.
        """
        try:
            deliveries, letters = self._ask_emulator("deliveries"), self._actions.letters()
            stories = self._list_histories(deliveries)
            release = describe_release(self._clients.functions, self._codedeploy, self._comparer)
        except (BotoCoreError, ClientError, httpx.HTTPError):
            deliveries, stories, letters, release = (
                [],
                [],
                0,
                None,
            )  # the cloud is still starting, or nothing is provisioned in it
        return {
            "fresh": NEW_EVENT_SCENARIOS,
            "again": FOLLOW_UP_SCENARIOS,
            "stories": stories,
            "totals": count_totals(deliveries, self._mailbox),
            "letters": letters,
            "release": release,
            "down": self._wire.is_down,
        }

    def _handle_button(self, request: Request) -> Response:
        """Carry out the action of a button and redirect to the event concerned."""
        try:
            event_id = self._perform(request.path_params["name"], request.query_params.get("event", ""))
        except (BotoCoreError, ClientError, httpx.HTTPError) as problem:
            return PlainTextResponse(f"The laptop cloud does not do it: {problem}", 502)
        return RedirectResponse(f"/#{event_id}", status_code=303)

    def _show_json(self, _request: Request) -> Response:
        try:
            return JSONResponse([story.as_json() for story in self._list_histories(self._ask_emulator("deliveries"))])
        except (BotoCoreError, ClientError, httpx.HTTPError) as problem:
            return PlainTextResponse(f"The laptop cloud does not tell it: {problem}", 502)

    def _perform(self, name: str, event_id: str) -> str:
        """Carry out an action and return the id of the event concerned: the latest event if `event_id` is empty.

        Raises `LookupError` if there is no such button, or no such event.
        """
        for scenario in NEW_EVENT_SCENARIOS:
            if scenario.name == name:
                return self._actions.publish(scenario)
        acts: dict[str, Callable[[], object]] = {
            "redrive": self._actions.redrive,
            "ses-down": self._wire.take_down,
            "ses-back": self._wire.bring_up,
        }
        if name in acts:
            acts[name]()
            return event_id
        label = next((scenario.label for scenario in FOLLOW_UP_SCENARIOS if scenario.name == name), None)
        if label is None:
            raise LookupError(f"no button says {name}")
        story = next(
            (one for one in self._list_histories(self._ask_emulator("deliveries")) if event_id in ("", one.event_id)),
            None,
        )
        if story is None:
            raise LookupError("there is no event yet: publish one first")
        self._actions.follow_up(name, dict(story.delivery), story.event_id, label)
        return story.event_id

    def _list_histories(self, deliveries: list[Mapping[str, Any]]) -> list[EventHistory]:
        ledger = LedgerReader(self._clients.dynamodb, f"{PREFIX}-ledger")
        return build_histories(
            deliveries, self._ask_emulator("invocations"), self._mailbox, ledger, self._actions.labels
        )

    def _ask_emulator(self, what: str) -> list[Mapping[str, Any]]:
        answer = self._emulator.get(f"/_herald/{what}")
        answer.raise_for_status()
        found: list[Mapping[str, Any]] = answer.json()
        return found
